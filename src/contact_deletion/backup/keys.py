"""Where a backup lies in its bucket."""


def part_key(folder: str, part: int) -> str:
    return f"backups/{folder}/part-{part:05d}.csv.gz"


def contact_ids_key(folder: str, part: int) -> str:
    """The distinct IDs of the part's contacts, as the check merges them."""
    return f"backups/{folder}/contact-ids/{part:05d}"


def manifest_key(folder: str) -> str:
    return f"backups/{folder}/manifest.json"
