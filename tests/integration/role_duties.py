"""What a function, and AWS in its name, must be able to do: each duty raises when it cannot be done.

A function that is new in the template has the general ones at once, and answers its files of events/. What only a
certain situation asks of it is a duty of its own in SITUATIONS; a grant that no duty needs is found by test_roles.py.
"""

import json
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any, Final

from bigcharge.domain.states import State
from ops.recorded_events import FOLDER, list_events
from sandbox.bigcommerce.faults import Answer as Planned
from sandbox.cloud.clients import assume, maker
from sandbox.cloud.deployment import Function, Schedule
from sandbox.cloud.environments import Answer
from sandbox.cloud.queues import QueuePoller
from sandbox.cloud.streams import StreamPoller
from sandbox.cloud.undelivered import send_undelivered
from tests.integration.roles_world import Roles

type Duty = Callable[[Roles, Function], None]
PROCESSED: Final = Answer({"batchItemFailures": []})


@cache
def make_clients(roles: Roles, role: str) -> Callable[[str], Any]:
    """What makes the clients of a role, each made once: a role's policy holds as it is when it calls."""
    return cache(maker(roles.clients.endpoint, assume(roles.clients, role)))


def write_logs(roles: Roles, function: Function) -> None:
    """What it prints reaches its own log group."""
    logs = make_clients(roles, function.role)("logs")
    stream = {"logGroupName": function.log_group, "logStreamName": str(datetime.now(UTC).timestamp())}
    logs.create_log_stream(**stream)
    logs.put_log_events(**stream, logEvents=[{"timestamp": 1, "message": "a line"}])


def send_traces(roles: Roles, function: Function) -> None:
    """Its traces reach X-Ray."""
    xray = make_clients(roles, function.role)("xray")
    now = datetime.now(UTC).timestamp()
    ids = {"id": "53995c3f42cd8ad8", "trace_id": f"1-{int(now):08x}-bd862e3fe1be46a994272793"}
    segment = {**ids, "name": function.name, "start_time": now, "end_time": now}
    assert not xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(segment)])["UnprocessedTraceSegments"]
    xray.put_telemetry_records(TelemetryRecords=[{"Timestamp": now, "SegmentsSentCount": 1}])


def stand_in(roles: Roles, function: Function) -> Any:
    """A function that processes all: here the poller is tried, not the function."""
    return SimpleNamespace(invoke=lambda _: PROCESSED, credentials=assume(roles.clients, function.role))


def take_messages(roles: Roles, function: Function) -> None:
    """Messages of its queues are received, and deleted when they are processed."""
    for mapping in roles.world.deployment.queues:
        if mapping.function != function:
            continue
        poller = QueuePoller(mapping, stand_in(roles, function), roles.clients, None, threading.Event())
        name = mapping.queue_arn.rsplit(":", 1)[-1]
        url = roles.clients.queues.get_queue_url(QueueName=name)["QueueUrl"]
        roles.clients.queues.send_message(QueueUrl=url, MessageBody="a message")
        waiting = roles.count_messages(name)
        messages = poller._receive()
        assert messages
        poller._process(messages)
        assert roles.count_messages(name) == waiting - len(messages)


def take_changes(roles: Roles, function: Function) -> None:
    """The changes of its tables are read, and what it cannot process is kept."""
    for mapping in roles.world.deployment.streams:
        if mapping.function == function:
            poller = StreamPoller(mapping, stand_in(roles, function), roles.clients, threading.Event())
            poller._streams.get_records(ShardIterator=poller._resume())
            if mapping.failures_arn:
                send_undelivered(poller._failures, mapping.failures_arn, "a batch")


def keep_failures(roles: Roles, function: Function) -> None:
    """An asynchronous event that it cannot process is kept."""
    if function.failures_arn:
        send_undelivered(make_clients(roles, function.role)("sqs"), function.failures_arn, "an event")


def answer_events(roles: Roles, function: Function) -> None:
    """Each of its files of events/ is answered as events/expected.json says."""
    roles.begin()
    with roles.running(function) as invoke:
        for event in list_events():
            if event.name.startswith(f"{function.code.name}/"):
                answer = invoke(event.read())
                assert not answer.failed, f"{event.name}: {answer.payload}"
                fault = roles.world.find_fault(event, answer.payload)
                assert fault is None, f"{event.name}: {fault}: {answer.payload}"


def read_event(name: str, **changed: Any) -> dict[str, Any]:
    """A recorded event of one message, with something changed in the message."""
    event: dict[str, Any] = json.loads((FOLDER / name).read_text())
    [record] = event["Records"]
    message = json.loads(record["body"])
    if message["received_at"] < (now := datetime.now(UTC).isoformat()):
        message["received_at"] = now
    message |= changed
    record["body"] = json.dumps(message)
    return event


def charge_the_newest_instrument(roles: Roles, function: Function) -> None:
    roles.begin()
    roles.change_policy(instrument="most_recent")
    customer = roles.world.box.create_customer().customer_id
    for year in (2020, 2099, 2099):  # the first one is the default
        roles.world.box.store_instrument(customer, expiry_month=1, expiry_year=year)
    order = roles.world.box.create_order(customer_id=customer, external_source="example-app").order_id
    with roles.running(function) as invoke:
        assert invoke(read_event("charge_order/created.json", id=order)) == PROCESSED
    assert roles.read_state(order) == State.PAID


def put_an_order_back(roles: Roles, function: Function) -> None:
    roles.begin()
    roles.world.box.next_answer("get_order", Planned(status=429), times=None)
    with roles.running(function) as invoke, roles.sending_one("bigcharge-dev-orders"):
        assert invoke(read_event("charge_order/created.json")) == PROCESSED


def put_a_customer_back(roles: Roles, function: Function) -> None:
    roles.begin()
    roles.world.box.next_answer("customer_instruments", Planned(status=429), times=None)
    with roles.running(function) as invoke, roles.sending_one("bigcharge-dev-customers"):
        assert invoke(read_event("sync_instruments/default_updated.json")) == PROCESSED


def wake_a_declined_order(roles: Roles, function: Function) -> None:
    roles.begin()
    roles.put_charge(101, State.DECLINED)
    with roles.running(function) as invoke, roles.sending_one("bigcharge-dev-orders"):
        assert invoke(read_event("sync_instruments/default_updated.json")) == PROCESSED


def forget_a_customer(roles: Roles, function: Function) -> None:
    roles.begin()
    roles.put_charge(101, State.PAID, customer_id=3)
    with roles.running(function) as invoke:
        assert invoke(read_event("sync_instruments/deleted.json")) == PROCESSED
        roles.put_instrument("abc123", 3)
        assert invoke(read_event("sync_instruments/deleted.json", cause="forget_the_rest")) == PROCESSED
    assert not roles.is_of_a_customer(101)
    assert not roles.read_instrument("abc123", 3)


def wake_a_declined_order_of_a_store(roles: Roles, function: Function) -> None:
    roles.begin()
    _compare_a_store_with_a_declined_order(roles, function)


def wake_one_order_where_many_customers_changed(roles: Roles, function: Function) -> None:
    roles.begin()
    for _ in range(25):
        roles.world.box.store_instrument(roles.world.box.create_customer().customer_id)
    _compare_a_store_with_a_declined_order(roles, function)


def _compare_a_store_with_a_declined_order(roles: Roles, function: Function) -> None:
    roles.put_charge(101, State.DECLINED)
    with roles.running(function) as invoke, roles.sending_one("bigcharge-dev-orders"):
        assert invoke(read_event("reconcile_instruments/store.json")) == PROCESSED


def tell_of_a_card_that_expires(roles: Roles, function: Function) -> None:
    """One that is not the default: that an order would be charged to it takes a look into the ledger."""
    roles.begin()
    roles.change_policy(instrument="any")
    roles.put_charge(101, State.DECLINED)
    roles.put_card("abc123", 1)
    with roles.running(function) as invoke:
        told = invoke(json.loads((FOLDER / "notice_expiring" / "scheduled.json").read_text()))
    assert told == Answer({"cards": 1, "told": 1})


def sweep_what_is_due(roles: Roles, function: Function) -> None:
    roles.begin()
    roles.put_charge(100, State.CLAIMED, due_at=datetime.now(UTC) - timedelta(minutes=1))
    with roles.running(function) as invoke, roles.sending_one("bigcharge-dev-orders"):
        assert invoke(json.loads((FOLDER / "sweep" / "scheduled.json").read_text())) == Answer({"sent": 1})


def close_a_store_with_instruments(roles: Roles, function: Function) -> None:
    roles.begin()
    roles.put_instrument("def456", 1)
    with roles.running(function) as invoke:
        with roles.sending_one("bigcharge-dev-stores"):
            assert invoke(read_event("close_store/uninstalled.json")) == PROCESSED
        assert invoke(read_event("close_store/uninstalled.json")) == PROCESSED  # now its pause tells that it is closed
    assert roles.is_leaving("def456", 1)
    secret = roles.clients.secrets.describe_secret(SecretId="bigcharge/dev/stores/def456")
    assert "DeletedDate" in secret


def put_hooks_back(roles: Roles, function: Function) -> None:
    roles.begin()
    roles.world.box.next_answer("list_hooks", Planned(status=429), times=None)
    with roles.running(function) as invoke, roles.sending_one("bigcharge-dev-hooks"):
        assert invoke(read_event("keep_hooks/delivery_given_up.json")) == PROCESSED


GENERAL: Final[tuple[Duty, ...]] = (write_logs, send_traces, keep_failures, take_messages, take_changes, answer_events)
SITUATIONS: Final[Mapping[str, tuple[Duty, ...]]] = {
    "charge_order": (put_an_order_back, charge_the_newest_instrument),
    "close_store": (close_a_store_with_instruments,),
    "keep_hooks": (put_hooks_back,),
    "reconcile_instruments": (wake_a_declined_order_of_a_store, wake_one_order_where_many_customers_changed),
    "notice_expiring": (tell_of_a_card_that_expires,),
    "sweep": (sweep_what_is_due,),
    "sync_instruments": (wake_a_declined_order, put_a_customer_back, forget_a_customer),
}


def duties(function: Function) -> tuple[Duty, ...]:
    return GENERAL + SITUATIONS.get(function.code.name, ())


def start_function(roles: Roles, schedule: Schedule) -> None:
    """A schedule's role starts the function, and keeps the event where that fails."""
    make = make_clients(roles, schedule.role)
    make("lambda").invoke(FunctionName=schedule.function.arn, InvocationType="DryRun")
    if schedule.dead_letters_arn:
        send_undelivered(make("sqs"), schedule.dead_letters_arn, "an event")
