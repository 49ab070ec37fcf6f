"""The event bus in EventBridge, and that no adapter needs boto3 to be imported."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from bigcharge.adapters.bus import EventBus
from bigcharge.domain.events import Event
from bigcharge.domain.states import State
from tests.integration.conftest import NOW, Aws


def new_event(order_id: int) -> Event:
    return Event("order.charged", {"order_id": order_id, "state": State.PAID, "reason": None}, NOW)


@pytest.fixture
def entries(aws: Aws) -> Iterator[list[list[dict[str, Any]]]]:
    """The entries of every call."""
    calls: list[list[dict[str, Any]]] = []

    def note(params: dict[str, Any], **_: object) -> None:
        calls.append(params["Entries"])

    aws.events.meta.events.register("provide-client-params.events.PutEvents", note)
    yield calls
    aws.events.meta.events.unregister("provide-client-params.events.PutEvents", note)


@pytest.fixture
def refusing(aws: Aws) -> Iterator[set[int]]:
    """Orders whose events the bus does not take."""
    refused: set[int] = set()
    asked: list[dict[str, Any]] = []

    def note(params: dict[str, Any], **_: object) -> None:
        asked[:] = params["Entries"]

    def refuse(parsed: dict[str, Any], **_: object) -> None:
        for index, entry in enumerate(asked):
            if json.loads(entry["Detail"])["order_id"] in refused:
                parsed["Entries"][index] = {"ErrorCode": "InternalFailure", "ErrorMessage": ""}
        parsed["FailedEntryCount"] = sum("ErrorCode" in entry for entry in parsed["Entries"])

    aws.events.meta.events.register("provide-client-params.events.PutEvents", note)
    aws.events.meta.events.register("after-call.eventbridge.PutEvents", refuse)
    yield refused
    aws.events.meta.events.unregister("provide-client-params.events.PutEvents", note)
    aws.events.meta.events.unregister("after-call.eventbridge.PutEvents", refuse)


def test_an_event_is_put_on_the_bus_as_json_with_its_source_and_time(
    aws: Aws, event_bus: str, entries: list[list[dict[str, Any]]]
) -> None:
    assert EventBus(aws.events, event_bus).publish([new_event(215)]) == []
    [[entry]] = entries
    assert json.loads(entry.pop("Detail")) == {"order_id": 215, "state": "paid", "reason": None}
    assert entry == {
        "EventBusName": "bigcharge-test",
        "Source": "bigcharge",
        "DetailType": "order.charged",
        "Time": NOW,
    }


def test_published_events_reach_a_queue_that_listens(aws: Aws, event_bus: str, orders_queue: str) -> None:
    arn = aws.sqs.get_queue_attributes(QueueUrl=orders_queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    aws.events.put_rule(Name="all", EventBusName=event_bus, EventPattern='{"source": ["bigcharge"]}')
    aws.events.put_targets(Rule="all", EventBusName=event_bus, Targets=[{"Id": "1", "Arn": arn}])
    EventBus(aws.events, event_bus).publish([new_event(215)])
    [message] = aws.sqs.receive_message(QueueUrl=orders_queue)["Messages"]
    event = json.loads(message["Body"])
    assert (event["detail-type"], event["source"]) == ("order.charged", "bigcharge")
    assert event["detail"]["order_id"] == 215


@pytest.mark.parametrize(("number", "sizes"), [(0, []), (1, [1]), (10, [10]), (11, [10, 1]), (25, [10, 10, 5])])
def test_at_most_ten_events_are_put_with_a_call_in_their_order(
    aws: Aws, event_bus: str, entries: list[list[dict[str, Any]]], number: int, sizes: list[int]
) -> None:
    events = [new_event(order_id) for order_id in range(number)]
    assert EventBus(aws.events, event_bus).publish(events) == []
    assert [len(call) for call in entries] == sizes
    put = [json.loads(entry["Detail"])["order_id"] for call in entries for entry in call]
    assert put == list(range(number))


def test_the_indexes_of_the_events_that_were_not_taken_come_back(aws: Aws, event_bus: str, refusing: set[int]) -> None:
    refusing.update({103, 110, 124})
    events = [new_event(order_id) for order_id in range(100, 125)]
    assert EventBus(aws.events, event_bus).publish(events) == [3, 10, 24]


def test_no_adapter_needs_boto3_to_be_imported() -> None:
    modules = ("ledger", "ledger_items", "instrument_table", "queues", "stores", "bus")
    imports = "; ".join(f"import bigcharge.adapters.{module}" for module in modules)
    program = f"import sys; sys.modules['boto3'] = sys.modules['botocore'] = None; {imports}"
    done = subprocess.run(  # noqa: S603 - our own text
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=30
    )
    assert done.stderr == ""
    assert done.returncode == 0
