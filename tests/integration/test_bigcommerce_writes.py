"""What changes something at BigCommerce, against a server that breaks off, stalls and redirects: sent once."""

import json
import socket
import time
from collections.abc import Callable
from typing import Any, Final

import pytest

from bigcharge.adapters.bigcommerce import Client, Pacing
from bigcharge.domain.errors import (
    BigCommerceError,
    NotFoundError,
    NotSentError,
    OutcomeUnknownError,
    RateLimitedError,
    RefusedError,
    RequestConflictError,
    UnauthorizedError,
    UnprocessableError,
)
from bigcharge.domain.hooks import HookChanges, NewHook
from bigcharge.domain.money import Money
from bigcharge.domain.new_orders import CustomProduct, NewOrder, OrderAddress, OrderChanges
from bigcharge.domain.stored_instruments import (
    InstrumentAddress,
    InstrumentChanges,
    NewInstrument,
    VaultedPaypalAccount,
)
from tests.integration.bigcommerce_wire import (
    CARD_TOKEN,
    SECRETS,
    Behaviour,
    RawServer,
    answer,
    make_client,
    reset,
    say,
    then_reset,
    then_stall,
    then_trickle,
)

PACING = Pacing(connect=0.3, read=0.3, call=1.0, write=0.3, first_wait=0.01)
PRICE = Money(1098, "USD")
ORDER = NewOrder(OrderAddress(city="Austin"), (CustomProduct("Poster", 1, PRICE, PRICE),))
PAYPAL = VaultedPaypalAccount("vault-token", "customer", "shopper@example.com")
VAULTED = NewInstrument("braintree.paypal", "USD", 1, PAYPAL, InstrumentAddress(city="Austin"))
WRITES: Final[dict[str, Callable[[Client], object]]] = {
    "create_order": lambda client: client.orders.create_order(ORDER),
    "update_order": lambda client: client.orders.update_order(215, OrderChanges(status_id=5)),
    "capture_payment": lambda client: client.orders.capture_payment(215),
    "void_payment": lambda client: client.orders.void_payment(215),
    "import_instruments": lambda client: client.stored_instruments.import_instruments([VAULTED]),
    "update_instrument": lambda client: client.stored_instruments.update_instrument(
        CARD_TOKEN, InstrumentChanges(make_default=True)
    ),
    "delete_instruments": lambda client: client.stored_instruments.delete_instruments([CARD_TOKEN]),
    "delete_instrument": lambda client: client.stored_instruments.delete_instrument(CARD_TOKEN),
    "create_hook": lambda client: client.hooks.create_hook(NewHook("store/order/created", "https://example.com")),
    "update_hook": lambda client: client.hooks.update_hook(1, HookChanges(is_active=True)),
    "delete_hook": lambda client: client.hooks.delete_hook(1),
    "set_emails": lambda client: client.hooks.set_emails(["ops@example.com"]),
}
BROKEN: Final[dict[str, Behaviour]] = {
    "reset": reset,
    "closed": say(),
    "stalled": then_stall(),
    "trickled": then_trickle(b"HTTP/1.1 200 OK\r\nX: "),
    "reset in the body": then_reset(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"),
    "redirect": say(answer(307, b"", "Location: /again")),
    "see other": say(answer(303, b"", "Location: /again")),
    "timed out by the server": say(answer(408)),
    "internal error": say(answer(500)),
    "unavailable, to be tried again": say(answer(503, b"", "Retry-After: 0")),
}
REFUSED: Final = {
    400: RefusedError,
    401: UnauthorizedError,
    403: UnauthorizedError,
    404: NotFoundError,
    409: RequestConflictError,
    422: UnprocessableError,
    429: RateLimitedError,
}


@pytest.mark.parametrize("call", WRITES.values(), ids=WRITES.keys())
@pytest.mark.parametrize("behaviour", BROKEN.values(), ids=BROKEN.keys())
def test_a_write_without_a_reliable_answer_is_unknown_and_sent_once(
    server: RawServer, behaviour: Behaviour, call: Callable[[Client], object]
) -> None:
    server.behaviours = [behaviour]
    start = time.monotonic()
    with pytest.raises(OutcomeUnknownError) as caught:
        call(make_client(server.port, pacing=PACING))
    assert time.monotonic() - start < 1
    assert len(server.requests) == 1
    assert not [secret for secret in SECRETS if secret in f"{caught.value!r}{caught.value}"]


@pytest.mark.parametrize("call", WRITES.values(), ids=WRITES.keys())
def test_a_write_that_was_refused_says_so_by_type_and_is_sent_once(
    server: RawServer, call: Callable[[Client], object]
) -> None:
    for status, error in REFUSED.items():
        server.behaviours = [say(answer(status, b'{"title": "Word"}'))]
        server.requests.clear()
        with pytest.raises(RefusedError) as caught:
            call(make_client(server.port, pacing=PACING))
        assert (type(caught.value), caught.value.status) == (error, status)
        assert len(server.requests) == 1


@pytest.mark.parametrize("call", WRITES.values(), ids=WRITES.keys())
def test_nothing_was_sent_where_nobody_listens(call: Callable[[Client], object]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(NotSentError):
        call(make_client(port, pacing=PACING))


def test_no_write_goes_over_a_connection_that_was_kept_open(server: RawServer) -> None:
    """It may be dead by then, and an order lost on it could not be told from one that was made."""
    server.behaviours = [lambda sock: sock.sendall(answer(204))]
    client = make_client(server.port, pacing=PACING)
    for _ in range(2):
        client.hooks.delete_hook(1)
    assert (len(server.requests), server.connections) == (2, 2)


def test_tokens_to_be_deleted_are_spread_over_urls_that_stay_short(server: RawServer) -> None:
    server.behaviours = [say(answer(204))]
    tokens = [f"{number:064x}" for number in range(100)]
    make_client(server.port, pacing=PACING).stored_instruments.delete_instruments(tokens)
    lines = [request.split(b"\r\n")[0].decode() for request in server.requests]
    assert len(lines) == 4
    assert max(len(line) for line in lines) < 2000
    named = [line.removesuffix(" HTTP/1.1").partition("?token:in=")[2].split(",") for line in lines]
    assert [token for names in named for token in names] == tokens


def test_what_failed_stops_the_deletes_that_would_have_followed(server: RawServer) -> None:
    server.behaviours = [say(answer(204)), reset]
    with pytest.raises(OutcomeUnknownError):
        make_client(server.port, pacing=PACING).stored_instruments.delete_instruments(
            [f"{number:064x}" for number in range(100)]
        )
    assert len(server.requests) == 2


def test_no_token_to_be_deleted_sends_nothing() -> None:
    """A delete without tokens is left unsaid: what BigCommerce would do with it is not documented."""
    make_client(1, pacing=PACING).stored_instruments.delete_instruments([])


def show_for_ever(server: RawServer, entries: list[dict[str, Any]], **meta: object) -> None:
    """The same page whatever is asked for, but for the time of the last change, which moves."""

    def show(sock: socket.socket) -> None:
        page = [entry | {"updated_at": 1551390142 + len(server.requests)} for entry in entries]
        sock.sendall(answer(200, json.dumps({"data": page, "meta": meta}).encode()))

    server.behaviours = [*(show,) * 9, reset]  # nobody who asks so often would ever stop


HOOKS = [
    {"id": number, "scope": "store/order/created", "destination": f"https://example.com/{number}", "is_active": True}
    for number in (1, 2)
]


def test_orders_that_are_one_page_for_ever_end_with_an_error(server: RawServer) -> None:
    """None may be left out, and what the page does not show nobody knows."""
    show_for_ever(server, [{"id": 1, "status_id": 0}])
    orders = make_client(server.port, pacing=PACING).orders.list_orders()
    assert next(orders).order_id == 1
    with pytest.raises(OutcomeUnknownError, match="same page"):
        next(orders)
    assert len(server.requests) == 2


def test_hooks_that_a_host_gives_all_at_once_whatever_the_page_are_listed_once(server: RawServer) -> None:
    show_for_ever(server, HOOKS)
    assert [hook.hook_id for hook in make_client(server.port, pacing=PACING).hooks.list_hooks()] == [1, 2]
    assert len(server.requests) == 2


def test_a_hook_that_is_made_while_they_are_listed_shows_none_twice(server: RawServer) -> None:
    pages = [json.dumps({"data": HOOKS[:number]}).encode() for number in (1, 2, 2)]
    server.behaviours = [say(answer(200, page)) for page in pages]
    assert [hook.hook_id for hook in make_client(server.port, pacing=PACING).hooks.list_hooks()] == [1, 2]


def test_null_is_no_hooks_and_nothing_else(server: RawServer) -> None:
    """Of orders, instruments and transactions it might be any; hooks taken for missing are refused as doubles."""
    server.behaviours = [lambda sock: sock.sendall(answer(200, b'{"data": null, "meta": {}}'))]
    client = make_client(server.port, pacing=PACING)
    assert list(client.hooks.list_hooks()) == []
    others: list[Callable[[], object]] = [
        lambda: list(client.orders.list_orders()),
        lambda: list(client.stored_instruments.list_pages()),
        lambda: client.list_customer_instruments(7),
        lambda: client.get_transactions(215),
    ]
    for call in others:
        with pytest.raises(OutcomeUnknownError):
            call()
    server.behaviours = [lambda sock: sock.sendall(answer(200, b"{}"))]
    with pytest.raises(OutcomeUnknownError):
        list(client.hooks.list_hooks())


def test_hooks_that_fill_one_page_for_ever_may_not_be_all(server: RawServer) -> None:
    show_for_ever(server, HOOKS)
    with pytest.raises(OutcomeUnknownError, match="same page"):
        list(make_client(server.port, pacing=PACING).hooks.list_hooks(limit=2))
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("pagination", "requests"),
    [
        ({"current_page": 1, "total_pages": 1}, 1),
        ({"current_page": "1", "total_pages": "1"}, 1),
        ({"current_page": 1, "total_pages": 2}, 2),
        ({"current_page": 1, "total_pages": 0}, 2),
        ({"current_page": 1, "total_pages": None}, 2),
        ({"total_pages": 1}, 2),
        (None, 2),
    ],
)
def test_a_page_that_says_that_it_is_the_last_is_believed(
    server: RawServer, pagination: dict[str, object] | None, requests: int
) -> None:
    show_for_ever(server, HOOKS, pagination=pagination)
    assert len(list(make_client(server.port, pacing=PACING).hooks.list_hooks())) == 2
    assert len(server.requests) == requests


def test_cursors_that_lead_in_a_circle_end_with_an_error(server: RawServer) -> None:
    body = b'{"data": [{}], "meta": {"cursor_pagination": {"end_cursor": "ODc="}}}'
    server.behaviours = [lambda sock: sock.sendall(answer(200, body))]
    with pytest.raises(BigCommerceError):
        list(make_client(server.port, pacing=PACING).stored_instruments.list_pages())
    lines = [request.split(b" HTTP/1.1")[0].decode() for request in server.requests]
    path = "GET /stores/abc123/v3/payments/stored-instruments"
    assert lines == [f"{path}?limit=250", f"{path}?after=ODc%3D&limit=250"]


@pytest.mark.parametrize("cursors", [{}, {"cursor_pagination": None}, {"cursor_pagination": {"end_cursor": None}}])
def test_instruments_without_a_cursor_to_the_rest_are_no_whole_list(
    server: RawServer, cursors: dict[str, object]
) -> None:
    def show(total: object) -> None:
        meta = {"pagination": {"total": total}, **cursors}
        body = json.dumps({"data": [{}, {}], "meta": meta}).encode()
        server.behaviours = [lambda sock: sock.sendall(answer(200, body))]

    calls = make_client(server.port, pacing=PACING).stored_instruments
    show(3)
    pages = calls.list_pages(limit=2)
    assert next(pages).entries == 2
    with pytest.raises(OutcomeUnknownError, match="breaks off"):
        next(pages)
    assert len(list(calls.list_pages(after="ODc=", limit=2))) == 1, "what came before the cursor is part of the total"
    for total in (2, None):
        show(total)
        assert len(list(calls.list_pages(limit=2))) == 1


def test_instruments_that_end_where_their_total_says_are_all(server: RawServer) -> None:
    metas: list[dict[str, object]] = [{"cursor_pagination": {"end_cursor": "ODc="}}, {}]
    pages = [{"data": [{}], "meta": meta | {"pagination": {"total": 2}}} for meta in metas]
    server.behaviours = [say(answer(200, json.dumps(page).encode())) for page in pages]
    assert len(list(make_client(server.port, pacing=PACING).stored_instruments.list_pages(limit=1))) == 2
