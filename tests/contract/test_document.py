import yaml
from openapi_spec_validator import validate

from tests.contract.checker import CONTRACT


def test_the_contract_is_a_valid_openapi_document() -> None:
    document = yaml.safe_load(CONTRACT.read_text())
    validate(document)
    assert document["openapi"].startswith("3.1")
