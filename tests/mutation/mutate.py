"""Makes and tests the mutants of a copy of the project, the working directory, with mutmut.

What became of each goes to mutants.json.
"""

import json
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import libcst as cst
from mutmut.__main__ import _run
from mutmut.mutation import mutators
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import walk_mutatable_files
from mutmut.utils.format_utils import orig_function_and_class_names_from_key

PROCESSES = 2

# It guards against mistakes of ours that no test can make: the lengths are always the same.
STRICT = re.compile(r", (?:strict=\w+)?\)")


def strings(node: cst.BaseString) -> Iterable[cst.BaseString]:
    """Names, keys and the like. A text with spaces is for people, and a test that repeats it would only copy it."""
    if not (isinstance(node, cst.SimpleString) and " " in node.value):
        yield from islice(mutators.operator_string(node), 1)


def conditions(node: cst.If | cst.CompIf) -> Iterable[cst.CSTNode]:
    """The contrary. Of mutmut's own mutants only those of a comparison come near it."""
    test = node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    yield node.with_changes(test=cst.UnaryOperation(cst.Not(), test))


def statements(node: cst.SimpleStatementLine) -> Iterable[cst.CSTNode]:
    """Nothing, in place of what is done for its effect."""
    match node.body:
        case [cst.Expr(value=cst.Call()) | cst.Raise() | cst.AugAssign()]:
            yield node.with_changes(body=[cst.Pass()])
        case [cst.Assign(targets=[cst.AssignTarget(target=cst.Attribute() | cst.Subscript())])]:
            yield node.with_changes(body=[cst.Pass()])


def change(mutant: str, path: Path) -> tuple[str, str]:
    """The lines that the mutant has others for, and these."""
    diff = get_diff_for_mutant(mutant, path=path).splitlines()[2:]
    was, becomes = (
        " ".join(line[1:].strip() for line in diff if line.startswith(sign)) for sign in ("-", "+")
    )
    return was, becomes


def results() -> Iterator[dict[str, str]]:
    for path in walk_mutatable_files():
        tested = SourceFileMutationData(path=path)
        tested.load()
        for mutant, exit_code in tested.exit_code_by_key.items():
            function, class_name = orig_function_and_class_names_from_key(mutant)
            was, becomes = change(mutant, path)
            if STRICT.sub(")", was) == STRICT.sub(")", becomes):
                continue
            yield {
                "module": str(path.relative_to("src/contact_deletion")),
                "function": f"{class_name}.{function}" if class_name else function,
                "was": was,
                "becomes": becomes,
                "status": status_by_exit_code[exit_code],
            }


if __name__ == "__main__":
    own = [(cst.BaseString, strings), (cst.SimpleStatementLine, statements)]
    own += [(condition, conditions) for condition in (cst.If, cst.CompIf)]
    theirs = [
        (kind, operator)
        for kind, operator in mutators.mutation_operators
        if operator is not mutators.operator_string
    ]
    mutators.mutation_operators[:] = theirs + own
    _run((), PROCESSES)
    Path("mutants.json").write_text(json.dumps(list(results())))
