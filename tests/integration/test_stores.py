"""The stores' credentials and policies in Secrets Manager and in the Parameter Store."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from bigcharge.adapters.aws_errors import AwsUnavailableError
from bigcharge.adapters.store_secrets import StoreSecretError
from bigcharge.adapters.stores import AwsStores
from bigcharge.domain.errors import BigchargeError, InvalidInputError, UnknownStoreError
from bigcharge.domain.policy import Policy
from bigcharge.domain.stores import Credentials
from tests.integration.conftest import Aws, Watch, tell_all

if TYPE_CHECKING:
    from bigcharge.services.ports import ServedStores

SECRET = {"access_token": "invented-access", "client_id": "invented-client", "client_secret": "invented-hush"}
NAME = "bigcharge/test/stores/abc123"
PARAMETER = "/bigcharge/test/stores/abc123/policy"


@pytest.fixture
def stores(aws: Aws, watch: Watch) -> AwsStores:
    stores = AwsStores(aws.secrets, aws.parameters, "test", watch)
    _: ServedStores = stores
    return stores


@pytest.fixture
def reads(aws: Aws) -> Iterator[list[str]]:
    """The names of everything that was read from AWS."""
    names: list[str] = []

    def note(params: dict[str, Any], **_: object) -> None:
        names.append(params.get("SecretId") or params["Name"])

    events = {"secretsmanager.GetSecretValue": aws.secrets, "ssm.GetParameter": aws.parameters}
    for event, client in events.items():
        client.meta.events.register(f"provide-client-params.{event}", note)
    yield names
    for event, client in events.items():
        client.meta.events.unregister(f"provide-client-params.{event}", note)


def keep_secret(aws: Aws, secret: object, name: str = NAME) -> None:
    text = secret if isinstance(secret, str) else json.dumps(secret)
    aws.secrets.create_secret(Name=name, SecretString=text)


def keep_policy(aws: Aws, policy: object) -> None:
    text = policy if isinstance(policy, str) else json.dumps(policy)
    aws.parameters.put_parameter(Name=PARAMETER, Value=text, Type="SecureString", Overwrite=True)


def test_a_store_has_the_credentials_of_its_secret(aws: Aws, stores: AwsStores) -> None:
    keep_secret(aws, SECRET)
    assert stores.credentials("abc123") == Credentials("abc123", "invented-access", "invented-client", "invented-hush")


@pytest.mark.parametrize(
    "header",
    [{"name": "X-Hook", "value": "invented: value"}, {"X-Hook": "invented: value"}, "X-Hook:  invented: value"],
)
def test_the_header_of_the_hooks_can_be_written_in_three_ways(aws: Aws, stores: AwsStores, header: object) -> None:
    keep_secret(aws, SECRET | {"hook_header": header})
    assert stores.credentials("abc123").hook_header == ("X-Hook", "invented: value")


def test_the_header_of_the_hooks_may_be_null(aws: Aws, stores: AwsStores) -> None:
    keep_secret(aws, {**SECRET, "hook_header": None})
    assert stores.credentials("abc123").hook_header is None


@pytest.mark.parametrize(
    "secret",
    [
        "invented-hush",
        '{"client_secret": "invented-hush"',
        ["invented-hush"],
        "[" * 60_000 + '"invented-hush"',
        {"client_secret": "invented-hush"},
        SECRET | {"invented-hush": 1},
        SECRET | {"access_token": ""},
        SECRET | {"access_token": 12345},
        SECRET | {"access_token": "invented-hush\n"},
        SECRET | {"client_id": " invented-hush"},
        SECRET | {"client_secret": "invented-hush\u00e9"},
        SECRET | {"hook_header": "invented-hush"},
        SECRET | {"hook_header": ["X-Hook", "invented-hush"]},
        SECRET | {"hook_header": {"name": "X-Hook", "value": "invented-hush", "more": 1}},
        SECRET | {"hook_header": {"X Hook": "invented-hush"}},
        SECRET | {"hook_header": {"X-Hook": "invented-hush\r\nX-More: 1"}},
        SECRET | {"hook_header": {"X-Hook": 7}},
        SECRET | {"hook_header": {"X-Hook": ""}},
        SECRET | {"hook_header": {}},
    ],
)
def test_a_secret_of_another_form_is_an_error_that_shows_none_of_it(
    aws: Aws, stores: AwsStores, secret: object
) -> None:
    keep_secret(aws, secret)
    with pytest.raises(StoreSecretError, match="secret of store abc123") as caught:
        stores.credentials("abc123")
    assert "invented" not in tell_all(caught.value)


def test_a_secret_that_is_no_text_is_an_error(aws: Aws, stores: AwsStores) -> None:
    aws.secrets.create_secret(Name=NAME, SecretBinary=b"invented-hush")
    with pytest.raises(StoreSecretError) as caught:
        stores.credentials("abc123")
    assert "invented" not in tell_all(caught.value)


def test_nothing_that_is_kept_shows_a_secret(aws: Aws, stores: AwsStores) -> None:
    keep_secret(aws, SECRET | {"hook_header": "X-Hook: invented-header"})
    shown = repr(stores.credentials("abc123")) + repr(stores) + repr(stores._credentials)
    assert "invented" not in shown


def test_credentials_are_read_again_after_five_minutes(
    aws: Aws, stores: AwsStores, watch: Watch, reads: list[str]
) -> None:
    keep_secret(aws, SECRET)
    stores.credentials("abc123")
    aws.secrets.put_secret_value(SecretId=NAME, SecretString=json.dumps(SECRET | {"access_token": "invented-2"}))
    reads.clear()
    watch.seconds += 299
    assert stores.credentials("abc123").access_token == "invented-access"
    assert reads == []
    watch.seconds += 1
    assert stores.credentials("abc123").access_token == "invented-2"
    assert reads == [NAME]


def test_an_unknown_store_is_remembered_for_half_a_minute(
    aws: Aws, stores: AwsStores, watch: Watch, reads: list[str]
) -> None:
    for _ in range(5):
        with pytest.raises(UnknownStoreError):
            stores.credentials("abc123")
    assert reads == [NAME]
    keep_secret(aws, SECRET)
    watch.seconds += 30
    assert stores.credentials("abc123").client_id == "invented-client"


def test_a_store_whose_secret_waits_for_its_deletion_is_unknown(aws: Aws, stores: AwsStores) -> None:
    keep_secret(aws, SECRET)
    aws.secrets.delete_secret(SecretId=NAME)
    with pytest.raises(UnknownStoreError):
        stores.credentials("abc123")


def test_made_up_stores_neither_fill_the_memory_nor_push_a_store_out(
    aws: Aws, stores: AwsStores, reads: list[str]
) -> None:
    keep_secret(aws, SECRET)
    stores.credentials("abc123")
    for number in range(1005):
        with pytest.raises(UnknownStoreError):
            stores.credentials(f"made-up-{number}")
    assert len(stores._credentials._unknown) == 1000
    reads.clear()
    stores.credentials("abc123")
    with pytest.raises(UnknownStoreError):
        stores.credentials("made-up-1004")
    assert reads == []
    with pytest.raises(UnknownStoreError):
        stores.credentials("made-up-0")
    assert len(reads) == 1


@pytest.mark.parametrize("store_hash", ["", "a/b", "../x", "abc123\n", "x" * 65, "äbc"])
def test_what_is_no_store_hash_reaches_nothing(stores: AwsStores, reads: list[str], store_hash: str) -> None:
    for read in (stores.credentials, stores.policy):
        with pytest.raises(InvalidInputError):
            read(store_hash)
    assert reads == []


def test_a_store_without_a_policy_has_none_and_is_asked_again_after_a_minute(
    aws: Aws, stores: AwsStores, watch: Watch, reads: list[str]
) -> None:
    assert stores.policy("abc123") is None
    keep_policy(aws, {"external_sources": ["my-app"]})
    watch.seconds += 59
    assert stores.policy("abc123") is None
    assert reads == [PARAMETER]
    watch.seconds += 1
    assert stores.policy("abc123") == Policy(external_sources=("my-app",))


def test_a_policy_is_read_again_after_a_minute(aws: Aws, stores: AwsStores, watch: Watch, reads: list[str]) -> None:
    keep_policy(aws, {"currencies": ["USD"]})
    assert stores.policy("abc123") == Policy(currencies=("USD",))
    keep_policy(aws, {})
    watch.seconds += 59
    assert stores.policy("abc123") == Policy(currencies=("USD",))
    assert reads == [PARAMETER]
    watch.seconds += 1
    assert stores.policy("abc123") == Policy()


@pytest.mark.parametrize("policy", ["{", "null", [], {"currency": ["USD"]}, {"recurring": "yes"}, "[" * 4000])
def test_a_policy_that_cannot_be_read_is_an_error_for_a_minute_and_never_none(
    aws: Aws, stores: AwsStores, watch: Watch, reads: list[str], policy: object
) -> None:
    keep_policy(aws, policy)
    for _ in range(3):
        with pytest.raises(InvalidInputError):
            stores.policy("abc123")
    assert reads == [PARAMETER], "strangers cannot have it read often"
    keep_policy(aws, {})
    watch.seconds += 60
    assert stores.policy("abc123") == Policy()


def test_the_stores_that_are_served_are_those_with_a_policy(aws: Aws, stores: AwsStores) -> None:
    """However many: the Parameter Store lists ten at a time."""
    names = {f"store-{number}" for number in range(25)}
    for name in names:
        folder = f"/bigcharge/test/stores/{name}"
        aws.parameters.put_parameter(Name=f"{folder}/policy", Value="{}", Type="SecureString")
    aws.parameters.put_parameter(Name="/bigcharge/test/stores/broken/policy", Value="{", Type="String")
    for other in ("test/stores/other/notes", "test/stores/a/b/policy", "test/policy", "test2/stores/x/policy"):
        aws.parameters.put_parameter(Name=f"/bigcharge/{other}", Value="{}", Type="String")
    assert sorted(stores.list_served()) == sorted(names | {"broken"})
    with failing(aws.parameters, "ssm.GetParametersByPath"), pytest.raises(AwsUnavailableError):
        list(stores.list_served())


@contextmanager
def failing(client: Any, event: str) -> Iterator[None]:
    """The service answers with an error of its own."""

    def fail(http_response: Any, parsed: dict[str, Any], **_: object) -> None:
        http_response.status_code = 500
        parsed.clear()
        parsed.update({"Error": {"Code": "InternalServiceError", "Message": ""}, "ResponseMetadata": {}})

    client.meta.events.register(f"after-call.{event}", fail)
    try:
        yield
    finally:
        client.meta.events.unregister(f"after-call.{event}", fail)


def test_a_service_that_fails_is_an_error_and_never_a_missing_store(aws: Aws, stores: AwsStores) -> None:
    keep_secret(aws, SECRET)
    keep_policy(aws, {})
    with failing(aws.secrets, "secrets-manager.GetSecretValue"), pytest.raises(AwsUnavailableError):
        stores.credentials("abc123")
    with failing(aws.parameters, "ssm.GetParameter"), pytest.raises(AwsUnavailableError):
        stores.policy("abc123")
    assert stores.credentials("abc123").client_id == "invented-client"
    assert stores.policy("abc123") == Policy()
    assert issubclass(AwsUnavailableError, BigchargeError)
