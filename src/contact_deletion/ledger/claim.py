"""An invocation's hold on one request."""

import json
import uuid
from contextlib import suppress
from typing import Any, NamedTuple

from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord

from contact_deletion.deadline import Deadline
from contact_deletion.errors import LedgerUnavailable, RequestInProgress
from contact_deletion.ledger import records
from contact_deletion.ledger.store import COMPLETED, INPROGRESS, Stores, ledger_errors, payload_of
from contact_deletion.requests.base import DeletionRequest

# Attributes that a record has beside Powertools' own.
_CLAIM = "claim"
_SENT_AT = "sent_at"

# Powertools' condition for a claim of its own.
_CLAIMABLE = (
    "attribute_not_exists(#id) OR #expiry < :now OR (#status = :inprogress AND "
    "attribute_exists(#in_progress_expiry) AND #in_progress_expiry < :now_in_millis)"
)
_OWN = "#claim = :claim"
_OWN_AND_OPEN = "#claim = :claim AND #status = :inprogress"


class Standing(NamedTuple):
    """The ledger's record of a request that cannot be claimed.

    `completed` is as of the attempt: the record may have expired since, and then says so itself.
    """

    record: DataRecord
    completed: bool


class _Written(NamedTuple):
    """Whether a write was done, and the item after it; empty where DynamoDB does not return it."""

    done: bool
    item: dict[str, Any]


class Claim:
    """A hold that ends with the invocation at the latest, unless it is made permanent.

    Its ID is in the record, and every later write is conditional on it. So a call that botocore repeats because its
    response was lost writes the same again, and a claim that was lost does not change that of another invocation.

    `sent_at` is when a call was sent for the request that may have taken effect, in seconds since the epoch: an earlier
    claim's, or this one's.
    """

    def __init__(self, stores: Stores, request: DeletionRequest, deadline: Deadline) -> None:
        self._store = stores.of(request)
        self._key, self._payload_hash = self._store.identify(payload_of(request))
        self._id = uuid.uuid4().hex
        self._deadline = deadline
        self.sent_at: float | None = None

    def take(self) -> Standing | None:
        """Claims the request. Returns None, or the record for which it cannot be claimed.

        Raises RequestConflict, LedgerUnavailable, and RequestInProgress where DynamoDB does not return the record.
        """
        now = self._store.clock()
        item = self._write(
            "SET #claim = :claim, #status = :inprogress, #expiry = :expiry, #in_progress_expiry = :ends_at, "
            "#validation = :validation REMOVE #data",
            _CLAIMABLE,
            {
                ":claim": {"S": self._id},
                ":inprogress": {"S": INPROGRESS},
                ":expiry": {"N": str(self._store.expires_at())},
                ":ends_at": {"N": str(int(self._deadline.invocation_ends * 1000))},
                ":validation": {"S": self._payload_hash},
                ":now": {"N": str(int(now))},
                ":now_in_millis": {"N": str(int(now * 1000))},
            },
        ).item
        if not item:
            raise RequestInProgress("the same request is being handled by another invocation")
        # A call that botocore repeated fails its condition on the item that it has written itself.
        if item.get(_CLAIM) == {"S": self._id}:
            self.sent_at = float(item[_SENT_AT]["N"]) if _SENT_AT in item else None
            return None
        record = self._store.record_of(item)
        if (record.payload_hash or "") != self._payload_hash:
            raise records.conflict()
        return Standing(record, completed=item[self._store.status_attr] == {"S": COMPLETED})

    def make_permanent(self) -> None:
        """Makes sure that no other invocation sends this request, even if this one dies, unless the claim is released.

        Call it right before a call that may be sent only once.

        Raises RequestInProgress where another invocation has the claim by now, LedgerUnavailable.
        """
        mark = records.UNCONFIRMED | {"sender_ends_at": self._deadline.invocation_ends}
        written = self._write(
            "SET #data = :mark, #in_progress_expiry = :expiry",
            _OWN_AND_OPEN,
            {
                ":claim": {"S": self._id},
                ":inprogress": {"S": INPROGRESS},
                ":mark": {"S": json.dumps(mark)},
                ":expiry": {"N": str(self._store.expires_at() * 1000)},
            },
        )
        if not written.done:
            raise RequestInProgress("another invocation is sending this request")

    def may_have_taken_effect(self) -> None:
        """Notes that the call that was just sent may have taken effect. Releasing the claim records the time."""
        self.sent_at = self._store.clock()

    def record(self, response: dict[str, Any]) -> None:
        """Records the response. Raises LedgerUnavailable, also where another invocation has the claim by now."""
        written = self._write(
            "SET #data = :response, #expiry = :expiry, #status = :completed",
            _OWN,
            {
                ":claim": {"S": self._id},
                ":response": {"S": json.dumps(response)},
                ":expiry": {"N": str(self._store.expires_at())},
                ":completed": {"S": COMPLETED},
            },
        )
        if not written.done:
            raise LedgerUnavailable("another invocation has claimed the request")

    def release(self) -> None:
        """Releases the claim, unless it was lost. Raises LedgerUnavailable."""
        own = {":claim": {"S": self._id}, ":inprogress": {"S": INPROGRESS}}
        if self.sent_at is None:
            self._delete(own)
        else:
            self._write(
                "SET #sent_at = :sent_at, #in_progress_expiry = :over",
                _OWN_AND_OPEN,
                own | {":sent_at": {"N": str(self.sent_at)}, ":over": {"N": "0"}},
            )

    def _write(self, update: str, condition: str, values: dict[str, Any]) -> _Written:
        client = self._store.client
        try:
            with ledger_errors():
                response = client.update_item(
                    TableName=self._store.table_name,
                    Key=self._store.item_key(self._key),
                    UpdateExpression=update,
                    ConditionExpression=condition,
                    ExpressionAttributeNames=self._names_in(update + condition),
                    ExpressionAttributeValues=values,
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except client.exceptions.ConditionalCheckFailedException as failed:
            refusal: dict[str, Any] = {**failed.response}
            return _Written(done=False, item=refusal.get("Item", {}))
        return _Written(done=True, item=response["Attributes"])

    def _delete(self, values: dict[str, Any]) -> None:
        client = self._store.client
        with suppress(client.exceptions.ConditionalCheckFailedException), ledger_errors():
            client.delete_item(
                TableName=self._store.table_name,
                Key=self._store.item_key(self._key),
                ConditionExpression=_OWN_AND_OPEN,
                ExpressionAttributeNames=self._names_in(_OWN_AND_OPEN),
                ExpressionAttributeValues=values,
            )

    def _names_in(self, expressions: str) -> dict[str, str]:
        """The attributes that the expressions' names stand for. DynamoDB refuses names that are not used."""
        store = self._store
        names = {
            "#id": store.key_attr,
            "#claim": _CLAIM,
            "#sent_at": _SENT_AT,
            "#status": store.status_attr,
            "#expiry": store.expiry_attr,
            "#in_progress_expiry": store.in_progress_expiry_attr,
            "#validation": store.validation_key_attr,
            "#data": store.data_attr,
        }
        return {name: attribute for name, attribute in names.items() if name in expressions}
