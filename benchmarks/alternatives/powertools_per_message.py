"""A: Powertools as its documentation shows it, with one call for each message.

https://docs.aws.amazon.com/powertools/python/latest/utilities/idempotency/#batch-integration
"""

import os
from typing import Any

import requests
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
processor = BatchProcessor(event_type=EventType.SQS)
persistence = DynamoDBPersistenceLayer(table_name=os.environ["LEDGER_TABLE"])
config = IdempotencyConfig(event_key_jmespath="messageId")
session = requests.Session()


@idempotent_function(data_keyword_argument="record", config=config, persistence_store=persistence)  # type: ignore[untyped-decorator]
def record_handler(record: SQSRecord) -> dict[str, Any]:
    key = parameters.get_secret(os.environ["SENDGRID_API_KEY_SECRET_ID"])
    response = session.delete(
        f"{os.environ['SENDGRID_BASE_URL']}/v3/marketing/contacts",
        params={"ids": ",".join(record.json_body["contact_ids"])},
        headers={"Authorization": f"Bearer {key}"},
        timeout=25,
    )
    response.raise_for_status()
    job_id = response.json()["job_id"]
    logger.info("deletion accepted", extra={"message_id": record.message_id, "job_id": job_id})
    return {"job_id": job_id}


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    config.register_lambda_context(context)
    return process_partial_response(
        event=event, record_handler=record_handler, processor=processor, context=context
    )
