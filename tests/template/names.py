"""What the template declares, by the names that its resources share."""

DELETERS = ["BulkDelete", "DeleteAll", "RemoveIdentifier"]
"""Functions that ask SendGrid to delete, and remember it in the ledger."""

QUEUE_FUNCTIONS = [*DELETERS, "DeletionStatus"]
"""Each `<name>Function` with `<name>Queue` and `<name>DeadLetterQueue`."""

WORKFLOW_FUNCTIONS = [
    "BackupCheck",
    "ContactCount",
    "ExportCopy",
    "ExportStart",
    "ExportStatus",
    "IdentifierCheck",
    "ListSummary",
    "PrepareList",
]
"""Each `<name>Function` is invoked by workflows only."""

FUNCTIONS = QUEUE_FUNCTIONS + WORKFLOW_FUNCTIONS

QUEUES = [f"{name}{kind}" for name in QUEUE_FUNCTIONS for kind in ("Queue", "DeadLetterQueue")]

STATE_MACHINES = ["BackupContacts", "BackupThenDeleteAll", "DeleteContactList", "RemoveContactIdentifier"]
"""Each `<name>StateMachine`, with its definition in a file of its own."""

BUCKETS = ["BackupBucket", "ContactListBucket"]
