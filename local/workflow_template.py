"""`python -m local.workflow_template`: a template of nothing but the state machines, with their definitions inline.

cfn-lint knows the schema of a definition, but does not look into the files that template.yaml names. Of the
substitutions, it has to know the partition.
"""

import json
import sys
from pathlib import Path

WORKFLOWS = Path(__file__).parents[1] / "src" / "workflows"


def template() -> dict[str, object]:
    """The template, whose partition is `aws`."""
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": {"RoleArn": {"Type": "String"}},
        "Resources": {
            path.name.split(".")[0].title().replace("_", ""): {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {"RoleArn": {"Ref": "RoleArn"}, "Definition": _definition(path)},
            }
            for path in sorted(WORKFLOWS.glob("*.asl.json"))
        },
    }


def _definition(path: Path) -> object:
    return json.loads(path.read_text().replace("${Partition}", "aws"))


if __name__ == "__main__":
    json.dump(template(), sys.stdout, indent=2)
