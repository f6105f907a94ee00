"""What the double does not implement never looks like a word of SendGrid's."""

import re
import uuid

import pytest

from local.sendgrid_double import SendGridDouble
from local.sendgrid_double.api import api as sendgrid_api
from tests.sendgrid_double.support import CONTACTS, ApiSession, message_of

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
RULES = list(sendgrid_api().url_map.iter_rules())
PATHS = sorted({rule.rule for rule in RULES})


def implemented(path: str) -> set[str]:
    return {method for rule in RULES if rule.rule == path for method in rule.methods or ()}


@pytest.mark.parametrize(
    ("method", "path"),
    [(method, path) for path in PATHS for method in sorted(METHODS - implemented(path))],
)
def test_method_that_a_path_lacks_is_not_implemented(api: ApiSession, method: str, path: str) -> None:
    response = api.request(method, re.sub("<[^>]+>", str(uuid.uuid4()), path))
    assert (response.status_code, "does not implement" in message_of(response)) == (501, True)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v3/mail/send",
        "/v3/marketing/lists",
        f"{CONTACTS}/",
        f"{CONTACTS}/count/",
        f"{CONTACTS}/no/such/endpoint",
        "/v3//marketing/contacts",
    ],
)
def test_unknown_path_is_not_implemented(api: ApiSession, path: str) -> None:
    response = api.get(path)
    assert response.status_code == 501
    assert f"does not implement GET {path}; docs/double.md" in message_of(response)


def test_missing_endpoint_is_reported_before_a_missing_key(double: SendGridDouble, api: ApiSession) -> None:
    double.forbidden = True
    response = api.post("/v3/mail/send", headers={"Authorization": None, "Accept": None})
    assert response.status_code == 501


def test_path_that_begins_like_an_endpoint_is_a_contact_that_is_not_found(api: ApiSession) -> None:
    assert api.get(f"{CONTACTS}/batches").status_code == 404
