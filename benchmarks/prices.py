"""What AWS charges in us-east-1, arm64: list prices, first tier, without free tier and taxes.

Source: the services' pricing pages under https://aws.amazon.com/…/pricing/, as of June 2026. On-demand prices of
DynamoDB are those since November 2024.
"""

LAMBDA_GB_SECOND = 0.0000133334
LAMBDA_REQUEST = 0.20 / 1_000_000
SQS_REQUEST = 0.40 / 1_000_000
# Standard queues; what carries more counts once for each so many bytes begun.
SQS_REQUEST_BYTES = 64 * 1024

DYNAMODB_WRITE_UNIT = 0.625 / 1_000_000
DYNAMODB_READ_UNIT = 0.125 / 1_000_000
# Custom events, for each 64 KB begun.
EVENTBRIDGE_EVENT = 1.00 / 1_000_000

# Ingested by CloudWatch Logs from Lambda, up to 10 TB a month.
LOGS_GB = 0.50

# Recorded. By default that is the first invocation of each second and 5 % of the others.
XRAY_TRACE = 5.00 / 1_000_000
