from collections.abc import Iterator

import pytest

from tests.backup.support import Backups
from tests.support.buckets import new_bucket
from tests.support.world import World, new_world


@pytest.fixture
def world() -> Iterator[World]:
    with new_world(queues_and_ledger=False) as world:
        yield world


@pytest.fixture
def backups(world: World) -> Backups:
    bucket = new_bucket("backup-bucket")
    bucket.s3.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    return Backups(world, world.runtime, bucket)
