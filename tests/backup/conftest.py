import pytest

from tests.backup.support import Backups
from tests.support.buckets import bucket_platform
from tests.support.world import World


@pytest.fixture
def backups(world: World) -> Backups:
    platform = bucket_platform(world, "backup-bucket")
    platform.s3.put_bucket_versioning(Bucket=platform.bucket, VersioningConfiguration={"Status": "Enabled"})
    return Backups(world, platform)
