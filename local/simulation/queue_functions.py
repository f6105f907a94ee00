"""The functions that queues feed, by the names that the template and the code have for them."""

from collections.abc import Mapping
from types import ModuleType

from contact_deletion.handlers import bulk_delete, delete_all, deletion_status, remove_identifier

# Those that ask SendGrid to delete.
DELETERS: Mapping[str, ModuleType] = {
    "BulkDelete": bulk_delete,
    "DeleteAll": delete_all,
    "RemoveIdentifier": remove_identifier,
}

# Each `<name>Function` with `<name>Queue` and `<name>DeadLetterQueue`.
FED: Mapping[str, ModuleType] = {**DELETERS, "DeletionStatus": deletion_status}

# By operation.
QUEUES: Mapping[str, str] = {module.OPERATION: f"{name}Queue" for name, module in FED.items()}
