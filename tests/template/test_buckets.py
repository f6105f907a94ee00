from typing import Any

import pytest

from local.aws.template import TEMPLATE, load_template
from tests.template.conftest import Declared
from tests.template.names import BUCKETS


def rules(declared: Declared, bucket: str) -> list[Any]:
    lifecycle = declared.of_type("AWS::S3::Bucket")[bucket]["LifecycleConfiguration"]["Rules"]
    assert all(rule["Status"] == "Enabled" for rule in lifecycle)
    return list(lifecycle)


def test_these_are_all_the_buckets(declared: Declared) -> None:
    assert sorted(declared.of_type("AWS::S3::Bucket")) == BUCKETS


@pytest.mark.parametrize("bucket", BUCKETS)
def test_bucket_is_encrypted_private_and_retained(declared: Declared, bucket: str) -> None:
    properties = declared.of_type("AWS::S3::Bucket")[bucket]

    assert properties["BucketEncryption"]["ServerSideEncryptionConfiguration"] == [
        {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}
    ]
    ways = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    assert properties["PublicAccessBlockConfiguration"] == dict.fromkeys(ways, True)
    assert properties["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert declared.retained() >= {bucket, f"{bucket}Policy"}
    unfinished = [rule.get("AbortIncompleteMultipartUpload") for rule in rules(declared, bucket)]
    assert {"DaysAfterInitiation": 1} in unfinished


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_refuses_plain_http(declared: Declared, bucket: str) -> None:
    policy = declared.of_type("AWS::S3::BucketPolicy")[f"{bucket}Policy"]
    (statement,) = policy["PolicyDocument"]["Statement"]

    assert policy["Bucket"] == f"{bucket}.Ref"
    assert statement == {
        "Sid": "DenyPlainHttp",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"{bucket}.Arn", f"{bucket}.Arn/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def test_backups_are_gone_when_their_time_is_over_and_so_are_their_earlier_versions() -> None:
    declared = Declared(load_template(TEMPLATE, {"BackupRetentionDays": "12"}))

    (expiry,) = (rule for rule in rules(declared, "BackupBucket") if "ExpirationInDays" in rule)

    versioning = declared.of_type("AWS::S3::Bucket")["BackupBucket"]["VersioningConfiguration"]
    assert versioning == {"Status": "Enabled"}
    assert int(expiry["ExpirationInDays"]) == 12
    assert expiry["NoncurrentVersionExpiration"] == {"NoncurrentDays": 7}
    assert "Prefix" not in expiry


def test_lists_and_results_are_kept_as_long_as_the_history_of_an_execution(declared: Declared) -> None:
    (expiry,) = (rule for rule in rules(declared, "ContactListBucket") if "ExpirationInDays" in rule)

    assert expiry["ExpirationInDays"] == 90
    assert "Prefix" not in expiry
