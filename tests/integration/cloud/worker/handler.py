"""Does what each message says; keeps every record that it was given."""

import json
import os
import time
from typing import Any

import boto3

SEEN = boto3.client("dynamodb")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    for record in event["Records"]:
        seen = {**record, "batch": len(event["Records"]), "pid": os.getpid()}
        item = {"by": {"S": "worker"}, "at": {"N": str(time.time_ns())}, "what": {"S": json.dumps(seen)}}
        SEEN.put_item(TableName=os.environ["SEEN_TABLE"], Item=item)
    return {"batchItemFailures": [{"itemIdentifier": name} for record in event["Records"] for name in _failed(record)]}


def _failed(record: dict[str, Any]) -> list[str]:
    match record["body"]:
        case "raise":
            raise ValueError("as asked")
        case "slow":
            time.sleep(0.6)
        case "fail":
            return [record["messageId"]]
        case "invent":
            return ["no such message"]
    return []
