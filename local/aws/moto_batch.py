"""Stands in for moto's AWS Batch, which no workflow here uses.

moto's Step Functions imports it, and with it all data of moto's EC2, which takes longer than everything else that moto
imports. So this is an effect of the import, which comes before that of moto's Step Functions.
"""

import sys
from enum import StrEnum
from types import ModuleType


class JobStatus(StrEnum):
    """What moto's Step Functions uses of AWS Batch."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


for name in ("moto.batch", "moto.batch.utils"):
    sys.modules.setdefault(name, ModuleType(name))
vars(sys.modules["moto.batch.utils"]).setdefault("JobStatus", JobStatus)
