"""While an access token is rotated, a call that BigCommerce refuses is made with the others that may hold."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from bigcharge.adapters.bigcommerce.access import Access
from bigcharge.adapters.bigcommerce.transport import Answer
from bigcharge.domain.errors import InvalidInputError
from bigcharge.domain.stores import Credentials
from tests.fakes import CREDENTIALS

OLD, NEW = CREDENTIALS, replace(CREDENTIALS, access_token="invented-new-token")


class Host:
    """Lets in who shows one of its tokens."""

    def __init__(self, *tokens: str, status: int = 401) -> None:
        self.tokens = tokens
        self.status = status
        self.shown: list[str] = []

    def send(self, token: str) -> Answer:
        self.shown.append(token)
        return Answer(200 if token in self.tokens else self.status, {}, b"")


def others(*credentials: Credentials) -> Callable[[Credentials], Iterator[Credentials]]:
    return lambda _: iter(credentials)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_call_is_made_with_the_next_token_and_so_are_those_after_it(status: int) -> None:
    host, access = Host(NEW.access_token, status=status), Access(OLD, others(NEW))
    assert [access.exchange(host.send).status for _ in range(2)] == [200, 200]
    assert host.shown == [OLD.access_token, NEW.access_token, NEW.access_token]


def test_what_is_let_in_asks_for_no_other_credentials() -> None:
    def forbid(_: Credentials) -> Iterator[Credentials]:
        raise AssertionError

    assert Access(OLD, forbid).exchange(Host(OLD.access_token).send).status == 200


@pytest.mark.parametrize("status", [400, 404, 409, 422, 429, 500, 503])
def test_another_refusal_has_nothing_to_do_with_the_token(status: int) -> None:
    host = Host(status=status)
    assert Access(OLD, others(NEW)).exchange(host.send).status == status
    assert host.shown == [OLD.access_token]


def test_where_none_is_let_in_the_first_answer_counts() -> None:
    host = Host()
    assert Access(OLD, others(NEW)).exchange(host.send).status == 401
    assert host.shown == [OLD.access_token, NEW.access_token]


def test_a_token_is_shown_once_though_several_versions_hold_it() -> None:
    """Another client secret alone is a new version too."""
    host = Host()
    Access(OLD, others(replace(OLD, client_secret="another"), NEW, NEW)).exchange(host.send)
    assert host.shown == [OLD.access_token, NEW.access_token]


def test_a_token_that_cannot_stand_in_a_header_is_not_sent() -> None:
    host = Host()
    with pytest.raises(InvalidInputError):
        Access(OLD, others(replace(OLD, access_token="a\nb"))).exchange(host.send)
    assert host.shown == [OLD.access_token]


def test_nothing_shows_a_token() -> None:
    assert "invented" not in repr(Access(OLD, others(NEW))).replace("invented-client-id", "")
