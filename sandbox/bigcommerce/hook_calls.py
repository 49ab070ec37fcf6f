"""The calls of hooks: `/v3/hooks`, `/v3/hooks/{id}`, `/v3/hooks/admin`."""

from dataclasses import replace
from http import HTTPStatus

from sandbox.bigcommerce.calls import Call, Reply, pagination
from sandbox.bigcommerce.errors import Refusal, invalid_data, not_found
from sandbox.bigcommerce.hooks import HOOKS_A_SCOPE, SCOPES, Hook
from sandbox.bigcommerce.state import Shop


def create_hook(call: Call) -> Reply:
    """`POST /v3/hooks` -> 200: one for each scope and destination, ten for each scope."""
    body = _read(call, required=("scope", "destination"))
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
    """`GET /v3/hooks/admin`. The box blocks no destination."""
    hooks = [_spell(call.shop, hook) for hook in call.shop.hooks.values()]
    data = {"emails": list(call.shop.hook_emails), "hooks_list": hooks, "blocked_domains": []}
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
    if not str(body.get("destination", "https://")).startswith(("https://", "http://127.0.0.1", "http://localhost")):
        errors["destination"] = "is not an https address"
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


def _check_room(shop: Shop, hook: Hook) -> None:
    others = [other for other in shop.hooks.values() if other.scope == hook.scope and other.hook_id != hook.hook_id]
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
