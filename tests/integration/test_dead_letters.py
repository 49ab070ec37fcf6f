"""What failed is listed, shown, put through again and dropped: real queues of moto, as template.yaml names them."""

import json
import re
import shlex
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from bigcharge.adapters.aws_errors import AwsUnavailableError
from bigcharge.adapters.changes import read_change
from bigcharge.adapters.ledger_items import charge_to_item
from bigcharge.adapters.queues import Quarantine, SqsQueue
from bigcharge.domain.charges import Charge
from bigcharge.domain.messages import Kind, Message, read_message
from bigcharge.domain.states import State
from ops import dead_letter_queues
from ops.cli import run
from ops.dead_letter_queues import QUEUES, ROUTES, SOURCES, DeadLetterQueue
from ops.replaying import Replayer
from tests.integration.cli_world import deploy_tables
from tests.integration.conftest import NOW, TEMPLATE

if TYPE_CHECKING:
    from tests.integration.conftest import Aws

WHY = ("--why", "mended in the store", "--who", "jane")
CARD = "4111 1111 1111 1111"


class Queues:
    """Every queue of the stage."""

    def __init__(self, aws: "Aws") -> None:
        self.client = aws.sqs
        names = (*QUEUES, *SOURCES)
        self.urls = {name: aws.sqs.create_queue(QueueName=f"bigcharge-dev-{name}")["QueueUrl"] for name in names}

    def send(self, name: str, *messages: Message) -> None:
        SqsQueue(self.client, self.urls[name]).send_all(messages)

    def put(self, name: str, body: object) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        self.client.send_message(QueueUrl=self.urls[name], MessageBody=text)

    def quarantine(self, body: object, reason: str = "an id is a whole number from 1") -> None:
        Quarantine(self.client, self.urls["quarantine"]).send(reason, "a", json.dumps(body))

    def bodies(self, name: str) -> list[str]:
        """What is there for anybody to receive, taken."""
        found = []
        while received := self.client.receive_message(QueueUrl=self.urls[name], MaxNumberOfMessages=10).get("Messages"):
            found += [message["Body"] for message in received]
        return found

    def size(self, name: str) -> int:
        wanted = ["ApproximateNumberOfMessages"]
        found = self.client.get_queue_attributes(QueueUrl=self.urls[name], AttributeNames=wanted)["Attributes"]  # type: ignore[arg-type]  # a list of literals
        return int(found["ApproximateNumberOfMessages"])


@pytest.fixture(autouse=True)
def queues(aws: "Aws", resources: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Queues:
    deploy_tables(aws, resources, monkeypatch)
    return Queues(aws)


def order(order_id: int, cause: str = "store/order/created") -> Message:
    return Message("a", Kind.ORDER, order_id, cause, NOW, "hash")


def listed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert run(["dead-letters", "list", "--json", *arguments]) == 0
    rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return rows


def webhook(**data: object) -> dict[str, Any]:
    return {"scope": "store/order/created", "producer": "stores/a", "data": data, "hash": "h", "created_at": 1}


def schedule_failure() -> dict[str, Any]:
    function = "arn:aws:lambda:eu-central-1:123456789012:function:bigcharge-dev-sweep"
    context = {"functionArn": function, "condition": "RetriesExhausted", "approximateInvokeCount": 1}
    return {"requestContext": context, "responsePayload": {"errorType": "ClientError", "errorMessage": CARD}}


def test_every_queue_of_what_failed_is_read_and_every_source_of_hints_is_known() -> None:
    declared = re.findall(r"QueueName: !Sub bigcharge-\$\{Stage\}-(\S+)", TEMPLATE.read_text())
    assert set(declared) == {*QUEUES, *SOURCES}
    assert set(ROUTES) == set(Kind)


def test_what_failed_is_listed_by_queue_and_cause_with_its_age_and_left_where_it_is(
    queues: Queues, capsys: pytest.CaptureFixture[str]
) -> None:
    queues.send("orders-dead", order(1), order(2), order(3, "sweep"))
    queues.put("orders-dead", "poison")
    queues.quarantine(webhook(id="x"))
    queues.put("undelivered", schedule_failure())
    rows = listed(capsys)
    assert [(row["queue"], row["cause"], row["messages"]) for row in rows] == [
        ("orders-dead", "not a message of bigcharge", 1),
        ("orders-dead", "store/order/created", 2),
        ("orders-dead", "sweep", 1),
        ("quarantine", "an id is a whole number from 1", 1),
        ("undelivered", "bigcharge-dev-sweep: ClientError", 1),
    ]
    assert all(len(row["message_ids"]) == row["messages"] for row in rows)
    assert (datetime.now(UTC) - datetime.fromisoformat(rows[0]["oldest_at"])).total_seconds() < 60
    assert listed(capsys) == rows, "what was read is given back at once"
    assert [row["cause"] for row in listed(capsys, "--queue", "quarantine")] == ["an id is a whole number from 1"]
    assert run(["dead-letters", "list"]) == 0
    table = " ".join(capsys.readouterr().out.split())
    assert "orders-dead 2" in table
    assert "store/order/created" in table


def test_where_nothing_failed_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["dead-letters", "list"]) == 0
    assert capsys.readouterr().out == "no dead letters\n"
    assert listed(capsys) == []


def test_one_is_shown_without_what_must_not_be_shown(queues: Queues, capsys: pytest.CaptureFixture[str]) -> None:
    queues.send("orders-dead", order(7))
    queues.put("orders-dead", {"token": "secret-token", "note": CARD})
    queues.put("undelivered", schedule_failure())
    ids = {row["cause"]: row["message_ids"][0] for row in listed(capsys)}
    assert run(["dead-letters", "show", ids["store/order/created"]]) == 0
    shown = capsys.readouterr().out
    assert "sends a hint to look at order 7 of store a to the orders queue" in shown
    assert f'message_id = "{ids["store/order/created"]}"' in shown
    for cause in ("not a message of bigcharge", "bigcharge-dev-sweep: ClientError"):
        for options in ((), ("--json",)):
            assert run(["dead-letters", "show", ids[cause], *options]) == 0
            said = capsys.readouterr().out
            assert "[redacted]" in said
            assert "not possible" in said
            assert not any(secret in said for secret in ("secret-token", "4111"))
    assert run(["dead-letters", "show", "--cause", "store/order/created"]) == 0
    assert ids["store/order/created"] in capsys.readouterr().out
    assert run(["dead-letters", "show", "no-such-id"]) == 1
    assert "there is none" in capsys.readouterr().err


def test_one_a_cause_or_all_go_back_to_the_queue_they_failed_in(
    queues: Queues, capsys: pytest.CaptureFixture[str]
) -> None:
    queues.send("orders-dead", order(1), order(2, "sweep"), order(3, "sweep"), order(4, "operator"))
    queues.send("customers-dead", Message("a", Kind.CUSTOMER, 5, "sweep", NOW))
    [one] = next(row["message_ids"] for row in listed(capsys) if row["cause"] == "store/order/created")
    assert run(["dead-letters", "replay", one]) == 0
    assert capsys.readouterr().out == "1 message put through again\n"
    assert [read_message(body).id for body in queues.bodies("orders")] == [1]
    assert run(["dead-letters", "replay", "--cause", "sweep", "--queue", "orders-dead"]) == 0
    assert sorted(read_message(body).id for body in queues.bodies("orders")) == [2, 3]
    assert run(["dead-letters", "replay", "--all"]) == 0
    capsys.readouterr()
    again = [read_message(body) for body in queues.bodies("orders") + queues.bodies("customers")]
    assert [(message.kind, message.id, message.cause) for message in again] == [
        (Kind.ORDER, 4, "operator"),
        (Kind.CUSTOMER, 5, "sweep"),
    ]
    assert all((datetime.now(UTC) - message.received_at).total_seconds() < 60 for message in again), "as new hints"
    assert listed(capsys) == []


def test_a_replay_is_safe_to_repeat_after_a_crash_between_the_sending_and_the_deleting(
    queues: Queues, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    queues.send("orders-dead", order(1))

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(DeadLetterQueue, "delete", crash)
        assert run(["dead-letters", "replay", "--all"]) == 130
    assert run(["dead-letters", "replay", "--all"]) == 0
    assert capsys.readouterr().out == "1 message put through again\n"
    assert [read_message(body).id for body in queues.bodies("orders")] == [1, 1]


def test_what_the_queue_does_not_take_is_not_deleted(
    queues: Queues, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    queues.send("orders-dead", order(1))

    def refuse(*_: object) -> None:
        raise AwsUnavailableError("could not send messages: EndpointConnectionError")

    with monkeypatch.context() as patch:
        patch.setattr(SqsQueue, "send_all", refuse)
        assert run(["dead-letters", "replay", "--all"]) == 1
    assert "could not send messages" in capsys.readouterr().err
    assert queues.size("orders-dead") == 1


def test_what_can_never_be_used_stays_with_the_reason(queues: Queues, capsys: pytest.CaptureFixture[str]) -> None:
    queues.put("orders-dead", "poison")
    queues.send("orders-dead", order(1))
    queues.put("undelivered", schedule_failure())
    assert run(["dead-letters", "replay", "--all"]) == 1
    said = capsys.readouterr()
    assert said.out == "1 message put through again\n"
    assert "still cannot be used" in said.err
    assert "the next run did its work, so drop it" in said.err
    assert (queues.size("orders-dead"), queues.size("undelivered")) == (1, 1)


def test_a_quarantined_webhook_goes_through_once_it_can_be_read(
    queues: Queues, capsys: pytest.CaptureFixture[str]
) -> None:
    queues.quarantine(webhook(id=12))
    queues.quarantine(webhook(id="\x01\u00e9 no id"))
    assert run(["dead-letters", "replay", "--all", "--queue", "quarantine"]) == 1
    assert "stays: it still cannot be used" in capsys.readouterr().err
    [hint] = queues.bodies("orders")
    assert (read_message(hint).id, read_message(hint).store_hash) == (12, "a")
    assert queues.size("quarantine") == 1


@pytest.mark.parametrize("arguments", [[], ["--all", "--cause", "x"], ["id", "--all"]])
def test_it_must_be_plain_which_are_meant(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("replay", "drop"):
        assert run(["dead-letters", command, *arguments]) == 2
        assert "say which" in capsys.readouterr().err
    assert run(["dead-letters", "list", "--queue", "orders"]) == 2
    assert "no such queue" in capsys.readouterr().err


def test_a_drop_shows_first_what_it_would_drop_and_leaves_a_record(
    aws: "Aws", queues: Queues, capsys: pytest.CaptureFixture[str]
) -> None:
    queues.put("undelivered", schedule_failure())
    queues.send("orders-dead", order(1))
    [dropped] = next(row["message_ids"] for row in listed(capsys) if row["queue"] == "undelivered")
    assert run(["dead-letters", "drop", dropped]) == 0
    assert "Nothing was dropped" in capsys.readouterr().out
    assert run(["dead-letters", "drop", dropped, "--apply"]) == 2
    assert run(["dead-letters", "drop", dropped, "--apply", "--why", CARD]) == 2
    assert queues.size("undelivered") == 1
    capsys.readouterr()
    assert run(["dead-letters", "drop", dropped, "--apply", *WHY]) == 0
    assert capsys.readouterr().out == "1 message dropped\n"
    assert (queues.size("undelivered"), queues.size("orders-dead")) == (0, 1)
    [record] = listed(capsys, "--dropped")
    assert (record["message_id"], record["queue"], record["who"], record["why"]) == (
        dropped,
        "undelivered",
        "jane",
        "mended in the store",
    )
    assert run(["dead-letters", "list", "--dropped"]) == 0
    assert "mended in the store" in " ".join(capsys.readouterr().out.split())
    assert run(["charges", "list", "--json"]) == 0
    assert capsys.readouterr().out == "[]\n", "a record is no charge"
    [item] = aws.dynamodb.scan(TableName="bigcharge-dev-ledger")["Items"]
    change = {"Keys": {"order_key": item["order_key"]}, "NewImage": item, "ApproximateCreationDateTime": 1}
    assert not read_change({"eventID": "1", "dynamodb": change}), "and nobody's news"
    assert run(["dead-letters", "drop", dropped, "--apply", *WHY]) == 1


def test_hundreds_are_read_through_and_put_through_again(queues: Queues, capsys: pytest.CaptureFixture[str]) -> None:
    queues.send("orders-dead", *(order(number) for number in range(1, 301)))
    [row] = listed(capsys, "--queue", "orders-dead")
    assert (row["messages"], len(set(row["message_ids"]))) == (300, 300)
    assert run(["dead-letters", "replay", "--all", "--queue", "orders-dead"]) == 0
    assert capsys.readouterr().out == "300 messages put through again\n"
    assert {read_message(body).id for body in queues.bodies("orders")} == set(range(1, 301))


def test_more_than_may_be_hidden_at_a_time_are_said_to_be_left(
    queues: Queues, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dead_letter_queues, "_MOST_IN_FLIGHT", 20)
    queues.send("orders-dead", *(order(number) for number in range(1, 41)))
    assert run(["dead-letters", "list", "--queue", "orders-dead"]) == 0
    assert "holds more than can be read at once" in capsys.readouterr().err
    assert queues.size("orders-dead") == 40


class Streamed:
    """A ledger whose changes are in a stream, and a batch of them that was not announced."""

    def __init__(self, aws: "Aws", resources: dict[str, Any]) -> None:
        aws.events.create_event_bus(Name="bigcharge-dev")
        declared = resources["LedgerTable"]["Properties"]
        keys = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")
        stream = {"StreamEnabled": True, **declared["StreamSpecification"]}
        table = {**{key: declared[key] for key in keys}, "StreamSpecification": stream}
        self.arn = aws.dynamodb.create_table(TableName="streamed", **table)["TableDescription"]["LatestStreamArn"]
        for number in (1, 2):
            aws.dynamodb.put_item(TableName="streamed", Item=charge_to_item(Charge("a", number, State.PAID, NOW)))
        streams = boto3.client("dynamodbstreams", region_name=aws.dynamodb.meta.region_name)
        self.shard = streams.describe_stream(StreamArn=self.arn)["StreamDescription"]["Shards"][0]["ShardId"]
        first = streams.get_shard_iterator(StreamArn=self.arn, ShardId=self.shard, ShardIteratorType="TRIM_HORIZON")
        iterator = first["ShardIterator"]
        records = streams.get_records(ShardIterator=iterator)["Records"]
        self.numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        self.ids = [record["eventID"] for record in records]

    def failure(self, first: str, last: str, size: int) -> dict[str, Any]:
        function = "arn:aws:lambda:eu-central-1:123456789012:function:bigcharge-dev-announce-changes"
        batch = {"shardId": self.shard, "startSequenceNumber": first, "endSequenceNumber": last, "batchSize": size}
        context = {"functionArn": function, "condition": "RetryAttemptsExhausted"}
        return {"requestContext": context, "DDBStreamBatchInfo": {**batch, "streamArn": self.arn}}


def test_changes_that_were_not_announced_are_announced_with_the_same_ids(
    aws: "Aws", queues: Queues, resources: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    streamed = Streamed(aws, resources)
    published: list[Any] = []

    class Bus:
        def publish(self, events: list[Any]) -> list[int]:
            published.extend(events)
            return []

    monkeypatch.setattr(Replayer, "_connect_bus", lambda _: Bus())
    queues.put("undelivered", streamed.failure(streamed.numbers[0], streamed.numbers[1], 2))
    assert run(["dead-letters", "replay", "--all"]) == 0
    assert [event.detail["order_id"] for event in published] == [1, 2]
    assert all(event.detail["event_id"].startswith(known) for event, known in zip(published, streamed.ids, strict=True))
    assert queues.size("undelivered") == 0


def test_changes_that_the_stream_does_not_have_any_more_stay_with_what_to_do(
    aws: "Aws", queues: Queues, resources: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    streamed = Streamed(aws, resources)
    queues.put("undelivered", streamed.failure(streamed.numbers[0], "999999", 3))
    assert run(["dead-letters", "replay", "--all"]) == 1
    assert "24 hours, and these are gone" in capsys.readouterr().err
    assert queues.size("undelivered") == 1


def test_what_the_bus_refuses_stays(
    aws: "Aws", queues: Queues, resources: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    streamed = Streamed(aws, resources)

    class Bus:
        def publish(self, events: list[Any]) -> list[int]:
            return [0]

    monkeypatch.setattr(Replayer, "_connect_bus", lambda _: Bus())
    queues.put("undelivered", streamed.failure(streamed.numbers[0], streamed.numbers[0], 1))
    assert run(["dead-letters", "replay", "--all"]) == 1
    assert queues.size("undelivered") == 1


README = TEMPLATE.with_name("README.md").read_text()
README_COMMANDS = re.findall(r"^bigcharge (dead-letters .*?) *(?:#.*)?$", README, re.MULTILINE)


@pytest.mark.parametrize("command", README_COMMANDS)
def test_every_command_that_the_readme_shows_runs(queues: Queues, command: str) -> None:
    queues.send("orders-dead", order(1, "sweep"))
    assert run(shlex.split(command)) == 0
