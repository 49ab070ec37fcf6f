"""template.yaml as AWS reads it: SAM's transform, and which of its resources live in the emulated AWS."""

import copy
import json
from pathlib import Path
from typing import Any

import yaml

from sandbox.cloud.errors import CannotStart

type Json = dict[str, Any]

REGION = "us-east-1"
ACCOUNT = "123456789012"  # that of every caller whom moto does not know
# SAM wants code in a bucket; the key then says which folder a function's or a layer's code is in.
CODE_BUCKET = "checkout"

# What moto's CloudFormation makes. The others (event source mappings, routes, schedules) are run by the runner.
EMULATED = frozenset(
    {
        "AWS::DynamoDB::Table",
        "AWS::Events::EventBus",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Role",
        "AWS::KMS::Alias",
        "AWS::KMS::Key",
        "AWS::Lambda::Function",
        "AWS::Logs::LogGroup",
        "AWS::SQS::Queue",
        "AWS::SQS::QueuePolicy",
        "AWS::SSM::Parameter",
        "AWS::SNS::Topic",
    }
)


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms (`!Ref`, `!Sub`, ...)."""


def _long_form(loader: _Loader, suffix: str, node: yaml.Node) -> Json:
    value: object
    match node:
        case yaml.ScalarNode():
            value = loader.construct_scalar(node)
        case yaml.SequenceNode():
            value = loader.construct_sequence(node, deep=True)
        case _:
            value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]  # the third kind of node
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _long_form)


def read_template(path: Path) -> Json:
    """Read a template.

    Raises:
        CannotStart: it is not there or is no YAML.
    """
    try:
        template = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a SafeLoader with plain tags  # nosec B506
    except (OSError, yaml.YAMLError) as error:
        raise CannotStart(f"cannot read the template {path}: {error}") from error
    if not isinstance(template, dict) or "Resources" not in template:
        raise CannotStart(f"{path} is not a CloudFormation template: it has no Resources")
    return template


def translate(template: Json, parameters: dict[str, str]) -> Json:
    """Apply the transform of AWS::Serverless-2016-10-31; code stays in the checkout, as `CODE_BUCKET` says."""
    # Imported late: it takes a second, and meanwhile the emulated AWS starts.
    import boto3  # noqa: PLC0415
    from samtranslator.parser.parser import Parser  # noqa: PLC0415
    from samtranslator.translator.translator import Translator  # noqa: PLC0415

    template = copy.deepcopy(template)  # the transform changes what it is given
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        for name in ("CodeUri", "ContentUri"):
            if name in properties:
                properties[name] = f"s3://{CODE_BUCKET}/{properties[name]}"
    session = boto3.Session(region_name=REGION)
    translated: Json = Translator({}, Parser(), boto_session=session).translate(template, parameters)
    return translated


def count_functions(translated: Json) -> int:
    """Count the functions of a translated template."""
    return sum(resource["Type"] == "AWS::Lambda::Function" for resource in translated["Resources"].values())


def place_api(translated: Json, url: str) -> Json:
    """Put the URL where the API is served in place of the address that API Gateway would give it."""
    apis = [name for name, resource in translated["Resources"].items() if resource["Type"] == "AWS::ApiGatewayV2::Api"]
    text = json.dumps(translated)
    for api in apis:
        text = text.replace(f"https://${{{api}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}", url)
    placed: Json = json.loads(text)
    return placed
