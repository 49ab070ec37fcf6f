"""How the command line reaches AWS, and what it says where it cannot."""

from pathlib import Path

import pytest

from ops.aws import connect
from ops.cli import run
from ops.errors import CommandError

LOCAL = "http://127.0.0.1:1"  # a port that nothing listens at


@pytest.fixture(autouse=True)
def _nothing_is_configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_DYNAMODB",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.parametrize("endpoint", [LOCAL, "http://localhost:4566", "http://[::1]:4566"])
def test_a_local_aws_needs_neither_region_nor_credentials(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    client = connect("dynamodb")
    assert (client.meta.endpoint_url, client.meta.region_name) == (endpoint, "us-east-1")


def test_what_is_configured_is_used_for_a_local_aws_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "configured")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "configured")
    client = connect("dynamodb", LOCAL)
    assert client.meta.region_name == "eu-west-1"
    assert client._request_signer._credentials.access_key == "configured"


def test_the_endpoint_of_a_service_goes_before_that_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", LOCAL)
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:2")
    assert connect("dynamodb").meta.endpoint_url == "http://127.0.0.1:2"


def test_another_endpoint_gets_no_invented_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://aws.example.com")
    with pytest.raises(CommandError, match="AWS_DEFAULT_REGION"):
        connect("dynamodb")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "no AWS region: set AWS_DEFAULT_REGION"),
        ({"AWS_DEFAULT_REGION": "eu-west-1"}, "no AWS credentials: sign in"),
        ({"AWS_PROFILE": "nobody"}, "nobody"),
        ({"AWS_ENDPOINT_URL": LOCAL}, f"nothing answers at {LOCAL}: start `bigcharge local`"),
        ({"AWS_ENDPOINT_URL": "127.0.0.1:4566"}, "is no URL"),
    ],
)
@pytest.mark.parametrize("arguments", [["charges", "list"], ["instruments", "list"], ["charges", "show", "abc", "1"]])
def test_what_is_missing_is_said_on_one_line(
    arguments: list[str],
    settings: dict[str, str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert run(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert words in said.err
