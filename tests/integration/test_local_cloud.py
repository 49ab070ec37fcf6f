"""The local cloud does with a template what AWS does: run as a user runs it, on a template of its own."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from sandbox.cloud.clients import connect

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

TEMPLATE = Path(__file__).parent / "cloud" / "template.yaml"
STORE = {
    "store_hash": "abc123",
    "access_token": "invented-token",
    "client_id": "invented-client",
    "client_secret": "invented-secret",
    "policy": {"external_sources": ["app-1"]},
}
PROGRAM = """
import sys
from pathlib import Path
from sandbox.cloud.local import LocalSettings, run_local
template, stores, port, aws_port, api_url = sys.argv[1:]
raise SystemExit(run_local(LocalSettings(
    stores_file=Path(stores), api_url=api_url, payments_url="http://127.0.0.1:9", port=int(port),
    aws_port=int(aws_port), tick=0.5, visibility=1, template=Path(template),
)))
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def eventually[T](read: Callable[[], T], within: float = 20.0) -> T:
    until = time.monotonic() + within
    while not (value := read()):
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.05)
    return value


@dataclass
class Cloud:
    """A running local cloud."""

    process: subprocess.Popen[str]
    port: int
    aws_port: int
    folder: Path

    def post(self, path: str, body: bytes = b"{}", method: str = "POST", **headers: str) -> tuple[int, Any, Any]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", body, {"Content-Type": "application/json", **named}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - the same
                return answer.status, answer.read(), answer.headers
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read(), error.headers

    @cached_property
    def aws(self) -> boto3.Session:
        return boto3.Session("invented", "invented", region_name="us-east-1")

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        return self.aws.client("dynamodb", endpoint_url=f"http://127.0.0.1:{self.aws_port}")

    @cached_property
    def sqs(self) -> "SQSClient":
        return self.aws.client("sqs", endpoint_url=f"http://127.0.0.1:{self.aws_port}")

    def seen(self, by: str) -> list[dict[str, Any]]:
        items = self.dynamodb.query(
            TableName="cloud-dev-seen",
            KeyConditionExpression="#by = :by",
            ExpressionAttributeNames={"#by": "by"},
            ExpressionAttributeValues={":by": {"S": by}},
        )["Items"]
        return [json.loads(item["what"]["S"]) for item in items]

    def seen_bodies(self) -> list[str]:
        return [record["body"] for record in self.seen("worker")]

    def seen_changes(self) -> list[str]:
        return [record["dynamodb"]["Keys"]["id"]["S"] for record in self.seen("changes")]

    def send(self, *bodies: str) -> None:
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {"Id": str(number), "MessageBody": body, "MessageGroupId": "abc123"} for number, body in enumerate(bodies)
        ]
        self.sqs.send_message_batch(QueueUrl="http://local/123456789012/cloud-dev-work", Entries=entries)

    def taken_from(self, queue: str) -> list[str]:
        url = f"http://local/123456789012/cloud-dev-{queue}"
        messages = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in messages]

    def taken_from_dead(self, number: int) -> list[str]:
        taken: list[str] = []
        until = time.monotonic() + 30
        while len(taken) < number:
            assert time.monotonic() < until, taken
            taken += self.taken_from("dead")
            time.sleep(0.1)
        return sorted(taken)

    def put_items(self, *ids: str) -> None:
        for identifier in ids:
            self.dynamodb.put_item(TableName="cloud-dev-items", Item={"id": {"S": identifier}, "data": {"B": b"\0"}})


def start(folder: Path, port: int, aws_port: int, api_url: str = "http://127.0.0.1:9") -> Cloud:
    stores = folder / "stores.json"
    stores.write_text(json.dumps([STORE]))
    process = subprocess.Popen(  # noqa: S603 - this interpreter
        [sys.executable, "-c", PROGRAM, str(TEMPLATE), str(stores), str(port), str(aws_port), api_url],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OF_THE_SHELL": "yes"},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == (
        f"bigcharge local: ready at http://127.0.0.1:{port}/front/{{what}} (AWS at http://127.0.0.1:{aws_port})\n"
    )
    return Cloud(process, port, aws_port, folder)


@contextlib.contextmanager
def running(folder: Path, port: int, aws_port: int, api_url: str = "http://127.0.0.1:9") -> Iterator[Cloud]:
    cloud = start(folder, port, aws_port, api_url)
    try:
        yield cloud
    finally:
        cloud.process.terminate()
        cloud.process.wait(10)
        assert cloud.process.stdout is not None
        cloud.process.stdout.close()


def refused(*arguments: str) -> str:
    """Try to start, and return what stderr says."""
    ended = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1
    return ended.stderr


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with running(tmp_path_factory.mktemp("cloud"), free_port(), free_port()) as cloud:
        yield cloud


def test_a_request_reaches_its_handler_in_the_shape_of_an_http_api(cloud: Cloud) -> None:
    status, body, headers = cloud.post("/front/echo?a=1&a=2", b'{"\xc3\xa9": 1}', Webhook_Id="msg_1")
    event = json.loads(body)["event"]
    assert (status, headers["X-Kept"]) == (201, "yes")
    assert (event["version"], event["routeKey"], event["rawPath"]) == ("2.0", "POST /front/{what}", "/front/echo")
    assert event["pathParameters"] == {"what": "echo"}
    assert (event["rawQueryString"], event["queryStringParameters"]) == ("a=1&a=2", {"a": "1,2"})
    assert (event["body"], event["isBase64Encoded"]) == ('{"é": 1}', False)
    assert event["headers"]["webhook-id"] == "msg_1"
    assert event["requestContext"]["http"]["method"] == "POST"
    assert event["requestContext"]["http"]["sourceIp"] == "127.0.0.1"


def test_a_body_that_is_not_text_comes_base64_encoded(cloud: Cloud) -> None:
    event = json.loads(cloud.post("/front/echo", b"\xff\x00", Content_Type="application/octet-stream")[1])["event"]
    assert (event["body"], event["isBase64Encoded"]) == ("/wA=", True)


def test_a_function_has_the_environment_of_its_template_and_nothing_of_the_shell(cloud: Cloud) -> None:
    given = json.loads(cloud.post("/front/echo")[1])
    environment = given["environment"]
    assert environment["SEEN_TABLE"] == "cloud-dev-seen"
    assert environment["API_URL"] == "http://127.0.0.1:9"
    assert environment["AWS_ENDPOINT_URL"] == f"http://127.0.0.1:{cloud.aws_port}"
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "cloud-dev-front"
    assert not {"NEVER", "OF_THE_SHELL", "VIRTUAL_ENV"} & environment.keys()
    assert given["context"] == [
        "cloud-dev-front",
        "arn:aws:lambda:us-east-1:123456789012:function:cloud-dev-front",
        "128",
    ]
    assert 1000 < given["remaining"] <= 2000


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "message"),
    [
        ("POST", "/elsewhere", b"", {}, 404, "Not Found"),
        ("GET", "/front/echo", None, {}, 404, "Not Found"),
        ("POST", "/front/echo", b" " * (10 * 1024 * 1024 + 1), {}, 413, "Request Entity Too Large"),
        ("POST", "/front/echo", b"", {"X_Long": "x" * 10_240}, 431, "Request Header Fields Too Large"),
        ("POST", "/front/fail", b"", {}, 500, "Internal Server Error"),
        ("POST", "/front/leave", b"", {}, 500, "Internal Server Error"),
        ("POST", "/front/shapeless", b"", {}, 500, "Internal Server Error"),
    ],
)
def test_the_http_api_answers_itself_where_no_handler_does(
    cloud: Cloud, method: str, path: str, body: bytes, headers: dict[str, str], status: int, message: str
) -> None:
    answered, text, _ = cloud.post(path, body, method, **headers)
    assert (answered, json.loads(text)) == (status, {"message": message})


def test_an_answer_without_a_body_has_none(cloud: Cloud) -> None:
    assert cloud.post("/front/nothing")[:2] == (204, b"")


def test_a_function_that_runs_out_of_time_is_ended_and_replaced(cloud: Cloud) -> None:
    began = time.monotonic()
    assert cloud.post("/front/hang")[0] == 500
    assert 2 <= time.monotonic() - began < 4
    assert cloud.post("/front/echo")[0] == 201


def test_an_environment_handles_one_event_at_a_time_and_is_used_again(cloud: Cloud) -> None:
    with ThreadPoolExecutor(3) as clients:
        answers = [json.loads(answer[1]) for answer in clients.map(cloud.post, ["/front/slow"] * 3)]
    assert len({answer["pid"] for answer in answers}) > 1
    assert len({answer["request_id"] for answer in answers}) == 3
    assert json.loads(cloud.post("/front/echo")[1])["pid"] in {answer["pid"] for answer in answers}


def test_a_message_reaches_its_handler_in_the_shape_of_sqs(cloud: Cloud) -> None:
    cloud.sqs.send_message(
        QueueUrl="http://local/123456789012/cloud-dev-work",
        MessageBody="shape",
        MessageGroupId="store-1",
        MessageAttributes={"cause": {"DataType": "String", "StringValue": "sweep"}},
    )
    record = eventually(lambda: [r for r in cloud.seen("worker") if r["body"] == "shape"])[0]
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == "arn:aws:sqs:us-east-1:123456789012:cloud-dev-work"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["attributes"]["MessageGroupId"] == "store-1"
    assert int(record["attributes"]["SentTimestamp"]) / 1000 == pytest.approx(time.time(), abs=60)
    assert record["messageAttributes"]["cause"] == {
        "dataType": "String",
        "stringValue": "sweep",
        "stringListValues": [],
        "binaryListValues": [],
    }


def test_only_what_a_batch_reports_comes_again_and_in_the_end_goes_to_the_dead_letters(cloud: Cloud) -> None:
    cloud.send("good", "fail", "good too")
    assert cloud.taken_from_dead(1) == ["fail"]
    bodies = cloud.seen_bodies()
    assert (bodies.count("good"), bodies.count("fail"), bodies.count("good too")) == (1, 2, 1)


@pytest.mark.parametrize("how", ["raise", "invent"])
def test_a_batch_that_fails_or_reports_nonsense_comes_again_whole(cloud: Cloud, how: str) -> None:
    cloud.send(how, f"beside {how}")
    eventually(lambda: cloud.seen_bodies().count(f"beside {how}") == 2)
    eventually(lambda: how in cloud.taken_from("dead"))


def test_a_queue_gets_no_more_of_its_function_at_once_than_the_mapping_allows(cloud: Cloud) -> None:
    for _ in range(5):
        cloud.send("slow")
        time.sleep(0.15)
    eventually(lambda: cloud.seen_bodies().count("slow") >= 5)
    assert 1 <= len({record["pid"] for record in cloud.seen("worker") if record["body"] == "slow"}) <= 2


def test_changes_of_a_table_reach_their_handler_in_order_and_in_the_shape_of_a_stream(cloud: Cloud) -> None:
    cloud.put_items(*(f"item {number}" for number in range(30)))
    eventually(lambda: len([i for i in cloud.seen_changes() if i.startswith("item")]) >= 30)
    seen = [record for record in cloud.seen("changes") if record["dynamodb"]["Keys"]["id"]["S"].startswith("item")]
    assert [record["dynamodb"]["Keys"]["id"]["S"] for record in seen] == [f"item {number}" for number in range(30)]
    record = seen[0]
    assert (record["eventName"], record["eventSource"], record["eventVersion"]) == ("INSERT", "aws:dynamodb", "1.1")
    assert "table/cloud-dev-items/stream/" in record["eventSourceARN"]
    assert record["dynamodb"]["NewImage"] == {"id": {"S": "item 0"}, "data": {"B": "AA=="}}
    assert isinstance(record["dynamodb"]["ApproximateCreationDateTime"], int)


@pytest.mark.parametrize("poison", ["raise", "fail"])
def test_a_poisoned_change_is_kept_aside_and_its_neighbours_go_through(cloud: Cloud, poison: str) -> None:
    cloud.put_items(f"before {poison}", poison, f"after {poison}")
    kept = json.loads(eventually(lambda: cloud.taken_from("undelivered"))[0])
    assert kept["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert kept["DDBStreamBatchInfo"]["batchSize"] == 1
    eventually(lambda: f"after {poison}" in cloud.seen_changes())
    assert f"before {poison}" in cloud.seen_changes()


def test_every_schedule_runs_at_each_tick(cloud: Cloud) -> None:
    event = eventually(lambda: cloud.seen("tick"))[-1]
    assert (event["source"], event["detail-type"], event["detail"]) == ("aws.scheduler", "Scheduled Event", "{}")
    assert event["resources"] == ["arn:aws:scheduler:us-east-1:123456789012:schedule/default/cloud-dev-tick"]
    before = len(cloud.seen("tick"))
    time.sleep(2.2)
    assert 3 <= len(cloud.seen("tick")) - before <= 6


def test_each_store_has_its_secret_and_its_policy(cloud: Cloud) -> None:
    clients = connect(f"http://127.0.0.1:{cloud.aws_port}")
    secret = clients.secrets.get_secret_value(SecretId="bigcharge/dev/stores/abc123")["SecretString"]
    assert json.loads(secret) == {name: STORE[name] for name in ("access_token", "client_id", "client_secret")}
    policy = clients.parameters.get_parameter(Name="/bigcharge/dev/stores/abc123/policy")["Parameter"]["Value"]
    assert json.loads(policy) == STORE["policy"]


@pytest.mark.slow
def test_after_a_kill_everything_goes_on_where_it_was(tmp_path: Path) -> None:
    """The environments die with the runner; tables, queues, checkpoints and delayed messages do not."""
    ports = free_port(), free_port()
    killed = start(tmp_path, *ports)
    pid = json.loads(killed.post("/front/echo")[1])["pid"]
    killed.put_items("first")
    eventually(lambda: "first" in killed.seen_changes())
    killed.send("slow")
    eventually(lambda: "slow" in killed.seen_bodies())
    killed.process.send_signal(signal.SIGKILL)
    killed.process.wait()
    assert killed.process.stdout is not None
    killed.process.stdout.close()
    eventually(lambda: not Path(f"/proc/{pid}").exists() if Path("/proc").exists() else True, within=2)
    killed.put_items("while nobody was there")
    began = time.monotonic()
    with running(tmp_path, *ports, api_url="http://127.0.0.1:10") as cloud:
        assert time.monotonic() - began < 10
        eventually(lambda: cloud.seen_bodies().count("slow") == 2)
        eventually(lambda: "while nobody was there" in cloud.seen_changes())
        assert cloud.seen_changes().count("first") == 1
        assert json.loads(cloud.post("/front/echo")[1])["environment"]["API_URL"] == "http://127.0.0.1:10"
    assert cloud.sqs.list_queues()["QueueUrls"]  # it was not this runner's to end: it ends by itself


@pytest.mark.slow
def test_a_stop_is_clean_quick_and_leaves_nothing_behind(tmp_path: Path) -> None:
    cloud = start(tmp_path, free_port(), free_port())
    pid = json.loads(cloud.post("/front/echo")[1])["pid"]
    began = time.monotonic()
    cloud.process.send_signal(signal.SIGINT)
    assert cloud.process.wait(10) == 0
    assert time.monotonic() - began < 5
    assert cloud.process.stdout is not None
    cloud.process.stdout.close()
    assert not answers(cloud.port)
    assert not answers(cloud.aws_port)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.slow
def test_an_emulated_aws_that_nobody_calls_any_more_ends_by_itself() -> None:
    port = free_port()
    process = subprocess.Popen(  # noqa: S603 - this interpreter
        [sys.executable, "-m", "sandbox.cloud.aws", f"--port={port}", "--idle=2"], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"bigcharge aws: ready at http://127.0.0.1:{port}\n"
        for _ in range(4):
            connect(f"http://127.0.0.1:{port}").queues.list_queues()
            time.sleep(0.8)
        assert process.poll() is None
        assert process.wait(10) == 0


def test_what_keeps_it_from_starting_is_said_in_one_line_with_status_2(tmp_path: Path) -> None:
    stores = tmp_path / "stores.json"
    stores.write_text("[]")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = refused(str(TEMPLATE), str(stores), port, str(free_port()), "http://127.0.0.1:9")
        assert f"port {port} of 127.0.0.1 cannot be taken" in said
    said = refused(str(TEMPLATE), str(tmp_path / "none.json"), str(free_port()), str(free_port()), "http://127.0.0.1:9")
    assert "cannot read the stores file" in said
    stores.write_text('[{"store_hash": "abc123"}]')
    said = refused(str(TEMPLATE), str(stores), str(free_port()), str(free_port()), "http://127.0.0.1:9")
    assert "store 1 lacks access_token, client_id, client_secret" in said


@pytest.mark.slow
def test_a_handler_that_cannot_be_loaded_keeps_it_from_starting(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(TEMPLATE.read_text())
    for name in ("front", "worker", "changes", "tick"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "handler.py").write_text("import a_library_that_nobody_wrote\n")
    stores = tmp_path / "stores.json"
    stores.write_text("[]")
    port, aws_port = free_port(), free_port()
    said = refused(str(template), str(stores), str(port), str(aws_port), "http://127.0.0.1:9")
    assert "cannot be loaded: ModuleNotFoundError: No module named 'a_library_that_nobody_wrote'" in said
    assert not answers(aws_port)


@pytest.mark.slow
def test_a_server_that_is_no_aws_is_not_taken_for_one(tmp_path: Path) -> None:
    stores = tmp_path / "stores.json"
    stores.write_text("[]")
    port = free_port()
    other = subprocess.Popen(  # noqa: S603 - this interpreter
        [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"], stderr=subprocess.DEVNULL
    )
    with other:
        eventually(lambda: answers(port))
        said = refused(str(TEMPLATE), str(stores), str(free_port()), str(port), "http://127.0.0.1:9")
        other.terminate()
    assert f"what answers at http://127.0.0.1:{port} is not an emulated AWS" in said
