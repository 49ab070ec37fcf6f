"""Makes the stack in the emulated AWS, and lets it say what the template's references mean."""

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from sandbox.cloud.errors import CannotStart
from sandbox.cloud.template import EMULATED, Json

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef

NO_VALUE = {"Ref": "AWS::NoValue"}
SUBSTITUTED = re.compile(r"\$\{([^!}.]+)")


def deploy_stack(client: "CloudFormationClient", name: str, translated: Json, parameters: dict[str, str]) -> Json:
    """Create the stack, or bring it up to date, and resolve the references of what the runner runs.

    What the stack holds already is kept, as long as its description is the same.

    Returns:
        The functions, mappings, routes and schedules by logical id, with values in place of intrinsic functions.

    Raises:
        CannotStart: the emulated AWS refused the template.
    """
    resources = translated["Resources"]
    emulated = {key: _placed(value) for key, value in resources.items() if value["Type"] in EMULATED}
    run = {key: value for key, value in resources.items() if _is_run(value)}
    absent = resources.keys() - emulated.keys()
    questions = {text: f"Answer{number}" for number, text in enumerate(dict.fromkeys(_questions(run, absent)))}
    body = {
        **{section: translated.get(section, {}) for section in ("Parameters", "Mappings", "Conditions")},
        "Resources": emulated,
        "Outputs": {key: {"Value": json.loads(text)} for text, key in questions.items()},
    }
    given: list[ParameterTypeDef] = [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()]
    try:
        _create_or_update(client, name, json.dumps(body, sort_keys=True), given)
        outputs = client.describe_stacks(StackName=name)["Stacks"][0].get("Outputs", [])
    except ClientError as error:
        raise CannotStart(f"the emulated AWS refused the template: {error}") from error
    answers = {output["OutputKey"]: output["OutputValue"] for output in outputs}
    resolved = _resolved(run, {text: answers[key] for text, key in questions.items()})
    assert isinstance(resolved, dict)  # noqa: S101 - a dict stays a dict; said for the type checker  # nosec B101
    return resolved


def _create_or_update(
    client: "CloudFormationClient", name: str, body: str, parameters: "list[ParameterTypeDef]"
) -> None:
    try:
        stack = client.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError:
        client.create_stack(StackName=name, TemplateBody=body, Parameters=parameters, Capabilities=["CAPABILITY_IAM"])
        return
    held = client.get_template(StackName=name)["TemplateBody"]
    if held == json.loads(body) and all(parameter in stack.get("Parameters", []) for parameter in parameters):
        return
    client.update_stack(StackName=name, TemplateBody=body, Parameters=parameters, Capabilities=["CAPABILITY_IAM"])


def _is_run(resource: Json) -> bool:
    return resource["Type"] == "AWS::Lambda::Function" or resource["Type"] not in EMULATED


def _placed(resource: Json) -> Json:
    """Leave a function's code out of the stack: it runs here, and the stack only says its name and its ARN."""
    if resource["Type"] != "AWS::Lambda::Function":
        return resource
    properties = {key: value for key, value in resource["Properties"].items() if key not in {"Layers", "Environment"}}
    return {**resource, "Properties": {**properties, "Code": {"ZipFile": "# runs in the runner's own processes"}}}


def _questions(node: object, absent: set[str]) -> Iterator[str]:
    """Find the intrinsic functions that the stack can answer, as JSON."""
    if _is_intrinsic(node):
        if node != NO_VALUE and not absent.intersection(_named(node)):
            yield json.dumps(node, sort_keys=True)
    elif isinstance(node, dict | list):
        for child in node.values() if isinstance(node, dict) else node:
            yield from _questions(child, absent)


def _named(node: object) -> Iterator[str]:
    """Name the resources that an intrinsic function refers to."""
    match node:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case {"Fn::Sub": str(text)}:
            yield from SUBSTITUTED.findall(text)
        case dict():
            for child in node.values():
                yield from _named(child)
        case list():
            for child in node:
                yield from _named(child)


def _resolved(node: object, answers: dict[str, str]) -> object:
    if _is_intrinsic(node):
        return answers.get(json.dumps(node, sort_keys=True), node)
    if isinstance(node, dict):
        return {key: _resolved(value, answers) for key, value in node.items() if value != NO_VALUE}
    if isinstance(node, list):
        return [_resolved(value, answers) for value in node if value != NO_VALUE]
    return node


def _is_intrinsic(node: object) -> bool:
    return isinstance(node, dict) and len(node) == 1 and next(iter(node)).startswith(("Ref", "Fn::"))
