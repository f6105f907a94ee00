"""What is known of a list or a segment: its number of contacts.

Undocumented, and decided so: a list or segment on which no contact ever was is a 404; segments have no names, and of
their fields only those about their contacts; a segment's number of contacts is the true one, however old its sample
is.
"""

from typing import cast

from flask import Blueprint, g
from werkzeug.wrappers import Response

from local.sendgrid_double.account import Account
from local.sendgrid_double.responses import errors, json_response
from local.sendgrid_double.timestamps import timestamp


def groups_api(prefix: str) -> Blueprint:
    """The endpoints, below `prefix`; they work on `flask.g.account`."""
    routes = Blueprint("groups", __name__, url_prefix=prefix)

    @routes.get("/lists/<list_id>/contacts/count")
    def count_list(list_id: str) -> Response:
        count = cast(Account, g.account).count_of(list_id=list_id)
        if count is None:
            return errors(404, "list not found")
        return json_response(200, {"contact_count": count, "billable_count": count})

    @routes.get("/segments/2.0/<segment_id>")
    def get_segment(segment_id: str) -> Response:
        account = cast(Account, g.account)
        count = account.count_of(segment_id=segment_id)
        if count is None:
            return errors(404, "segment not found")
        return json_response(
            200,
            {
                "id": segment_id,
                "contacts_count": count,
                "sample_updated_at": timestamp(account.sampled_at()),
            },
        )

    return routes
