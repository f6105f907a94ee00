"""SendGrid behind a session of `requests`: the account of the double, and an unreliable HTTP."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
import urllib3
from requests.adapters import BaseAdapter
from urllib3.exceptions import NewConnectionError

from local.sendgrid_double.account import Account, UnknownContact
from local.sendgrid_double.contacts import Contact
from local.sendgrid_double.faults import FaultQueue
from local.sendgrid_double.jobs import Job
from local.sendgrid_double.rate_limit import RateLimit, RateLimiter
from local.sendgrid_double.settings import Settings
from local.simulation.cases import Case
from local.simulation.secrets import Secrets
from local.simulation.wire import Invocation, Wire

_CONTACTS = "/v3/marketing/contacts"
_EDGE_PAGE = b"<html><head><title>Not Acceptable</title></head></html>"
_HTML = b"<html><head><title>502 Bad Gateway</title></head></html>"
_NONSENSE = ["soon", "", "-7", "1e999", "NaN", "99999999999999"]
_BAD_JOB_IDS: list[object] = [{}, ["a"], None, 17, "x" * 2000, "../imports", ""]

_DELETE_ALL_ERRORS = [500, 503, 520, 522, 524, 529]
_STRAY_STATUSES = [404, 406, 409]
_FIELDS = ("email", "phone_number_id", "external_id", "anonymous_id")

# For how long a client waits for the answer as a whole.
_READ_TIMEOUT_SECONDS = 25.0

# Is called for each DELETE that takes effect: in which invocation, of which kind, and what it names.
Deleted = Callable[[Invocation, str, Any], None]


class _Body:
    """An answer's raw body, in pieces that take their time; it may break off."""

    def __init__(self, pieces: list[bytes], wait: Callable[[], None], *, breaks_off: bool = False) -> None:
        self._pieces = pieces
        self._wait = wait
        self._breaks_off = breaks_off

    def read1(self, *_: Any, **__: Any) -> bytes:
        self._wait()
        if self._pieces:
            return self._pieces.pop(0)
        if self._breaks_off:
            raise urllib3.exceptions.ProtocolError("Connection broken: IncompleteRead")
        return b""

    def close(self) -> None:
        pass

    def release_conn(self) -> None:
        pass


class SendGrid(BaseAdapter):
    """`down` answers everything with 503; `longest_url` is what the edge takes. `poison_ids` are refused and
    `failing_ids` are a 503 wherever they are to be deleted; `unreadable_ids` cannot be looked up. `identified` has the
    contacts that can be searched for, by their identifiers in lower case. A delete-all is about the `newcomers`, and so
    is the count: the contacts that other requests name would not outlive the first one.

    `faults` happen first, by their method, path and status. `cases` are what it does: `unknown_id_status` is the
    status for an ID that no contact has, `failing_jobs` are those whose status is always a 500. `delete_alls` has,
    by `request_id`, the contacts that there were when it took effect.
    """

    def __init__(self, wire: Wire, secrets: Secrets, limit: RateLimit | None, deleted: Deleted) -> None:
        super().__init__()
        self._wire = wire
        self._chance = wire.chance
        self._secrets = secrets
        self._deleted = deleted
        self._limiter = RateLimiter(wire.time, limit)
        self.api_key = secrets.api_key
        self.account = Account(wire.time, Settings(job_delay=lambda: self._chance.choice([5.0, 30.0, 400.0])))
        self.cases: frozenset[Case] = frozenset()
        self.unknown_id_status = 202
        self.faults = FaultQueue()
        self.poison_ids: set[str] = set()
        self.failing_ids: set[str] = set()
        self.newcomers: set[str] = set()
        self.unreadable_ids: set[str] = set()
        self.identified: dict[str, str] = {}
        self.identified_ids: set[str] = set()
        self.failing_jobs: set[str] = set()
        self.delete_alls: dict[str, frozenset[str]] = {}
        self.longest_url = 8_200
        self.down = False
        self.deletions = 0
        self.violations: list[str] = []
        self._headers: dict[str, str] = {}
        self._receives_until = 0.0
        self._named: list[str] = []

    def close(self) -> None:
        pass

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        url = urlsplit(request.url or "")
        if url.hostname != "api.sendgrid.com":
            self.violations.append(f"a call went to {url.hostname}")
        receives_until = self._wire.time() + _READ_TIMEOUT_SECONDS
        self._wire.departs(f"SendGrid {request.method} {_endpoint(url.path)}", 0.05)
        self._receives_until = receives_until
        self._named = []
        if self.down:
            return self._answer(request, 503, _errors("maintenance"))
        before = self._chance.one_fault(
            http_connection_refused=0.01, http_connect_timeout=0.005, http_reset_before=0.01
        )
        if before:
            self._fail(before, request)
        status, body = self._routed(request)
        self._wire.arrives(0.02)
        after = self._chance.one_fault(http_reset_after=0.01, http_read_timeout=0.01)
        if after:
            self._fail(after, request)
        return self._answer(request, status, body)

    def _fail(self, fault: str, request: requests.PreparedRequest) -> None:
        if fault == "http_connection_refused":
            reason = NewConnectionError(None, "refused")  # type: ignore[arg-type]
            raise requests.ConnectionError(
                urllib3.exceptions.MaxRetryError(None, "/", reason),  # type: ignore[arg-type]
                request=request,
            )
        if fault == "http_connect_timeout":
            self._wire.take(5)
            raise requests.ConnectTimeout(request=request)
        if fault == "http_read_timeout":
            self._wire.take(20)
            raise requests.ReadTimeout(request=request)
        raise requests.ConnectionError(
            urllib3.exceptions.ProtocolError("Connection aborted.", ConnectionResetError(104, "reset")),
            request=request,
        )

    def _routed(self, request: requests.PreparedRequest) -> tuple[int, object]:
        """Status and body: the API's, unless something in front of it answers."""
        if request.headers["Authorization"] != f"Bearer {self.api_key}":
            return 401, _errors("authorization required")
        allowance = self._limiter.take(f"{request.method} {_endpoint(request.path_url)}")
        self._headers = allowance.headers
        if allowance.exceeded:
            return 429, _errors("too many requests")
        if len(request.path_url) > self.longest_url:
            return 414, _HTML
        if self._happens(Case.EDGE_PAGE, 0.01):
            return 406, _EDGE_PAGE
        fault = self._chance.one_fault(
            http_500=0.01, http_503=0.01, http_403=0.003, http_429=0.01, http_302=0.003, http_408=0.003
        )
        if fault:
            # An error may quote what it is about.
            quoted = f"{self._secrets.email()} {self._secrets.phone()} x{self._secrets.external_id()}"
            return int(fault[-3:]), _errors(f"the contact {quoted} is busy")
        if self._chance.fault("http_502_html_before", 0.01):
            return 502, _HTML
        scripted = self.faults.take(request.method or "", request.path_url, str(request.body))
        if scripted and scripted.status and not scripted.takes_effect:
            return scripted.status, _HTML
        status, body = self._api(request)
        if scripted and scripted.status:
            return scripted.status, _HTML
        if self._chance.fault("http_502_html_after", 0.01):
            return 502, _HTML
        if status == 202 and self._chance.fault("unusable job id", 0.01):
            return 202, {"job_id": self._chance.choice(_BAD_JOB_IDS)}
        return status, body

    def _api(self, request: requests.PreparedRequest) -> tuple[int, object]:
        url = urlsplit(request.url or "")
        path, query = url.path.removeprefix(_CONTACTS), parse_qs(url.query)
        sent: Any = json.loads(request.body) if request.body else None
        if request.method == "DELETE":
            return self._delete(path, query, sent)
        if path == "/count":
            return 200, {"contact_count": self.contact_count()}
        if path == "/batch":
            return self._look_up(sent["ids"])
        if path.startswith("/search/"):
            return self._search(path, sent)
        if path.startswith("/imports/"):
            return self._job(path.rpartition("/")[2])
        contact = self.account.read_contact(path[1:])
        if contact is None:
            return 404, _errors("contact not found")
        return 200, self._shown(contact)

    def everything(self) -> frozenset[str]:
        """What a delete-all deletes."""
        return self.account.contact_ids() & self.newcomers

    def contact_count(self) -> int:
        return sum(1 for contact_id in self.newcomers if self.account.read_contact(contact_id))

    def _look_up(self, contact_ids: list[str]) -> tuple[int, object]:
        if not self.unreadable_ids.isdisjoint(contact_ids):
            return 400, _errors("invalid contact")
        contacts = map(self.account.read_contact, contact_ids)
        return 200, {"result": [self._shown(contact) for contact in contacts if contact]}

    def _search(self, path: str, sent: dict[str, list[str]]) -> tuple[int, object]:
        """Only search/emails finds alternate addresses."""
        field = path.rpartition("/")[2]
        values = sent["emails" if field == "emails" else "identifiers"]
        if "email" in field and any(value.endswith("@host") for value in values):
            return 400, _errors(f"invalid address {self._secrets.email()}")
        found: dict[str, object] = {}
        for value in values:
            contact = self.account.read_contact(self.identified.get(value.lower(), ""))
            own = contact is not None and getattr(contact, "email" if field == "emails" else field) == (
                value.lower() if "email" in field else value
            )
            if contact is not None and (own or field == "emails"):
                found[value.lower()] = {"contact": self._shown(contact)}
        if not found:
            return 404, _errors("no contacts found")
        missing = {value.lower(): {"error": "contact not found"} for value in values}
        return 200, {"result": missing | found}

    def _shown(self, contact: Contact) -> dict[str, object]:
        """The contact's body; the invocation cannot know better."""
        running = self._wire.running[-1]
        running.shown.add(contact.id)
        running.shown_identifiers.update((contact.id, field) for field in _FIELDS if getattr(contact, field))
        fields = {field: getattr(contact, field) for field in _FIELDS}
        return {"id": contact.id, "alternate_emails": list(contact.alternate_emails)} | fields

    def _happens(self, case: Case, probability: float) -> bool:
        return case in self.cases and self._chance.fault(case.value, probability)

    def _delete(self, path: str, query: dict[str, list[str]], sent: Any) -> tuple[int, object]:
        self.deletions += 1
        running = self._wire.running[-1]
        if self._chance.fault("job ends otherwise", 0.03):
            self.account.force_next_jobs(self._chance.choice(["errored", "failed", "pending", "completed"]))
        if path.endswith("/identifiers"):
            contact_id, kind, value = path.split("/")[1], sent["identifier_type"], sent["identifier_value"]
            self._deleted(running, "identifier", (contact_id, kind, value))
            try:
                return 202, {"job_id": self.account.remove_identifier(contact_id, kind, value).id}
            except UnknownContact:
                return 404, _errors("contact not found")
        if path or query.keys() not in ({"ids"}, {"delete_all_contacts"}):
            self.violations.append(f"a DELETE without a known meaning: {path}?{'&'.join(query)}")
            return 400, _errors("unknown")
        if query == {"delete_all_contacts": ["true"]}:
            self._deleted(running, "all", None)
            job = self.account.delete_contacts(sorted(self.everything()))
            if self._happens(Case.DELETE_ALL_ERROR, 0.1):
                return self._chance.choice(_DELETE_ALL_ERRORS), _errors("try again")
            return 202, {"job_id": job.id}
        named = query["ids"][0].split(",")
        if not self.poison_ids.isdisjoint(named):
            return 400, _errors(f"invalid contact {self._secrets.email()}")
        if not self.failing_ids.isdisjoint(named):
            return 503, _HTML
        if self.unknown_id_status != 202 and not self.account.has_all(named):
            return self.unknown_id_status, _errors("one or more contact IDs do not exist")
        self._deleted(running, "ids", named)
        self._named = named
        job = self.account.delete_contacts(named)
        if self._happens(Case.FAILING_JOB, 0.01):
            self.failing_jobs.add(job.id)
        return 202, {"job_id": job.id}

    def _job(self, job_id: str) -> tuple[int, object]:
        job = self.account.job(job_id)
        if job is None or self._is_forgotten(job) or self._chance.fault("job not known yet", 0.02):
            return 404, _errors("job not found")
        if job_id in self.failing_jobs:
            return 500, _errors("internal error")
        if job.status == "pending" and self._happens(Case.STRAY_STATUS, 0.02):
            return self._chance.choice(_STRAY_STATUSES), _errors("busy")
        results: dict[str, object] = {"requested_count": job.requested_count}
        if job.ran_at is not None:
            results |= {"deleted_count": job.deleted_count, "errored_count": job.errored_count}
        if job.errored_count:
            results["errors_url"] = f"https://elsewhere.example/{self._secrets.external_id()}"
        return 200, {"id": job.id, "status": job.status, "results": results}

    def _is_forgotten(self, job: Job) -> bool:
        lifetime = self.account.settings.job_lifetime_seconds
        return lifetime is not None and self._wire.time() - job.started_at >= lifetime

    def _answer(self, request: requests.PreparedRequest, status: int, body: object) -> requests.Response:
        response = requests.Response()
        response.request = request
        response.url = request.url or ""
        response.headers.update(self._headers)
        self._headers = {}
        if self._chance.fault("rate limit's headers nonsense", 0.3 if status == 429 else 0.01):
            reported = self._wire.time() + self._chance.uniform(1, 90)
            resets = [str(int(reported)), str(self._chance.randint(1, 90)), *_NONSENSE]
            response.headers["X-RateLimit-Reset"] = self._chance.choice(resets)
            response.headers["X-RateLimit-Remaining"] = self._chance.choice(["0", "3", "many", "-1"])
        if status == 302:
            response.headers["Location"] = "https://elsewhere.example/" + self._secrets.external_id()
        response.status_code = status
        response.raw = self._body(body)
        return response

    def _body(self, body: object) -> _Body:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        fault = self._chance.one_fault(truncated_body=0.01, slow_body=0.003, huge_body=0.003)
        if fault == "truncated_body":
            return _Body([content[: len(content) // 2]], lambda: None, breaks_off=True)
        if fault == "slow_body":
            return _Body([b" "] * 20, lambda: self._wire.take(4))
        if fault == "huge_body":
            return _Body([b" " * 65_536] * 300, lambda: None)
        job_id = body.get("job_id") if isinstance(body, dict) else None
        receives = self._wire.time() <= self._receives_until
        if receives and isinstance(job_id, str) and self.account.job(job_id):
            self._wire.running[-1].named_jobs.append(job_id)
            self._wire.running[-1].accepted.update(self._named)
        return _Body([content], lambda: None)


def _errors(message: str) -> dict[str, object]:
    return {"errors": [{"field": None, "message": message}]}


def _endpoint(path: str) -> str:
    rest = path.partition("?")[0].removeprefix(_CONTACTS)
    for name in ("search/emails", "search/identifiers", "identifiers", "imports", "batch", "count"):
        if name in rest:
            return name
    return "contact" if rest else "contacts"
