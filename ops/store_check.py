"""`bigcharge stores check`: what a store still lacks before it can be charged. It changes nothing."""

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from bigcharge.domain.errors import (
    BigchargeError,
    BigCommerceError,
    InvalidInputError,
    UnauthorizedError,
    UnknownStoreError,
)
from bigcharge.domain.new_orders import OrderFilter
from bigcharge.domain.policy import ANYTHING
from ops.aws import open_ledger
from ops.hook_wording import describe_faults, explain_block, explain_refusal
from ops.store_access import connect_stores, open_hook_keeping, open_stores
from ops.wording import explain_reason

if TYPE_CHECKING:
    from bigcharge.adapters.bigcommerce import Client
    from bigcharge.domain.orders import Order
    from bigcharge.domain.stores import Credentials

_STORED: Final = "STORED_"  # of BigCommerce's words for stored instruments
_NO_TOKEN: Final = 401


class Level(StrEnum):
    """How a thing stands."""

    OK = "ok"
    MISSING = "missing"
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that a store needs.

    Attributes:
        level: how it stands.
        what: in plain words.
        todo: what to do about it; empty where nothing is to be done.
    """

    level: Level
    what: str
    todo: str = ""


def check_store(store: str, stage: str, api_url: str | None) -> Iterator[Line]:
    """Go through what a store needs: credentials, policy, scopes, gateways, hooks."""
    yield from _check_policy(store, stage)
    pause = open_ledger(stage).read_pause(store)
    try:
        credentials = open_stores(stage).credentials(store)
    except UnknownStoreError:
        yield Line(Level.MISSING, "no credentials are kept", f"bigcharge stores add {store}")
        return
    except BigchargeError as error:
        yield Line(Level.MISSING, str(error), f"bigcharge stores rotate {store}")
        return
    yield Line(Level.OK, "credentials are kept")
    if pause is not None and pause.holds(credentials):
        yield Line(
            Level.MISSING, f"the store is paused: {explain_reason(pause.reason)}", f"bigcharge stores resume {store}"
        )
    yield from _check_access(connect_stores(api_url)(credentials))
    yield from _check_hooks(store, stage, api_url)


def print_lines(lines: Iterable[Line]) -> None:
    """Print what a check found, one thing a line; what is missing on stderr."""
    for line in lines:
        todo = f": {line.todo}" if line.todo else ""
        stream = sys.stderr if line.level is Level.MISSING else sys.stdout
        print(f"{line.level:<9}{line.what}{todo}", file=stream, flush=True)


def find_refusal(credentials: "Credentials", api_url: str | None) -> str | None:
    """Why BigCommerce does not take an access token, asked by a call that changes nothing; None: it takes it."""
    try:
        next(connect_stores(api_url)(credentials).orders.list_orders(limit=1), None)
    except BigCommerceError as error:
        return str(error)
    return None


def _check_policy(store: str, stage: str) -> Iterator[Line]:
    name = f"/bigcharge/{stage}/stores/{store}/policy"
    try:
        policy = open_stores(stage).policy(store)
    except InvalidInputError as error:
        yield Line(Level.MISSING, f"the policy cannot be read ({error}), so nothing is charged", f"correct {name}")
        return
    if policy is None:
        yield Line(Level.MISSING, "there is no policy, so nothing is charged", f"put one in the parameter {name}")
    elif not policy.external_sources:
        yield Line(Level.MISSING, "the policy charges nothing", "name in external_sources who makes the orders")
    elif ANYTHING in policy.external_sources:
        yield Line(Level.OK, "the policy charges the orders of any external_source")
    else:
        yield Line(Level.OK, f"the policy charges the orders of {', '.join(policy.external_sources)}")


def _check_access(client: "Client") -> Iterator[Line]:
    """A call that changes nothing for each scope."""
    order: Order | None = None
    try:
        order = next(client.orders.list_orders(OrderFilter(sort="id:desc"), limit=1), None)
        yield Line(Level.OK, "orders can be read")
    except UnauthorizedError as error:
        if error.status == _NO_TOKEN:
            yield Line(Level.MISSING, "BigCommerce refuses the access token", "bigcharge stores rotate")
            return
        yield _refused("orders", "Orders: modify", error)
    except BigCommerceError as error:
        yield _refused("orders", "Orders: modify", error)
    stored = client.stored_instruments
    yield _try("stored instruments", "Stored Payment Instruments: read-only", lambda: next(stored.list_pages(), None))
    if order is None:
        yield Line(
            Level.UNPROVEN,
            "transactions, payment methods and gateways: there is no order to ask about",
            "make an order",
        )
    else:
        yield from _check_order(client, order)
    yield Line(
        Level.UNPROVEN,
        "payments can be made: only a payment access token would show it, and none is made here",
        "give the API account the scope Create Payments: create",
    )
    yield Line(Level.UNPROVEN, "the client secret: the first webhook that is accepted shows it")


def _check_order(client: "Client", order: "Order") -> Iterator[Line]:
    scope = "Order Transactions: read-only"
    yield _try("transactions", scope, lambda: client.get_transactions(order.order_id))
    scope = "Get Payment Methods: read-only"
    try:
        methods = client.get_payment_methods(order.order_id)
    except BigCommerceError as error:
        yield _refused(f"the payment methods of order {order.order_id}", scope, error)
        return
    yield Line(Level.OK, "payment methods can be read")
    taking = [one for one in methods if any(kind.instrument_type.startswith(_STORED) for kind in one.supported)]
    for method in taking:
        kinds = ", ".join(kind.instrument_type for kind in method.supported if kind.instrument_type.startswith(_STORED))
        yield Line(Level.OK, f"{method.method_id} takes {kinds}")
    if not taking:
        todo = "turn on stored instruments for a gateway in the store's payment settings"
        yield Line(Level.MISSING, f"no gateway takes stored instruments (asked for order {order.order_id})", todo)


def _check_hooks(store: str, stage: str, api_url: str | None) -> Iterator[Line]:
    try:
        look = open_hook_keeping(stage, api_url).look(store)
    except BigchargeError as error:
        yield Line(Level.MISSING, f"the hooks cannot be read: {error}", "try again; see bigcharge hooks status")
        return
    good = [hook for hook in look.kept.hooks.values() if not hook.faults]
    if good:
        yield Line(Level.OK, f"{len(good)} of {len(look.kept.hooks)} hooks are there and point here")
    for hook in (hook for hook in look.kept.hooks.values() if hook.own_faults):
        todo = explain_refusal(hook.refusal) if hook.refusal else f"bigcharge hooks sync --store {store}"
        yield Line(Level.MISSING, f"the hook of {hook.scope}: {describe_faults(hook.own_faults)}", todo)
    if look.kept.block is not None:
        todo = "find out why this deployment does not answer"
        yield Line(Level.MISSING, explain_block(look.kept.block), todo)


def _try(what: str, scope: str, call: Callable[[], object]) -> Line:
    try:
        call()
    except BigCommerceError as error:
        return _refused(what, scope, error)
    return Line(Level.OK, f"{what} can be read")


def _refused(what: str, scope: str, error: BigCommerceError) -> Line:
    """Only a refusal for want of rights says that a scope is missing."""
    if isinstance(error, UnauthorizedError):
        return Line(Level.MISSING, f"{what} cannot be read", f"give the API account the scope {scope}")
    return Line(Level.UNPROVEN, f"{what} could not be read: {error}", "try again later")
