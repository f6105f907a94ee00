"""DeleteContactList, from a file in the bucket to a file of results."""

import json
import uuid
from typing import Any

import pytest

from local.aws.state_machines import Execution
from local.sendgrid_double import Fault
from tests.workflows.conftest import Workflows, changed, error_of, name_of, pending

MACHINE = "DeleteContactListStateMachine"
CONTACTS = "/v3/marketing/contacts"
JOB = "/v3/marketing/contacts/imports/{job_id}"
ONE_AFTER_THE_OTHER = {"States.StringToJson('20')": "States.StringToJson('1')"}
BY_TWOS = {'"MaxItemsPerBatch": 4080': '"MaxItemsPerBatch": 2'}
IMPATIENT = {'"MaxAttempts": 60': '"MaxAttempts": 1'}
ACCEPTED_LONG_AGO = {'"accepted_at.$": "$$.State.EnteredTime"': '"accepted_at": "2020-01-01T00:00:00Z"'}


def fill(workflows: Workflows, count: int) -> list[str]:
    return [workflows.double.account.add_contact(external_id=str(number)) for number in range(count)]


def csv_list(workflows: Workflows, contact_ids: list[str]) -> dict[str, Any]:
    """The input of a run on this list."""
    return put(workflows, "\n".join(["contact_id", *contact_ids]))


def put(workflows: Workflows, body: str) -> dict[str, Any]:
    key = f"lists/{uuid.uuid4()}"
    workflows.stack.s3.put_object(
        Bucket=workflows.stack.ref("ContactListBucket"), Key=key, Body=body.encode()
    )
    return {"key": key}


def kept(workflows: Workflows, execution: Execution, name: str) -> str:
    """A file of the results."""
    return workflows.file("ContactListBucket", f"results/{name_of(execution.arn)}/{name}").decode()


def results(workflows: Workflows, execution: Execution) -> list[Any]:
    return [json.loads(line) for line in kept(workflows, execution, "results.jsonl").splitlines()]


def statuses(workflows: Workflows, execution: Execution) -> list[str]:
    return sorted(line["result"]["status"] for line in results(workflows, execution))


def test_more_contacts_than_fit_in_a_batch(workflows: Workflows) -> None:
    kept_contact = workflows.double.account.add_contact(email="kept@example.com")
    request = csv_list(workflows, fill(workflows, 4081))

    ended = workflows.run(MACHINE, request)

    assert ended.status == "SUCCEEDED"
    assert workflows.double.account.contact_ids() == {kept_contact}
    assert sorted(line["contact_count"] for line in results(workflows, ended)) == [1, 4080]
    assert len(workflows.calls("DELETE")) == 21
    assert (ended.output["batches"], ended.output["contacts"]) == (2, 4081)


def test_other_columns_do_no_harm_and_go_nowhere(workflows: Workflows) -> None:
    (contact,) = fill(workflows, 1)
    rows = f'name,contact_id,email\n"Ada, Countess",{contact},ada@example.com\n'

    ended = workflows.run(MACHINE, put(workflows, rows))

    assert ended.status == "SUCCEEDED"
    assert contact not in workflows.double.account
    assert "Ada" not in kept(workflows, ended, "results.jsonl")


def test_each_batch_has_a_line_of_its_own_with_its_request_and_its_jobs(workflows: Workflows) -> None:
    ended = workflows.run(MACHINE, csv_list(workflows, fill(workflows, 5)), BY_TWOS)

    lines = results(workflows, ended)
    assert sorted(line["contact_count"] for line in lines) == [1, 2, 2]
    assert len({line["request_id"] for line in lines}) == 3
    assert sorted(job_id for line in lines for job_id in line["result"]["job_ids"]) == sorted(
        job.id for job in workflows.double.account.jobs()
    )


def test_the_summary_is_kept_and_is_the_output(workflows: Workflows) -> None:
    ended = workflows.run(MACHINE, csv_list(workflows, fill(workflows, 3)), BY_TWOS)

    assert json.loads(kept(workflows, ended, "summary.json")) == ended.output
    assert ended.output["by_status"]["completed"] == {"batches": 2, "contacts": 3}


def test_contacts_that_do_not_exist_any_more_are_a_goal_reached(workflows: Workflows) -> None:
    workflows.double.settings.change(unknown_id_status=404)
    (contact,) = fill(workflows, 1)
    contacts = [str(uuid.uuid4()), str(uuid.uuid4()), contact, str(uuid.uuid4())]

    ended = workflows.run(MACHINE, csv_list(workflows, contacts), BY_TWOS)

    workflows.double.settings.change(unknown_id_status=202)
    assert ended.status == "SUCCEEDED"
    assert ended.output["by_status"]["completed"] == {"batches": 2, "contacts": 4}
    assert sorted(len(line["result"]["job_ids"]) for line in results(workflows, ended)) == [0, 1]
    assert contact not in workflows.double.account


def test_one_bad_batch_does_not_stop_the_rest(workflows: Workflows) -> None:
    contacts = fill(workflows, 5)
    request = csv_list(workflows, [*contacts[:3], "nobody", *contacts[3:]])

    ended = workflows.run(MACHINE, request, BY_TWOS)

    assert ended.status == "SUCCEEDED"
    assert workflows.double.account.contact_ids() == {contacts[2]}
    (bad,) = [line for line in results(workflows, ended) if line["result"]["status"] != "completed"]
    assert (bad["result"]["status"], bad["result"]["code"]) == ("not_accepted", "InvalidRequest")
    assert ended.output["by_code"] == {"InvalidRequest": 1}


def test_a_batch_that_is_accepted_in_part_names_its_jobs_and_what_remains(workflows: Workflows) -> None:
    contacts = fill(workflows, 800)
    workflows.double.poison_ids = {contacts[0], contacts[799]}

    ended = workflows.run(MACHINE, csv_list(workflows, contacts))

    (result,) = [line["result"] for line in results(workflows, ended)]
    assert workflows.double.account.contact_ids() == workflows.double.poison_ids
    assert (result["status"], result["code"]) == ("failed", "SendGridRefused")
    assert sorted(result["job_ids"]) == sorted(job.id for job in workflows.double.account.jobs())
    assert set(result["remaining_contacts"]["contact_ids"]) == workflows.double.poison_ids
    assert ended.output["remaining_contacts"] == 2


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


def test_the_message_of_a_result_is_the_functions_alone(workflows: Workflows) -> None:
    ended = workflows.run(MACHINE, csv_list(workflows, ["nobody"]))

    (result,) = [line["result"] for line in results(workflows, ended)]
    assert result["message"] == "contact_ids[0] must be a contact id in UUID form"
    assert "Traceback" not in kept(workflows, ended, "results.jsonl")


def test_a_task_that_times_out_leaves_its_batch_unknown(workflows: Workflows) -> None:
    """Its error has no cause that could be read."""
    slow = Fault(method="GET", route=JOB, delay_seconds=2)
    workflows.double.faults.add(slow)
    definition = json.loads(changed(workflows.definition(MACHINE), IMPATIENT))
    batch = definition["States"]["DeleteCsvList"]["ItemProcessor"]["States"]
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

    ended = workflows.run(MACHINE, csv_list(workflows, fill(workflows, 5)), BY_TWOS | nowhere)

    assert error_of(ended) == ("FAILED", "ResultsMissing")
    summary = json.loads(kept(workflows, ended, "summary.json"))
    assert (summary["contacts_in_list"], summary["contacts"], summary["contacts_without_result"]) == (5, 0, 5)


def test_a_list_that_is_gone_at_the_end_is_summarized_without_a_comparison(workflows: Workflows) -> None:
    gone = {'"key.$": "$.list.key"}}': '"key": "lists/gone.csv"}}'}

    ended = workflows.run(MACHINE, csv_list(workflows, fill(workflows, 2)), gone)

    assert ended.status == "SUCCEEDED"
    assert (ended.output["contacts"], ended.output["contacts_without_result"]) == (2, None)


def test_a_bucket_that_is_unavailable_for_long_takes_the_result_all_the_same(workflows: Workflows) -> None:
    definition = json.loads(workflows.definition(MACHINE))
    batch = definition["States"]["DeleteCsvList"]["ItemProcessor"]["States"]

    (retry,) = batch["StoreResult"]["Retry"]
    waits = [
        min(retry["IntervalSeconds"] * retry["BackoffRate"] ** attempt, retry["MaxDelaySeconds"])
        for attempt in range(retry["MaxAttempts"])
    ]

    assert retry["ErrorEquals"] == ["States.ALL"]
    assert sum(waits) / 2 > 6 * 3600, "full jitter waits for half of it"


def test_more_bad_batches_than_tolerated_end_the_list_and_the_summary_is_kept(workflows: Workflows) -> None:
    contacts = fill(workflows, 3)
    request = csv_list(workflows, ["nobody", *contacts]) | {"tolerated_failure_percentage": 0}

    ended = workflows.run(MACHINE, request, BY_TWOS | ONE_AFTER_THE_OTHER)

    assert error_of(ended) == ("FAILED", "States.ExceedToleratedFailureThreshold")
    assert workflows.double.account.contact_ids() == set(contacts)
    summary = json.loads(kept(workflows, ended, "summary.json"))
    assert summary["by_code"] == {"InvalidRequest": 1}
    assert (summary["contacts_in_list"], summary["contacts"], summary["contacts_without_result"]) == (4, 2, 2)


def test_a_job_that_errs_fails_its_batch_and_the_result_says_who_is_left(workflows: Workflows) -> None:
    contacts = fill(workflows, 6)
    workflows.double.account.force_next_jobs("errored")

    ended = workflows.run(MACHINE, csv_list(workflows, contacts), BY_TWOS)

    assert ended.status == "SUCCEEDED"
    assert statuses(workflows, ended) == ["completed", "completed", "failed"]
    (failed,) = [line["result"] for line in results(workflows, ended) if line["result"]["code"]]
    assert failed["code"] == "DeletionFailed"
    left = failed["remaining_contacts"]
    assert set(left["contact_ids"]) == workflows.double.account.contact_ids()
    assert left["count"] == ended.output["remaining_contacts"] == 1


def test_a_job_that_completes_and_leaves_contacts_fails_its_batch(workflows: Workflows) -> None:
    workflows.double.account.force_next_jobs("completed")

    ended = workflows.run(MACHINE, csv_list(workflows, fill(workflows, 2)), ACCEPTED_LONG_AGO)

    assert statuses(workflows, ended) == ["failed"]
    assert ended.output["remaining_contacts"] == len(workflows.double.account) == 1


def test_a_job_that_cannot_be_asked_for_leaves_its_batch_unknown(workflows: Workflows) -> None:
    workflows.double.faults.add(Fault(method="GET", route=JOB, status=503, times=100))

    ended = workflows.run(MACHINE, csv_list(workflows, fill(workflows, 2)), IMPATIENT)

    assert statuses(workflows, ended) == ["unknown"]
    (result,) = [line["result"] for line in results(workflows, ended)]
    assert result["job_ids"] == [job.id for job in workflows.double.account.jobs()]
    assert ended.output["by_code"] == {"SendGridUnavailable": 1}


def test_outages_are_waited_out(workflows: Workflows) -> None:
    for method, route in [("DELETE", CONTACTS), ("GET", JOB), ("DELETE", CONTACTS)]:
        workflows.double.faults.add(Fault(method=method, route=route, status=503))

    ended = workflows.run(MACHINE, csv_list(workflows, fill(workflows, 5)), BY_TWOS)

    assert statuses(workflows, ended) == ["completed"] * 3
    assert len(workflows.double.account) == 0
    assert workflows.double.faults.pending() == []


def test_a_slow_job_is_waited_for(workflows: Workflows) -> None:
    workflows.double.faults.add(pending(JOB))

    ended = workflows.run(MACHINE, csv_list(workflows, fill(workflows, 2)))

    assert statuses(workflows, ended) == ["completed"]
    assert [call.route for call in workflows.calls("GET")] == [JOB] * 3


def test_a_list_that_is_not_there_is_told(workflows: Workflows) -> None:
    ended = workflows.run(MACHINE, {"key": "lists/nothing.csv"})

    assert error_of(ended) == ("FAILED", "States.ItemReaderFailed")
    assert "Summarize" not in workflows.stack.states_of(ended.arn)
    assert workflows.double.requests == []


@pytest.mark.parametrize("body", ["", "id\nsomebody\n"], ids=["empty", "no-such-column"])
def test_a_list_without_a_column_of_contact_ids_deletes_nothing(workflows: Workflows, body: str) -> None:
    ended = workflows.run(MACHINE, put(workflows, body))

    assert ended.status == "FAILED"
    assert workflows.double.requests == []


def test_a_list_without_contacts_is_done_at_once(workflows: Workflows) -> None:
    ended = workflows.run(MACHINE, csv_list(workflows, []))

    assert (ended.status, ended.output["batches"]) == ("SUCCEEDED", 0)


@pytest.mark.parametrize("wrong", [{"format": "xlsx"}, {"format": "jsonl"}, {"format": 1}])
def test_an_unknown_format_is_refused(workflows: Workflows, wrong: dict[str, Any]) -> None:
    ended = workflows.run(MACHINE, {"key": "lists/any.csv"} | wrong)

    assert error_of(ended) == ("FAILED", "InvalidRequest")


def test_a_state_that_is_run_again_sends_no_second_deletion(workflows: Workflows) -> None:
    """DeleteBatch twice in one execution, as after an answer that Step Functions did not get."""
    definition = json.loads(workflows.definition(MACHINE))
    state = definition["States"]["DeleteCsvList"]["ItemProcessor"]["States"]["DeleteBatch"]
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
