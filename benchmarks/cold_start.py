"""What the init of each function takes, beside that of a file that only imports the same libraries.

What is compared starts at once and shares one core, where it takes turns every few milliseconds: whatever slows that
core down slows all alike. Next to that, runs one after the other differ by more than the target's margin.

Needs Linux (see `function_process`).
"""

import os
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks import reference_imports
from benchmarks.finding import Figure, Finding, Target
from benchmarks.function_process import function_process
from benchmarks.functions import BuiltFunction, built, built_functions
from benchmarks.reference_imports import Imports, imports_of, write_reference

RUNS = 3

_REMARK = "CPU time of processes that share a core, so that what slows it down slows all alike"

# One or two functions that import the same of libraries.
Pair = Sequence[BuiltFunction]


@dataclass(frozen=True)
class ColdStart:
    """CPU seconds of one function's runs, each with those of the reference that ran beside it.

    `wall_seconds` are of a run alone; all are until the runtime client requests the first event.
    """

    function: str
    imports: Imports
    wall_seconds: float
    ours: list[float] = field(default_factory=list)
    reference: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> Figure:
        return Figure.ratio(self.ours, self.reference)


@dataclass(frozen=True)
class ColdStarts:
    findings: list[Finding]
    functions: list[ColdStart]


def measure() -> ColdStarts:
    functions = built_functions()
    imports = {function.name: imports_of(function) for function in functions}
    found = {each.name: ColdStart(each.name, imports[each.name], _wall_seconds(each)) for each in functions}
    for _ in range(RUNS):
        for pair in pairs(functions, imports):
            reference, *ours = _side_by_side(pair, imports[pair[0].name])
            for function, seconds in zip(pair, ours, strict=True):
                found[function.name].ours.append(seconds)
                found[function.name].reference.append(reference)
    cold_starts = [found[name] for name in sorted(found)]
    return ColdStarts([_finding(cold_starts), *_of_bytecode()], cold_starts)


def pairs(functions: Iterable[BuiltFunction], imports: Mapping[str, Imports]) -> list[Pair]:
    alike: defaultdict[frozenset[str], list[BuiltFunction]] = defaultdict(list)
    for function in functions:
        alike[imports[function.name].statements].append(function)
    return [group[start : start + 2] for group in alike.values() for start in range(0, len(group), 2)]


def _wall_seconds(function: BuiltFunction) -> float:
    with function_process(function.handler, [function.artifact], {}) as process:
        return process.init_seconds


def _side_by_side(pair: Pair, imports: Imports) -> list[float]:
    """CPU seconds of the reference, and of the functions."""
    with TemporaryDirectory() as temporary, ThreadPoolExecutor() as pool:
        alone = Path(temporary)
        write_reference(imports, alone)
        reference = pool.submit(_init, reference_imports.HANDLER, [alone, pair[0].artifact])
        ours = [pool.submit(_init, function.handler, [function.artifact]) for function in pair]
        return [reference.result(), *(run.result() for run in ours)]


def _of_bytecode() -> list[Finding]:
    """Nothing where the build has no bytecode for this Python."""
    function = built("RemoveIdentifierFunction")
    if not any(function.artifact.rglob(f"*.{sys.implementation.cache_tag}.pyc")):
        return []
    with TemporaryDirectory() as temporary, ThreadPoolExecutor() as pool:
        sources = Path(temporary) / "artifact"
        shutil.copytree(function.artifact, sources, ignore=shutil.ignore_patterns("__pycache__"))
        runs = [
            [pool.submit(_init, function.handler, [path]) for path in (function.artifact, sources)]
            for _ in range(RUNS)
        ]
        ours, without = zip(*([run.result() for run in pair] for pair in runs), strict=True)
    return [
        Finding(
            what="cold start",
            work=f"init of {function.name}, fresh process, with bytecode",
            ours=milliseconds(ours),
            others=f"without bytecode {milliseconds(without)}",
            measured=Figure.ratio(ours, without),
            target=Target("≤", 0.8, "× that without"),
            remark=_REMARK,
        )
    ]


def _init(handler: str, path: list[Path]) -> float:
    """CPU seconds, on a core that all share."""
    with function_process(handler, path, {}, core=max(os.sched_getaffinity(0))) as process:
        return process.init_cpu_seconds


def _finding(functions: Sequence[ColdStart]) -> Finding:
    worst = max(functions, key=lambda function: function.ratio.median)
    target = Target("≤", 1.15, "× the imports alone")
    within = sum(target.met(function.ratio.median) for function in functions)
    return Finding(
        what="cold start",
        work="init of each function, fresh process, under the runtime client; the worst of them",
        ours=f"{worst.function} {milliseconds(worst.ours)}",
        others=f"imports alone {milliseconds(worst.reference)}",
        measured=worst.ratio,
        target=target,
        remark=f"{_REMARK}; {within} of {len(functions)} functions are within the target",
    )


def milliseconds(seconds: Iterable[float]) -> str:
    """The median."""
    return f"{1000 * median(seconds):.0f} ms"
