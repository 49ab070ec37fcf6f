"""Keeps every scheduled event that it was given."""

import json
import os
import time
from typing import Any

import boto3

SEEN = boto3.client("dynamodb")


def handler(event: dict[str, Any], context: Any) -> None:
    item = {"by": {"S": "tick"}, "at": {"N": str(time.time_ns())}, "what": {"S": json.dumps(event)}}
    SEEN.put_item(TableName=os.environ["SEEN_TABLE"], Item=item)
