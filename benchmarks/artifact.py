"""How large what Lambda unpacks at a cold start is."""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.finding import Figure, Finding, Target
from benchmarks.functions import BuiltFunction, built_functions

MEGABYTE = 1_000_000


def findings() -> list[Finding]:
    """Without bytecode, as every machine builds it, and with that of the runtime's Python, if the build has it."""
    functions = built_functions()
    contents = [_files(function) for function in functions]
    sources = [
        {name: content for name, content in files.items() if not name.endswith(".pyc")} for files in contents
    ]
    found = [_finding("without bytecode", sources, Target("≤", 1.6, "MB"))]
    if sources != contents:
        found.append(_finding("with bytecode", contents, Target("≤", 3, "MB")))
    return found


def _finding(what: str, contents: Sequence[dict[str, bytes]], target: Target) -> Finding:
    different = {frozenset(files.items()) for files in contents}
    size = max(len(zipped(dict(files))) for files in different) / MEGABYTE
    same = "the same for all" if len(different) == 1 else f"{len(different)} different ones among the"
    return Finding(
        what="artifact",
        work=f"zipped, as `sam build` makes it, {what}",
        ours=f"{size:.2f} MB, {same} {len(contents)} functions",
        others="",
        measured=Figure.of(size),
        target=target,
        remark="1 MB is 1,000,000 bytes; deflated at zlib's usual level",
    )


def zipped(files: dict[str, bytes]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in sorted(files.items()):
            target.writestr(name, content)
    return archive.getvalue()


def _files(function: BuiltFunction) -> dict[str, bytes]:
    """Content by path in the artifact."""
    paths: list[Path] = [path for path in function.artifact.rglob("*") if path.is_file()]
    return {str(path.relative_to(function.artifact)): path.read_bytes() for path in paths}
