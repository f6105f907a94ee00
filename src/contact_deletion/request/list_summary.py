"""A request to summarize what became of a list."""

from contact_deletion.request import fields


def parse(payload: object) -> str:
    """The folder of the results. Raises InvalidRequest."""
    given = fields.object_of(payload, required=("folder",))
    return fields.folder(given["folder"], "folder")
