"""Does what the path says, and answers with what it was given."""

import json
import os
import time
from typing import Any


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    match event["pathParameters"]["what"]:
        case "fail":
            raise ValueError("as asked")
        case "hang":
            time.sleep(60)
        case "leave":
            os._exit(3)
        case "nothing":
            return {"statusCode": 204}
        case "shapeless":
            return {"statusCode": "soon"}
        case "slow":
            time.sleep(0.7)
    answer = {
        "event": event,
        "environment": dict(os.environ),
        "pid": os.getpid(),
        "remaining": context.get_remaining_time_in_millis(),
        "context": [context.function_name, context.invoked_function_arn, context.memory_limit_in_mb],
        "request_id": context.aws_request_id,
    }
    return {
        "statusCode": 201,
        "headers": {"Content-Type": "application/json", "X-Kept": "yes"},
        "body": json.dumps(answer),
    }
