"""`python -m local.workflow_template`: a template of nothing but the state machines, with their definitions inline.

cfn-lint knows the schema of a definition, but does not look into the files that template.yaml names.
"""

import json
import sys
from pathlib import Path

WORKFLOWS = Path(__file__).parents[1] / "src" / "workflows"


def template() -> dict[str, object]:
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": {"RoleArn": {"Type": "String"}},
        "Resources": {
            path.name.split(".")[0].title().replace("_", ""): {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {"RoleArn": {"Ref": "RoleArn"}, "Definition": json.loads(path.read_text())},
            }
            for path in sorted(WORKFLOWS.glob("*.asl.json"))
        },
    }


if __name__ == "__main__":
    json.dump(template(), sys.stdout, indent=2)
