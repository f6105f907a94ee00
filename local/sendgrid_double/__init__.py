"""A double of Twilio SendGrid's API, as far as it is about Marketing contacts: an HTTP server on loopback.

It behaves as SendGrid documents itself and as it was observed to (2026-07): the response to a deletion is 202 with a
job id and takes effect later, every response has what is left of the rate limit, an over-long URL gets an HTML
page from nginx. What is not published is decided in the docstrings of `account`, `api`, `upsert*`, `search_api` and
`export*`. What it does not implement is a 501.

From Python:

    double = SendGridDouble(job_delay=0.5, rate_limit=RateLimit(limit=600, window_seconds=60))
    contact_id = double.account.add_contact(email="a@example.com")
    double.faults.add(Fault(method="DELETE", status=503))
    with serve(double) as base_url:
        ...
        double.clock.advance(30)
    assert double.requests[0].status == 503

    double.settings.export_part_contacts = 100
    double.account.exports.spoil_next(ExportFlaw(missing=3))
    double.account.force_next_jobs("errored")

By itself, for any program: `python -m local.sendgrid_double --contacts 1000`. Such a program controls it with JSON
under `/_double` (see `control`), which needs no key; docs/double.md is for it.
"""

from local.sendgrid_double.account import Account, UnknownContact
from local.sendgrid_double.contacts import Contact, ContactCount
from local.sendgrid_double.double import ReceivedRequest, SendGridDouble
from local.sendgrid_double.exports import Export, ExportFlaw
from local.sendgrid_double.faults import Fault
from local.sendgrid_double.jobs import Job
from local.sendgrid_double.rate_limit import OBSERVED, RateLimit
from local.sendgrid_double.server import serve
from local.sendgrid_double.settings import Settings

__all__ = [
    "OBSERVED",
    "Account",
    "Contact",
    "ContactCount",
    "Export",
    "ExportFlaw",
    "Fault",
    "Job",
    "RateLimit",
    "ReceivedRequest",
    "SendGridDouble",
    "Settings",
    "UnknownContact",
    "serve",
]
