"""What the double's tests share."""

from typing import Any

import requests

from local.sendgrid_double import Account

CONTACTS = "/v3/marketing/contacts"
API_KEY = "SG.example"
# When the tests take place; some name the times that follow from it.
NOW = 1_800_000_000.0


class ApiSession(requests.Session):
    """Speaks to one base URL with a key and the right Accept header; its methods take paths."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self._base_url = base_url
        self.trust_env = False
        self.headers.update({"Authorization": f"Bearer {API_KEY}", "Accept": "application/json"})

    def request(self, method: Any, url: Any, *args: Any, **options: Any) -> requests.Response:
        options = {"timeout": 30, "allow_redirects": False} | options
        return super().request(method, self._base_url + url, *args, **options)

    def job(self, job_id: str) -> dict[str, Any]:
        """A job's status as the API shows it."""
        status: dict[str, Any] = self.get(f"{CONTACTS}/imports/{job_id}").json()
        return status


def message_of(response: requests.Response) -> str:
    """The first message of an errors body."""
    return str(response.json()["errors"][0]["message"])


def refusal(response: requests.Response) -> tuple[int, str | None]:
    """The status and the field of an errors body."""
    return response.status_code, response.json()["errors"][0]["field"]


def add_contacts(account: Account, number: int) -> list[str]:
    return [account.add_contact(external_id=str(index)) for index in range(number)]
