"""DeleteContactList, from a file in the bucket to a file of results."""

import json
import uuid
from typing import Any

import pytest

from local.aws.state_machines import Execution
from local.sendgrid_double import Fault
from tests.workflows.conftest import Changes, Workflows, changed, error_of, name_of, pending

MACHINE = "DeleteContactListStateMachine"
CONTACTS = "/v3/marketing/contacts"
JOB = "/v3/marketing/contacts/imports/{job_id}"
ONE_AFTER_THE_OTHER = {"States.StringToJson('20')": "States.StringToJson('1')"}
IMPATIENT = {'"MaxAttempts": 60': '"MaxAttempts": 1'}
ACCEPTED_LONG_AGO = {'"accepted_at.$": "$$.State.EnteredTime"': '"accepted_at": "2020-01-01T00:00:00Z"'}


def fill(workflows: Workflows, count: int) -> list[str]:
    return [workflows.double.account.add_contact(external_id=str(number)) for number in range(count)]


def csv_list(workflows: Workflows, contact_ids: list[str]) -> dict[str, Any]:
    """The input of a run on this list."""
    return put(workflows, "\n".join(["contact_id", *contact_ids]))


def put(workflows: Workflows, body: str) -> dict[str, Any]:
    return {"key": put_object(workflows, "lists", body)}


def put_object(workflows: Workflows, folder: str, body: str) -> str:
    key = f"{folder}/{uuid.uuid4()}"
    workflows.stack.s3.put_object(
        Bucket=workflows.stack.ref("ContactListBucket"), Key=key, Body=body.encode()
    )
    return key


def by_twos(workflows: Workflows, contact_ids: list[str]) -> Changes:
    """The map has these contacts in batches of two: a true batch has 4,080."""
    batches = [contact_ids[start : start + 2] for start in range(0, len(contact_ids), 2)]
    lines = "".join(json.dumps({"contact_ids": batch}) + "\n" for batch in batches)
    key = put_object(workflows, "results/batches", lines)
    return {'"Key.$": "$.invocation.response.batches_key"': f'"Key": "{key}"'}


def kept(workflows: Workflows, execution: Execution, name: str) -> str:
    """A file of the results."""
    return workflows.file("ContactListBucket", f"results/{name_of(execution.arn)}/{name}").decode()


def results(workflows: Workflows, execution: Execution) -> list[Any]:
    return [json.loads(line) for line in kept(workflows, execution, "results.jsonl").splitlines()]


def statuses(workflows: Workflows, execution: Execution) -> list[str]:
    return sorted(line["result"]["status"] for line in results(workflows, execution))


def accounted(execution: Execution) -> dict[str, int]:
    """What became of the rows, which are all accounted for."""
    rows: dict[str, int] = execution.output["summary"]["rows"]
    assert sum(rows.values()) == execution.output["plan"]["rows"]
    return {end: number for end, number in rows.items() if number}


def test_more_contacts_than_fit_in_a_batch(workflows: Workflows) -> None:
    kept_contact = workflows.double.account.add_contact(email="kept@example.com")
    request = csv_list(workflows, fill(workflows, 4081))

    ended = workflows.run(MACHINE, request)

    assert ended.status == "SUCCEEDED"
    assert workflows.double.account.contact_ids() == {kept_contact}
    assert sorted(line["contact_count"] for line in results(workflows, ended)) == [1, 4080]
    assert len(workflows.calls("DELETE")) == 21
    summary = ended.output["summary"]
    assert (summary["batches"], summary["contacts"]) == (2, 4081)


def test_other_columns_do_no_harm_and_go_nowhere(workflows: Workflows) -> None:
    (contact,) = fill(workflows, 1)
    rows = f'name,contact_id,email\n"Ada, Countess",{contact},ada@example.com\n'

    ended = workflows.run(MACHINE, put(workflows, rows))

    assert ended.status == "SUCCEEDED"
    assert contact not in workflows.double.account
    assert "Ada" not in kept(workflows, ended, "results.jsonl")


def test_each_batch_has_a_line_of_its_own_with_its_request_and_its_jobs(workflows: Workflows) -> None:
    contacts = fill(workflows, 5)

    ended = workflows.run(MACHINE, csv_list(workflows, contacts), by_twos(workflows, contacts))

    lines = results(workflows, ended)
    assert sorted(line["contact_count"] for line in lines) == [1, 2, 2]
    assert len({line["request_id"] for line in lines}) == 3
    assert sorted(job_id for line in lines for job_id in line["result"]["job_ids"]) == sorted(
        job.id for job in workflows.double.account.jobs()
    )


def test_the_summary_is_kept_and_is_the_output(workflows: Workflows) -> None:
    contacts = fill(workflows, 3)

    ended = workflows.run(MACHINE, csv_list(workflows, contacts), by_twos(workflows, contacts))

    summary = ended.output["summary"]
    assert json.loads(kept(workflows, ended, "summary.json")) == summary
    assert summary["by_status"]["completed"] == {"batches": 2, "contacts": 3}


def test_contacts_that_do_not_exist_any_more_are_a_goal_reached(workflows: Workflows) -> None:
    workflows.double.settings.change(unknown_id_status=404)
    (contact,) = fill(workflows, 1)
    contacts = [str(uuid.uuid4()), str(uuid.uuid4()), contact, str(uuid.uuid4())]

    ended = workflows.run(MACHINE, csv_list(workflows, contacts), by_twos(workflows, contacts))

    workflows.double.settings.change(unknown_id_status=202)
    assert ended.status == "SUCCEEDED"
    assert ended.output["summary"]["by_status"]["completed"] == {"batches": 2, "contacts": 4}
    assert accounted(ended) == {"deleted": 1, "already_gone": 3}
    assert sorted(len(line["result"]["job_ids"]) for line in results(workflows, ended)) == [0, 1]
    assert contact not in workflows.double.account


def test_one_bad_batch_does_not_stop_the_rest(workflows: Workflows) -> None:
    contacts = fill(workflows, 5)
    workflows.double.poison_ids = {contacts[2]}

    ended = workflows.run(MACHINE, csv_list(workflows, contacts), by_twos(workflows, contacts))

    assert ended.status == "SUCCEEDED"
    assert workflows.double.account.contact_ids() == {contacts[2]}
    assert statuses(workflows, ended) == ["completed", "completed", "failed"]
    assert ended.output["summary"]["by_code"] == {"SendGridRefused": 1}
    assert accounted(ended) == {"deleted": 4, "remaining": 1}


def test_a_batch_that_is_accepted_in_part_names_its_jobs_and_what_remains(workflows: Workflows) -> None:
    contacts = fill(workflows, 800)
    workflows.double.poison_ids = {contacts[0], contacts[799]}

    ended = workflows.run(MACHINE, csv_list(workflows, contacts))

    (result,) = [line["result"] for line in results(workflows, ended)]
    assert workflows.double.account.contact_ids() == workflows.double.poison_ids
    assert (result["status"], result["code"]) == ("failed", "SendGridRefused")
    assert sorted(result["job_ids"]) == sorted(job.id for job in workflows.double.account.jobs())
    assert set(result["remaining_contacts"]["contact_ids"]) == workflows.double.poison_ids
    assert accounted(ended) == {"deleted": 798, "remaining": 2}


def test_what_earlier_attempts_started_is_followed_too(workflows: Workflows) -> None:
    contacts = fill(workflows, 3 * 204)
    workflows.double.faults.add(Fault(method="DELETE", route=CONTACTS))
    workflows.double.faults.add(Fault(method="DELETE", route=CONTACTS, drop=True, times=100))

    ended = workflows.run(MACHINE, csv_list(workflows, contacts), IMPATIENT)

    (job,) = workflows.double.account.jobs()
    (result,) = [line["result"] for line in results(workflows, ended)]
    assert (result["status"], result["code"]) == ("failed", "SendGridUnavailable")
    assert result["job_ids"] == [job.id]
    assert result["remaining_contacts"]["count"] == len(workflows.double.account) == 2 * 204


def test_a_lost_response_is_no_failure_when_the_contacts_are_gone(workflows: Workflows) -> None:
    contacts = fill(workflows, 3)
    lost = Fault(method="DELETE", route=CONTACTS, status=504, takes_effect=True, times=100)
    workflows.double.faults.add(lost)

    ended = workflows.run(MACHINE, csv_list(workflows, contacts), IMPATIENT)

    assert ended.status == "SUCCEEDED"
    assert statuses(workflows, ended) == ["completed"]
    assert len(workflows.double.account) == 0


def test_a_task_that_times_out_leaves_its_batch_unknown(workflows: Workflows) -> None:
    """Its error has no cause that could be read."""
    slow = Fault(method="GET", route=JOB, delay_seconds=2)
    workflows.double.faults.add(slow)
    definition = json.loads(changed(workflows.definition(MACHINE), IMPATIENT))
    batch = definition["States"]["DeleteBatches"]["ItemProcessor"]["States"]
    batch["PollJobs"]["TimeoutSeconds"] = 1
    request = csv_list(workflows, fill(workflows, 2))

    ended = workflows.end_of(workflows.start_definition(json.dumps(definition), request))

    (result,) = [line["result"] for line in results(workflows, ended)]
    assert (result["status"], result["code"]) == ("unknown", "States.Timeout")
    assert result["job_ids"] == [job.id for job in workflows.double.account.jobs()]


def test_a_result_that_is_not_stored_fails_the_list(workflows: Workflows) -> None:
    """The contacts are deleted, and no file says so."""
    nowhere = {
        "States.Format('results/{}/batches/{}.json', $.folder": "States.Format('elsewhere/{}/{}.json', $.folder"
    }

    ended = workflows.run(MACHINE, csv_list(workflows, fill(workflows, 5)), nowhere)

    assert error_of(ended) == ("FAILED", "ResultsMissing")
    summary = json.loads(kept(workflows, ended, "summary.json"))
    assert (summary["contacts"], summary["contacts_without_result"]) == (0, 5)


def test_a_bucket_that_is_unavailable_for_long_takes_the_result_all_the_same(workflows: Workflows) -> None:
    definition = json.loads(workflows.definition(MACHINE))
    batch = definition["States"]["DeleteBatches"]["ItemProcessor"]["States"]

    (retry,) = batch["StoreResult"]["Retry"]
    waits = [
        min(retry["IntervalSeconds"] * retry["BackoffRate"] ** attempt, retry["MaxDelaySeconds"])
        for attempt in range(retry["MaxAttempts"])
    ]

    assert retry["ErrorEquals"] == ["States.ALL"]
    assert sum(waits) / 2 > 6 * 3600, "full jitter waits for half of it"


@pytest.mark.parametrize("tolerated", [0, 33, 34])
def test_a_list_is_given_up_by_the_percentage_of_its_batches(workflows: Workflows, tolerated: int) -> None:
    """Of three batches the first fails, though it has the fewest contacts."""
    contacts = fill(workflows, 5)
    workflows.double.poison_ids = {contacts[0]}
    lines = "".join(
        json.dumps({"contact_ids": batch}) + "\n" for batch in (contacts[:1], contacts[1:3], contacts[3:])
    )
    batches = {
        '"Key.$": "$.invocation.response.batches_key"': f'"Key": "{put_object(workflows, "results/x", lines)}"'
    }
    request = csv_list(workflows, contacts) | {"tolerated_failure_percentage": tolerated}

    ended = workflows.run(MACHINE, request, {**batches, **ONE_AFTER_THE_OTHER})

    summary = json.loads(kept(workflows, ended, "summary.json"))
    if tolerated == 34:
        assert ended.status == "SUCCEEDED"
        assert workflows.double.account.contact_ids() == workflows.double.poison_ids
    else:
        assert error_of(ended) == ("FAILED", "States.ExceedToleratedFailureThreshold")
        assert workflows.double.account.contact_ids() == set(contacts)
        assert (summary["contacts"], summary["contacts_without_result"]) == (1, 4)
        assert sum(summary["rows"].values()) == 5


def test_a_job_that_errs_fails_its_batch_and_the_result_says_who_is_left(workflows: Workflows) -> None:
    contacts = fill(workflows, 6)
    workflows.double.account.force_next_jobs("errored")

    ended = workflows.run(MACHINE, csv_list(workflows, contacts), by_twos(workflows, contacts))

    assert ended.status == "SUCCEEDED"
    assert statuses(workflows, ended) == ["completed", "completed", "failed"]
    (failed,) = [line["result"] for line in results(workflows, ended) if line["result"]["code"]]
    assert failed["code"] == "DeletionFailed"
    left = failed["remaining_contacts"]
    assert set(left["contact_ids"]) == workflows.double.account.contact_ids()
    assert left["count"] == 1
    assert accounted(ended) == {"deleted": 5, "remaining": 1}


def test_a_job_that_completes_and_leaves_contacts_fails_its_batch(workflows: Workflows) -> None:
    workflows.double.account.force_next_jobs("completed")

    ended = workflows.run(MACHINE, csv_list(workflows, fill(workflows, 2)), ACCEPTED_LONG_AGO)

    assert statuses(workflows, ended) == ["failed"]
    assert accounted(ended) == {"deleted": 1, "remaining": 1}


def test_a_job_that_cannot_be_asked_for_leaves_its_batch_unknown(workflows: Workflows) -> None:
    workflows.double.faults.add(Fault(method="GET", route=JOB, status=503, times=100))

    ended = workflows.run(MACHINE, csv_list(workflows, fill(workflows, 2)), IMPATIENT)

    assert statuses(workflows, ended) == ["unknown"]
    (result,) = [line["result"] for line in results(workflows, ended)]
    assert result["job_ids"] == [job.id for job in workflows.double.account.jobs()]
    assert ended.output["summary"]["by_code"] == {"SendGridUnavailable": 1}
    assert accounted(ended) == {"unknown": 2}


def test_outages_are_waited_out(workflows: Workflows) -> None:
    contacts = fill(workflows, 5)
    for method, route in [("DELETE", CONTACTS), ("GET", JOB), ("DELETE", CONTACTS)]:
        workflows.double.faults.add(Fault(method=method, route=route, status=503))

    ended = workflows.run(MACHINE, csv_list(workflows, contacts), by_twos(workflows, contacts))

    assert statuses(workflows, ended) == ["completed"] * 3
    assert len(workflows.double.account) == 0
    assert workflows.double.faults.pending() == []


def test_a_slow_job_is_waited_for(workflows: Workflows) -> None:
    workflows.double.faults.add(pending(JOB))

    ended = workflows.run(MACHINE, csv_list(workflows, fill(workflows, 2)))

    assert statuses(workflows, ended) == ["completed"]
    assert [call.route for call in workflows.calls("GET")] == [JOB] * 3


@pytest.mark.parametrize("body", [None, "name\nsomebody\n"], ids=["missing", "no-such-column"])
def test_a_list_that_cannot_be_read_deletes_nothing(workflows: Workflows, body: str | None) -> None:
    request = {"key": "lists/nothing.csv"} if body is None else put(workflows, body)

    assert error_of(workflows.run(MACHINE, request)) == ("FAILED", "ListUnreadable")
    assert workflows.double.requests == []


def test_a_list_without_contacts_is_done_at_once(workflows: Workflows) -> None:
    ended = workflows.run(MACHINE, csv_list(workflows, []))

    assert (ended.status, ended.output["summary"]["batches"]) == ("SUCCEEDED", 0)
    assert "DeleteBatches" not in workflows.stack.states_of(ended.arn)


def test_a_plan_is_all_that_is_made_where_no_more_is_asked_for(workflows: Workflows) -> None:
    contacts = fill(workflows, 3)
    request = csv_list(workflows, [*contacts, contacts[0], "nobody"]) | {"plan_only": True}

    ended = workflows.run(MACHINE, request | {"max_contacts": 1})

    assert (ended.status, ended.output["summary"]) == ("SUCCEEDED", None)
    plan = ended.output["plan"]
    assert (plan["rows"], plan["contacts"], plan["duplicates"], plan["rejected_rows"]) == (5, 3, 1, 1)
    assert workflows.calls("DELETE") == []
    assert workflows.double.account.contact_ids() == set(contacts)


def test_a_list_with_bad_rows_deletes_nothing_unless_they_are_allowed(workflows: Workflows) -> None:
    contacts = fill(workflows, 2)
    request = csv_list(workflows, [*contacts, "nobody", contacts[0]])

    refused = workflows.run(MACHINE, request)
    kept_contacts = workflows.double.account.contact_ids()
    ended = workflows.run(MACHINE, request | {"max_rejected_rows": 1})

    assert error_of(refused) == ("FAILED", "TooManyRejectedRows")
    assert f"results/{name_of(refused.arn)}/rejected.jsonl" in (refused.cause or "")
    assert kept_contacts == set(contacts)
    assert accounted(ended) == {"deleted": 2, "rejected": 1, "duplicates": 1}


@pytest.mark.parametrize(("ceiling", "status"), [(2, "FAILED"), (3, "SUCCEEDED")])
def test_a_list_of_more_contacts_than_the_ceiling_deletes_nothing(
    workflows: Workflows, ceiling: int, status: str
) -> None:
    contacts = fill(workflows, 3)

    ended = workflows.run(MACHINE, csv_list(workflows, [*contacts, contacts[0]]) | {"max_contacts": ceiling})

    assert ended.status == status
    assert error_of(ended)[1] in (None, "TooManyContacts")
    assert bool(workflows.double.account) is (status == "FAILED")


def test_plan_and_result_of_a_large_list_agree_row_by_row(workflows: Workflows) -> None:
    """100,000 rows: contacts, contacts that are gone, duplicates and bad rows."""
    contacts = fill(workflows, 99_000)
    kept_contacts = fill(workflows, 10)
    gone = [str(uuid.uuid4()) for _ in range(500)]
    rows = [*contacts, *gone, *contacts[:400], *["nobody"] * 100]

    ended = workflows.run(MACHINE, csv_list(workflows, rows) | {"max_rejected_rows": 100})

    plan = ended.output["plan"]
    assert (plan["rows"], plan["contacts"], plan["duplicates"], plan["rejected_rows"]) == (
        100_000,
        99_500,
        400,
        100,
    )
    batches = kept(workflows, ended, "batches.jsonl").splitlines()
    planned = [contact_id for line in batches for contact_id in json.loads(line)["contact_ids"]]
    assert planned == sorted([*contacts, *gone])
    assert [json.loads(line)["row"] for line in kept(workflows, ended, "rejected.jsonl").splitlines()] == [
        number for number, row in enumerate(rows, start=2) if row == "nobody"
    ]
    assert workflows.double.account.contact_ids() == set(kept_contacts)
    assert accounted(ended) == {"deleted": 99_000, "already_gone": 500, "duplicates": 400, "rejected": 100}
    assert len(workflows.calls("DELETE")) == plan["calls"]


KEY = {"key": "lists/any.csv"}
GROUP = "fa1dbbb4-10af-42d7-b07e-d1ab501a805b"
CEILING = {"max_contacts": 10}


@pytest.mark.parametrize(
    "wrong",
    [
        *([], "lists/any.csv", None, {}, {"format": "csv"}, {"key": None}, {"key": ["lists/any.csv"]}),
        *({"list_id": GROUP}, {"segment_id": GROUP}, KEY | {"list_id": GROUP} | CEILING),
        *({"list_id": GROUP, "segment_id": GROUP} | CEILING, {"list_id": 7} | CEILING),
        *(KEY | {"max_contact": 10}, KEY | {"max_contacts": "10"}, KEY | {"max_rejected_rows": None}),
        *(KEY | {"identifier_type": "email"}, {"list_id": GROUP, "identifier_type": "EMAIL"} | CEILING),
        {"segment_id": GROUP, "identifier_type": "EMAIL"} | CEILING,
        *(KEY | {"plan_only": "true"}, KEY | {"approval": 1}, KEY | {"id_column": 1}),
        *(KEY | {"max_age_hours": 1}, {"segment_id": GROUP, "max_age_hours": "1"} | CEILING),
        *(KEY | {"tolerated_failure_percentage": 101}, KEY | {"tolerated_failure_percentage": "5"}),
        KEY | {"approval": True},  # without a topic
    ],
    ids=repr,
)
def test_an_input_that_is_not_understood_is_refused(workflows: Workflows, wrong: object) -> None:
    assert error_of(workflows.run(MACHINE, wrong)) == ("FAILED", "InvalidRequest")
    assert workflows.double.requests == []


def test_a_run_that_was_stopped_is_started_again_with_the_same_file(workflows: Workflows) -> None:
    contacts = fill(workflows, 6)
    request, batches = csv_list(workflows, contacts), by_twos(workflows, contacts)
    workflows.double.faults.add(Fault(method="DELETE", containing=contacts[2], status=503, times=10**6))
    execution = workflows.start(MACHINE, request, {**batches, **ONE_AFTER_THE_OTHER})
    workflows.wait_until(lambda: len(workflows.double.account) == 4)
    workflows.stack.step_functions.stop_execution(executionArn=execution)
    stopped = workflows.end_of(execution)
    workflows.double.faults.clear()

    ended = workflows.run(MACHINE, request, batches)

    assert stopped.status == "ABORTED"
    assert ended.status == "SUCCEEDED"
    assert len(workflows.double.account) == 0
    assert accounted(ended) == {"deleted": 4, "already_gone": 2}


def test_a_state_that_is_run_again_sends_no_second_deletion(workflows: Workflows) -> None:
    """DeleteBatch twice in one execution, as after an answer that Step Functions did not get."""
    definition = json.loads(workflows.definition(MACHINE))
    state = definition["States"]["DeleteBatches"]["ItemProcessor"]["States"]["DeleteBatch"]
    del state["Catch"]
    again = {key: value for key, value in state.items() if key != "Next"} | {
        "ResultPath": "$.again",
        "End": True,
    }
    twice = {"StartAt": "Once", "States": {"Once": state | {"Next": "Again"}, "Again": again}}

    ended = workflows.end_of(
        workflows.start_definition(json.dumps(twice), {"contact_ids": fill(workflows, 2)})
    )

    assert ended.status == "SUCCEEDED"
    assert ended.output["again"] == ended.output["deletion"]
    assert len(workflows.calls("DELETE")) == 1


def test_the_column_may_be_named(workflows: Workflows) -> None:
    contacts = fill(workflows, 2)
    request = put(workflows, "\n".join(["person", *contacts]))

    ended = workflows.run(MACHINE, request | {"id_column": "person"})

    assert ended.status == "SUCCEEDED"
    assert len(workflows.double.account) == 0
