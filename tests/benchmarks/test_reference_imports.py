from pathlib import Path
from textwrap import dedent

from benchmarks.reference_imports import Imports, library_imports, write_reference


def test_what_is_imported_at_init_is_found() -> None:
    source = """
        import json
        import boto3
        from typing import TYPE_CHECKING
        from aws_lambda_powertools.utilities.parameters import SecretsProvider
        from contact_deletion.errors import Deferred
        import requests.adapters

        if TYPE_CHECKING:
            from mypy_boto3_sqs import SQSClient
            from requests import Session

        def later():
            from aws_lambda_powertools import Tracer
    """

    assert library_imports(dedent(source)) == {
        "import boto3",
        "from aws_lambda_powertools.utilities.parameters import SecretsProvider",
        "import requests.adapters",
    }


def test_the_reference_does_nothing_but_import(tmp_path: Path) -> None:
    write_reference(Imports((), frozenset({"import json", "from decimal import Decimal"})), tmp_path)

    (file,) = tmp_path.iterdir()
    assert file.read_text().splitlines()[:2] == ["from decimal import Decimal", "import json"]
    assert library_imports(file.read_text()) == set()
    compile(file.read_text(), file.name, "exec")
