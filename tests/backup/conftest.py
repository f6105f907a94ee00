from collections.abc import Iterator

import pytest

from tests.backup.support import Backups
from tests.support.buckets import bucket_platform
from tests.support.world import World, new_world


@pytest.fixture
def world() -> Iterator[World]:
    with new_world(queues_and_ledger=False) as world:
        yield world


@pytest.fixture
def backups(world: World) -> Backups:
    platform = bucket_platform(world, "backup-bucket")
    platform.s3.put_bucket_versioning(Bucket=platform.bucket, VersioningConfiguration={"Status": "Enabled"})
    return Backups(world, platform)
