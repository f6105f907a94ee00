"""How much memory a process has had. Needs Linux: it is read from /proc."""

from pathlib import Path


def peak_mb(process_id: int) -> float:
    """The most that was resident at any time (VmHWM); 1 MB is 1,048,576 bytes, as Lambda counts."""
    status = Path(f"/proc/{process_id}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024
