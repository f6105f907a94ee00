from collections.abc import Iterator

import pytest

from tests.hostile.functions import Functions
from tests.support.buckets import Bucket, new_bucket
from tests.support.world import World, new_world


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One for all tests of a module: what they ask of it is new each time, and making one takes long."""
    with new_world() as world:
        yield world


@pytest.fixture(scope="module")
def bucket(world: World) -> Bucket:
    bucket = new_bucket("bucket")
    bucket.s3.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    return bucket


@pytest.fixture
def functions(world: World, bucket: Bucket) -> Functions:
    return Functions(world, bucket)
