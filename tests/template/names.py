"""The functions of the template, each `<name>Function` with `<name>Queue` and `<name>DeadLetterQueue`."""

NAMES = ["BulkDelete", "DeleteAll", "RemoveIdentifier"]
QUEUES = [f"{name}{kind}" for name in NAMES for kind in ("Queue", "DeadLetterQueue")]
