"""Everything that a run of bigcharge has written, by place."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3

from tests.e2e.house import House

REGION = "us-east-1"
BUS_COPY = "events-of-the-bus"


def client(house: House, service: str) -> Any:
    return boto3.client(  # type: ignore[call-overload]  # which service is named when it runs
        service,
        endpoint_url=f"http://127.0.0.1:{house.aws_port}",
        region_name=REGION,
        aws_access_key_id="local",
        aws_secret_access_key="invented",
    )


def _tell(found: object) -> str:
    """JSON; what is no text in it as characters, and in hexadecimal."""
    return json.dumps(
        found, default=lambda one: f"{one.decode('latin-1')} {one.hex()}" if isinstance(one, bytes) else str(one)
    )


def copy_the_bus(house: House) -> None:
    """Have every event of the bus sent to a queue too."""
    url = client(house, "sqs").create_queue(QueueName=BUS_COPY)["QueueUrl"]
    wanted = ["QueueArn"]
    arn = client(house, "sqs").get_queue_attributes(QueueUrl=url, AttributeNames=wanted)["Attributes"]["QueueArn"]
    events = client(house, "events")
    rule = {"Name": "copy", "EventBusName": "bigcharge-dev"}
    events.put_rule(**rule, EventPattern=json.dumps({"source": ["bigcharge"]}))
    events.put_targets(Rule="copy", EventBusName="bigcharge-dev", Targets=[{"Id": "1", "Arn": arn}])


def read_queues(house: House) -> dict[str, str]:
    """Every message of every queue, with its attributes, the hidden ones of the bus's copy included."""
    sqs = client(house, "sqs")
    return {
        f"queue {url.rpartition('/')[2]}": _tell(list(_receive_all(sqs, url)))
        for url in sqs.list_queues().get("QueueUrls", [])
    }


def _receive_all(sqs: Any, url: str) -> Iterator[Any]:
    asked = {"MaxNumberOfMessages": 10, "VisibilityTimeout": 60, "MessageAttributeNames": ["All"]}
    while messages := sqs.receive_message(QueueUrl=url, AttributeNames=["All"], **asked).get("Messages"):
        yield from messages


def read_tables(house: House) -> dict[str, str]:
    """Every item of every table, and every image of its stream."""
    dynamodb, streams = client(house, "dynamodb"), client(house, "dynamodbstreams")
    found = {}
    for name in dynamodb.list_tables()["TableNames"]:
        pages = dynamodb.get_paginator("scan").paginate(TableName=name)
        found[f"table {name}"] = _tell([item for page in pages for item in page["Items"]])
        stream = dynamodb.describe_table(TableName=name)["Table"]["LatestStreamArn"]
        found[f"stream of {name}"] = _tell(list(_read_stream(streams, stream)))
    return found


def _read_stream(streams: Any, arn: str) -> Iterator[Any]:
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        asked = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = streams.get_shard_iterator(**asked)["ShardIterator"]
        while records := (answer := streams.get_records(ShardIterator=iterator))["Records"]:
            yield from records
            iterator = answer["NextShardIterator"]


def read_parameters(house: House) -> dict[str, str]:
    found = client(house, "ssm").get_parameters_by_path(Path="/", Recursive=True)["Parameters"]
    return {"parameters": _tell(found)}


def read_logs(folder: Path) -> dict[str, str]:
    """What the functions printed: their lines, their metrics, and what the runtime says of errors."""
    return {f"log {file.stem}": file.read_text() for file in folder.glob("*.log")}


def run_commands(house: House, orders: list[int]) -> dict[str, str]:
    """What the operator's commands print, errors included."""
    groups = json.loads(house.bigcharge("dead-letters", "list", "--json").stdout)
    ids = [message_id for group in groups for message_id in group["message_ids"]]
    shown = [("charges", "show", order, *as_json) for order in orders for as_json in ((), ("--json",))]
    dead = [("dead-letters", "show", one, *as_json) for one in ids for as_json in ((), ("--json",))]
    lists = [
        (group, "list", *options)
        for group in ("charges", "instruments", "stores", "dead-letters")
        for options in ((), ("--json",))
    ]
    found = {}
    for command in (*lists, *shown, *dead, ("charges", "show", 10**15)):
        done = house.bigcharge(*command)
        found["command " + " ".join(map(str, command))] = done.stdout + done.stderr
    return found


def read_output(house: House) -> dict[str, str]:
    """What the processes have said, once they have ended."""
    found = {}
    for number, process in enumerate(house.processes):
        with suppress(ValueError):
            found[f"output of process {number}"] = process.stdout.read() if process.stdout else ""
    return found
