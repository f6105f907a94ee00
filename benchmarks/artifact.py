"""How large what Lambda unpacks at a cold start is."""

import io
import zipfile
from pathlib import Path

from benchmarks.finding import Figure, Finding, Target
from benchmarks.functions import BuiltFunction, built_functions

MEGABYTE = 1_000_000


def findings() -> list[Finding]:
    functions = built_functions()
    contents = {frozenset(_files(function).items()) for function in functions}
    sizes = [len(zipped(dict(files))) / MEGABYTE for files in contents]
    same = "the same for all" if len(contents) == 1 else f"{len(contents)} different ones among the"
    return [
        Finding(
            what="artifact",
            work="zipped, as `sam build` makes it",
            ours=f"{max(sizes):.2f} MB, {same} {len(functions)} functions",
            others="",
            measured=Figure.of(max(sizes)),
            target=Target("≤", 3, "MB"),
            remark="1 MB is 1,000,000 bytes; deflated at zlib's usual level",
        )
    ]


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
