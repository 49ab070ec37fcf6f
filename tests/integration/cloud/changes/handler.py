"""Keeps every change that it was given; fails as an item's id says."""

import json
import os
import time
from typing import Any

import boto3

SEEN = boto3.client("dynamodb")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    for record in event["Records"]:
        name = record["dynamodb"]["Keys"]["id"]["S"]
        if name.startswith("raise"):
            raise ValueError("as asked")
        item = {"by": {"S": "changes"}, "at": {"N": str(time.time_ns())}, "what": {"S": json.dumps(record)}}
        SEEN.put_item(TableName=os.environ["SEEN_TABLE"], Item=item)
        if name.startswith("fail"):
            return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}
    return {"batchItemFailures": []}
