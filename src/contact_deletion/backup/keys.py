"""Where a backup lies in its bucket."""


def part_key(folder: str, part: int) -> str:
    return f"backups/{folder}/part-{part:05d}.csv.gz"


def manifest_key(folder: str) -> str:
    return f"backups/{folder}/manifest.json"
