"""The variables that `sam local` gives the functions in its containers, so that they use the local stack."""

from pathlib import Path

from local.ports import AWS_PORT, SENDGRID_PORT

FILE = Path(__file__).parents[1] / "sam-local-env.json"


def environment_file(aws_port: int, sendgrid_port: int, directory: Path) -> Path:
    """The file for these ports: the one that samconfig.toml names if they are the defaults, else one in `directory`."""
    if (aws_port, sendgrid_port) == (AWS_PORT, SENDGRID_PORT):
        return FILE
    changed = directory / FILE.name
    # In one pass: one of the new ports may be the other's default.
    defaults = FILE.read_text().split(f":{AWS_PORT}")
    changed.write_text(
        f":{aws_port}".join(part.replace(f":{SENDGRID_PORT}", f":{sendgrid_port}") for part in defaults)
    )
    return changed
