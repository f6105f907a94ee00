"""What the demo says of outcome events."""

from typing import Any

from local.demo.sentences import sentences


def event(kind: str, operation: str = "bulk_delete", **detail: Any) -> dict[str, Any]:
    fields = {"operation": operation, "contact_count": None, "code": None, "message": ""}
    return {"detail-type": f"Contact Deletion {kind}", "detail": fields | detail}


def said(*events: dict[str, Any], planned: bool = True) -> list[str]:
    return sentences(events, lambda _: planned)


def test_contacts_are_counted() -> None:
    removal = event("Completed", "remove_identifier", contact_count=1)
    assert said(event("Completed", contact_count=3)) == ["Completed: 3 contacts deleted"]
    assert said(event("Completed", contact_count=1)) == ["Completed: 1 contact deleted"]
    assert said(removal) == ["Completed: an identifier removed from 1 contact"]


def test_requests_with_the_same_outcome_share_a_sentence() -> None:
    deletion, nothing = event("Completed", contact_count=600), event("Completed", message="nothing to do")
    together = "Completed (2 requests): 1,200 contacts deleted"
    assert said(deletion, deletion, nothing) == [together, "Completed: nothing to do"]


def test_a_rejection_says_why_and_whether_it_was_planned() -> None:
    rejected = event("Rejected", code="ContactNotFound", message="the contact does not exist")

    assert said(rejected) == ["Rejected as planned, ContactNotFound: the contact does not exist"]
    assert said(rejected, planned=False) == ["Rejected, ContactNotFound: the contact does not exist"]


def test_requests_of_a_failed_job_share_a_sentence_whatever_each_has_left() -> None:
    failures = [event("Failed", code="DeletionFailed", message=f"{left} are still there") for left in (0, 1)]

    together = "Failed as planned, DeletionFailed (2 requests): SendGrid's job left contacts behind"
    assert said(*failures) == [together]
