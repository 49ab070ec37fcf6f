"""The calls of hooks: `/v3/hooks`, `/v3/hooks/{id}`, `/v3/hooks/admin`."""

import math
from dataclasses import replace
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from sandbox.bigcommerce.blocking import domain_of
from sandbox.bigcommerce.calls import Call, Reply, pagination
from sandbox.bigcommerce.errors import Refusal, forbidden, invalid_data, not_found
from sandbox.bigcommerce.hooks import DELIVERY_EXCEPTION, HOOKS_A_SCOPE, SCOPES, Hook
from sandbox.bigcommerce.state import Shop

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
# "webhooks need the scope of what they watch"; uninstallation and delivery exceptions are everybody's.
_WATCHED: Final = {
    "store/order/transaction/": {"store_v2_transactions", "store_v2_orders"},
    "store/order/": {"store_v2_orders"},
    "store/cart/": {"store_cart"},
    "store/customer/payment/": {"store_stored_payment_instruments", "store_v2_customers"},
    "store/customer/": {"store_v2_customers"},
}


def create_hook(call: Call) -> Reply:
    """`POST /v3/hooks` -> 200: one for each scope and destination, ten for each scope."""
    body = _read(call, required=("scope", "destination"))
    _check_scope(call, str(body["scope"]))
    now = int(call.state.clock().timestamp())
    hook = Hook(
        hook_id=call.shop.next_id("hook"),
        scope=str(body["scope"]),
        destination=str(body["destination"]),
        is_active=bool(body.get("is_active", True)),
        created_at=now,
        updated_at=now,
        headers=body.get("headers"),  # type: ignore[arg-type]  # checked by _read
    )
    _check_room(call.shop, hook)
    call.shop.hooks[hook.hook_id] = hook
    return Reply(body={"data": _spell(call.shop, hook), "meta": {}})


def list_hooks(call: Call) -> Reply:
    """`GET /v3/hooks`, with `is_active`, `scope`, `destination`."""
    page, limit = call.page()
    args = call.request.args
    kept = [
        _spell(call.shop, hook)
        for hook in call.shop.hooks.values()
        if args.get("is_active") in {None, str(hook.is_active).lower()}
        and args.get("scope") in {None, hook.scope}
        and args.get("destination") in {None, hook.destination}
    ]
    part = kept[(page - 1) * limit : page * limit]
    return Reply(body={"data": part, "meta": {"pagination": pagination(len(kept), len(part), page, limit)}})


def get_hook(call: Call) -> Reply:
    """`GET /v3/hooks/{id}`."""
    return Reply(body={"data": _spell(call.shop, _find(call)), "meta": {}})


def update_hook(call: Call) -> Reply:
    """`PUT /v3/hooks/{id}`; also what makes a deactivated one active again."""
    hook, body = _find(call), _read(call)
    _check_scope(call, str(body.get("scope", hook.scope)))
    now = int(call.state.clock().timestamp())
    changed = replace(hook, **{**body, "updated_at": now})  # type: ignore[arg-type]  # checked by _read
    if (changed.scope, changed.destination) != (hook.scope, hook.destination):
        _check_room(call.shop, changed)
    call.shop.hooks[hook.hook_id] = changed
    return Reply(body={"data": _spell(call.shop, changed), "meta": {}})


def delete_hook(call: Call) -> Reply:
    """`DELETE /v3/hooks/{id}`: answers what was deleted."""
    hook = _find(call)
    del call.shop.hooks[hook.hook_id]
    return Reply(body={"data": _spell(call.shop, hook), "meta": {}})


def get_hooks_admin(call: Call) -> Reply:
    """`GET /v3/hooks/admin`; of the blocked domains those that the store's hooks point at, `time_left` in seconds."""
    now, hooks = call.state.clock(), call.shop.hooks.values()
    domains = {domain_of(hook.destination) for hook in hooks}
    blocked = [
        {
            "destination": block.domain,
            "time_left": math.ceil((block.until - now).total_seconds()),
            "reasons": [block.reason],
        }
        for block in call.state.watch.blocks(now)
        if block.domain in domains
    ]
    spelled = [_spell(call.shop, hook) for hook in hooks]
    data = {"emails": list(call.shop.hook_emails), "hooks_list": spelled, "blocked_domains": blocked}
    return Reply(body={"data": data, "meta": {}})


def update_hooks_admin(call: Call) -> Reply:
    """`PUT /v3/hooks/admin` -> 204: the notification e-mails."""
    body = call.json()
    emails = body.get("emails") if isinstance(body, dict) else None
    if not isinstance(emails, list) or not all(isinstance(email, str) and "@" in email for email in emails):
        raise invalid_data({"emails": "is not a list of e-mail addresses"})
    call.shop.hook_emails[:] = emails
    return Reply(HTTPStatus.NO_CONTENT)


def _find(call: Call) -> Hook:
    hook = call.shop.hooks.get(call.number("hook_id"))
    if hook is None:
        raise not_found(f"Webhook with id [{call.number('hook_id')}] not found")
    return hook


def _read(call: Call, required: tuple[str, ...] = ()) -> dict[str, object]:
    body = call.json()
    if not isinstance(body, dict):
        raise invalid_data({"body": "is not an object"})
    errors = {name: "error.path.missing." for name in required if name not in body}
    if body.get("scope", "store/order/*") not in SCOPES:
        errors["scope"] = "is not a scope"
    if not _is_destination(body.get("destination", "https://example.com/")):
        errors["destination"] = "is not an https address on port 443"
    if not isinstance(body.get("is_active", True), bool):
        errors["is_active"] = "is not a boolean"
    headers = body.get("headers")
    if headers is not None and not (
        isinstance(headers, dict) and all(isinstance(text, str) for text in headers.values())
    ):
        errors["headers"] = "is not an object of texts"
    if errors:
        raise invalid_data(errors)
    return {name: body[name] for name in ("scope", "destination", "is_active", "headers") if name in body}


def _is_destination(value: object) -> bool:
    """Whether BigCommerce would post there; loopback is let through in plain HTTP, or nobody could try anything."""
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
        port = parts.port if parts else None
    except ValueError:
        return False
    if parts is None or not parts.hostname:
        return False
    if parts.scheme == "http":
        return parts.hostname in _LOOPBACK
    return parts.scheme == "https" and (port in {None, 443} or parts.hostname in _LOOPBACK)


def _check_scope(call: Call, scope: str) -> None:
    """A hook needs the OAuth scope of what it watches.

    Raises:
        Refusal: 403.
    """
    granted = call.shop.store.oauth_scopes
    watched = next((needed for prefix, needed in _WATCHED.items() if scope.startswith(prefix)), None)
    if granted is None or watched is None:
        return
    if not {name.removesuffix("_read_only") for name in granted} & watched:
        raise forbidden()


def _check_room(shop: Shop, hook: Hook) -> None:
    everyone = [other for other in shop.hooks.values() if other.hook_id != hook.hook_id]
    exceptional = [other.destination for other in everyone if other.scope == DELIVERY_EXCEPTION]
    if hook.scope == DELIVERY_EXCEPTION:
        if exceptional:
            # No violation: of two workers that make it at once one loses.
            errors = {"scope": "the store has a delivery exception hook already"}
            raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "JSON data is missing or invalid", errors=errors)
        exceptional = [other.destination for other in everyone]
    if hook.destination in exceptional:
        raise invalid_data({"destination": "a delivery exception hook needs a destination of its own"})
    others = [other for other in everyone if other.scope == hook.scope]
    if any(other.destination == hook.destination for other in others):
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "A webhook with this scope and destination already exists.")
    if len(others) >= HOOKS_A_SCOPE:
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "There are ten webhooks of this scope already.")


def _spell(shop: Shop, hook: Hook) -> dict[str, object]:
    return {
        "id": hook.hook_id,
        "client_id": shop.store.client_id,
        "store_hash": shop.store.store_hash,
        "scope": hook.scope,
        "destination": hook.destination,
        "headers": None if hook.headers is None else dict(hook.headers),
        "is_active": hook.is_active,
        "created_at": hook.created_at,
        "updated_at": hook.updated_at,
    }
