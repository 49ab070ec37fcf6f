"""Credentials are rotated in Secrets Manager while they are in use: found at once, and not at a stranger's bidding."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from bigcharge.adapters.allowances import Allowance
from bigcharge.adapters.stores import AwsStores
from bigcharge.domain.errors import TooManyStoresError, UnknownStoreError
from bigcharge.domain.stores import Credentials
from tests.integration.conftest import Aws, Watch

STORE = "abc123"
NAME = f"bigcharge/test/stores/{STORE}"


@pytest.fixture
def stores(aws: Aws, watch: Watch) -> AwsStores:
    aws.secrets.create_secret(Name=NAME, SecretString=spell(1))
    return AwsStores(aws.secrets, aws.parameters, "test", watch)


@pytest.fixture
def reads(aws: Aws) -> Iterator[list[str]]:
    """The versions that were read of any secret."""
    labels: list[str] = []

    def note(params: dict[str, Any], **_: object) -> None:
        labels.append(params["VersionStage"])

    aws.secrets.meta.events.register("provide-client-params.secretsmanager.GetSecretValue", note)
    yield labels
    aws.secrets.meta.events.unregister("provide-client-params.secretsmanager.GetSecretValue", note)


def spell(number: int) -> str:
    return json.dumps({name: f"invented-{name}-{number}" for name in ("access_token", "client_id", "client_secret")})


def rotate(aws: Aws, number: int) -> None:
    aws.secrets.put_secret_value(SecretId=NAME, SecretString=spell(number))


def number(credentials: Credentials) -> int:
    return int(credentials.client_secret.rpartition("-")[2])


def numbers(found: Iterator[Credentials]) -> list[int]:
    return [number(credentials) for credentials in found]


def test_who_is_refused_is_given_the_version_before_and_then_what_was_written_since(
    aws: Aws, stores: AwsStores
) -> None:
    rotate(aws, 2)
    known = stores.credentials(STORE)
    others = stores.find_others(known)
    assert (number(known), number(next(others))) == (2, 1)
    rotate(aws, 3)
    assert numbers(others) == [3]
    assert number(stores.credentials(STORE)) == 3, "and it is kept"
    assert numbers(stores.find_others(stores.credentials(STORE))) == [2], "with the one before it"


def test_two_rotations_in_a_row_are_followed(aws: Aws, stores: AwsStores, watch: Watch) -> None:
    """AWSPREVIOUS is read anew with AWSCURRENT: what signs may be neither of the two that were known."""
    known = stores.credentials(STORE)
    assert numbers(stores.find_others(known)) == []
    rotate(aws, 2)
    rotate(aws, 3)
    watch.seconds += 10
    assert numbers(stores.find_others(known)) == [3, 2]


def test_who_was_refused_with_what_is_out_of_date_is_given_what_is_known_by_now(
    aws: Aws, stores: AwsStores, reads: list[str]
) -> None:
    out_of_date = stores.credentials(STORE)
    rotate(aws, 2)
    stores.refresh(STORE)
    reads.clear()
    assert number(next(stores.find_others(out_of_date))) == 2
    assert reads == []


def test_a_version_that_was_withdrawn_holds_for_five_minutes_at_most_whatever_strangers_do(
    aws: Aws, stores: AwsStores, watch: Watch
) -> None:
    rotate(aws, 2)
    known = stores.credentials(STORE)
    assert numbers(stores.find_others(known)) == [1]
    versions = aws.secrets.describe_secret(SecretId=NAME)["VersionIdsToStages"]
    [old] = [version for version, stages in versions.items() if "AWSPREVIOUS" in stages]
    aws.secrets.update_secret_version_stage(SecretId=NAME, VersionStage="AWSPREVIOUS", RemoveFromVersionId=old)
    for _ in range(30):
        watch.seconds += 10
        list(stores.find_others(known))
    assert numbers(stores.find_others(known)) == []


def test_a_version_before_that_cannot_be_used_is_none(aws: Aws, stores: AwsStores) -> None:
    aws.secrets.put_secret_value(SecretId=NAME, SecretString="{}")
    rotate(aws, 2)
    assert numbers(stores.find_others(stores.credentials(STORE))) == []


def test_a_store_that_never_rotated_has_no_other_credentials(stores: AwsStores) -> None:
    assert numbers(stores.find_others(stores.credentials(STORE))) == []


def test_ten_thousand_forged_webhooks_of_a_store_in_a_minute_are_eight_reads(
    stores: AwsStores, watch: Watch, reads: list[str]
) -> None:
    """Both versions once, and the newest once in ten seconds."""
    for _ in range(10_000):
        list(stores.find_others(stores.credentials(STORE)))
        watch.seconds += 60 / 10_000
    assert reads.count("AWSPREVIOUS") == 1
    assert reads.count("AWSCURRENT") == 1 + 6


def test_forged_webhooks_of_many_stores_read_twice_a_second_in_all(
    aws: Aws, stores: AwsStores, watch: Watch, reads: list[str]
) -> None:
    names = [f"store-{number}" for number in range(100)]
    for name in names:
        aws.secrets.create_secret(Name=f"bigcharge/test/stores/{name}", SecretString=spell(1))
        list(stores.find_others(stores.credentials(name)))
    reads.clear()
    for _ in range(60):
        watch.seconds += 1
        for name in names:
            list(stores.find_others(stores.credentials(name)))
    assert len(reads) <= 20 + 60 * 2, f"{len(reads)} for 6,000 forged webhooks"


def test_made_up_stores_are_looked_up_a_few_at_once_and_then_at_a_rate(
    aws: Aws, watch: Watch, reads: list[str]
) -> None:
    aws.secrets.create_secret(Name=NAME, SecretString=spell(1))
    stores = AwsStores(aws.secrets, aws.parameters, "test", watch, Allowance(100, 10, watch))
    stores.credentials(STORE)
    refused = 0
    for count in range(10_000):
        try:
            stores.credentials(f"made-up-{count}")
        except UnknownStoreError:
            pass
        except TooManyStoresError:
            refused += 1
        watch.seconds += 60 / 10_000
    assert len(reads) <= 100 + 60 * 10
    assert refused == 10_000 - (len(reads) - 1)
    watch.seconds += 300
    for count in range(200):  # what came back meanwhile is used up
        with pytest.raises((TooManyStoresError, UnknownStoreError)):
            stores.credentials(f"another-{count}")
    assert number(stores.credentials(STORE)) == 1, "a store that was met is read again, whatever strangers do"


def test_calls_that_are_refused_at_the_same_time_both_learn_of_the_new_credentials(
    aws: Aws, stores: AwsStores, reads: list[str]
) -> None:
    known = stores.credentials(STORE)
    rotate(aws, 2)
    reads.clear()
    together = Barrier(8)

    def learn(_: int) -> list[int]:
        together.wait()
        return numbers(stores.find_others(known))

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(learn, range(8)))
    assert all(2 in learned for learned in found), found
    assert reads.count("AWSCURRENT") == 1


def test_a_refresh_that_finds_the_secret_gone_says_that_the_store_is_unknown(aws: Aws, stores: AwsStores) -> None:
    known = stores.credentials(STORE)
    aws.secrets.delete_secret(SecretId=NAME)
    with pytest.raises(UnknownStoreError):
        list(stores.find_others(known))
