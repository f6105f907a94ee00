"""What SendGrid, AWS or callers may do, by its number in the list of cases that the program once got wrong.

Each is a switch of the simulation, which is thrown at random, and has a test of its own in tests/soak/test_cases.py.
"""

from enum import StrEnum


class Case(StrEnum):
    UNKNOWN_ID = "1: a call that names an ID without a contact is refused"
    STALE_READ = "1, its kind: a lookup still shows a contact that a call is refused for, since it is gone"
    SHARED_JOB = "2: a job of several requests ends errored or failed"
    REMOVED_BEFORE = "3: the response to a removal is lost"
    IDENTIFIER_LEFT = "3, its kind: the job of a removal completes and has removed nothing"
    DELETE_ALL_LEFT = "4: the job of a delete-all completes and leaves contacts"
    STRAY_STATUS = "5: the status of a pending job is once a 4xx"
    REFUSED_LOOK_UP = "6: a lookup is refused for one of its IDs"
    DIRECT_ERROR = "7: a direct invocation fails after some of its calls were accepted"
    PARTLY_ACCEPTED = "8: some calls of a request are accepted, others not"
    FAILING_ID = "9: each call that names one ID is a 503"
    CLAIM_REMOVED = "11: botocore repeats the release of a claim after another invocation has claimed"
    DELETE_ALL_ERROR = "16: a delete-all takes effect and is answered 5xx"
    FORGOTTEN_JOB = "18: SendGrid forgets a job"
    FAILING_JOB = "19: the status of one job is always a 5xx"
    EDGE_PAGE = "21: a page of SendGrid's edge answers with a 4xx"
