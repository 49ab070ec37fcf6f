"""A trace goes on through a queue: whatever is sent while a traced event is handled names the trace."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, Final

import pytest

from bigcharge.adapters.queues import SqsQueue
from bigcharge.domain.messages import Kind, Message
from bigcharge.services.intake import Intake
from functions.receive_webhook import handler as receive_webhook
from tests.fakes import NOON, STORE, Context, FakeStores, Time
from tests.integration.conftest import NOW, Aws

TRACE: Final = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a87bd80c:1|68fd508a"


@pytest.fixture
def in_lambda(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Lambda sets it while it handles a traced event."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "bigcharge-dev-receive-webhook")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE)


@pytest.fixture
def sent(aws: Aws) -> Iterator[list[str]]:
    """The trace that each request to SQS names, as it leaves."""
    traces: list[str] = []

    def note(request: Any, **_: object) -> None:
        header = request.headers.get("X-Amzn-Trace-Id", b"")
        traces.append(header.decode() if isinstance(header, bytes) else header)

    events = aws.sqs.meta.events
    events.register_first("before-send.sqs", note)
    yield traces
    events.unregister("before-send.sqs", note)


def post_webhook(aws: Aws, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    queues = {Kind.ORDER: SqsQueue(aws.sqs, url)}
    quarantine: Any = None
    signature: Any = SimpleNamespace(sent_at=NOON, is_by=lambda _: True)
    intake = Intake(queues, quarantine, FakeStores(), lambda *_: signature, Time())
    monkeypatch.setattr(receive_webhook, "intake", lambda: intake)
    body = f'{{"scope": "store/order/created", "producer": "stores/{STORE}", "data": {{"id": 215}}}}'
    assert receive_webhook.handler({"headers": {}, "body": body}, Context()) == {"statusCode": 200}


@pytest.mark.usefixtures("in_lambda")
def test_a_message_that_a_traced_webhook_leads_to_names_its_trace(
    aws: Aws, orders_queue: str, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """botocore sends it as a header, which SQS keeps with the message as its attribute AWSTraceHeader."""
    post_webhook(aws, orders_queue, monkeypatch)
    assert sent == [TRACE.replace("|", "%7C")]


@pytest.mark.usefixtures("in_lambda")
def test_many_messages_at_once_name_it_too(aws: Aws, orders_queue: str, sent: list[str]) -> None:
    SqsQueue(aws.sqs, orders_queue).send_all([Message(STORE, Kind.ORDER, 215, "sweep", NOW)])
    assert sent == [TRACE.replace("|", "%7C")]


def test_without_a_trace_none_is_named(
    aws: Aws, orders_queue: str, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("_X_AMZN_TRACE_ID", raising=False)
    post_webhook(aws, orders_queue, monkeypatch)
    assert sent == [""]
