"""The box as a WSGI application: credentials, rate limits and planned faults around the calls. It opens no socket."""

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from http import HTTPStatus
from http.client import responses
from typing import TYPE_CHECKING, Final

from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from sandbox.bigcommerce import tokens
from sandbox.bigcommerce.calls import Call, Reply
from sandbox.bigcommerce.errors import Refusal, coded, forbidden, unauthorized
from sandbox.bigcommerce.faults import Answer, Endpoint
from sandbox.bigcommerce.logs import Served
from sandbox.bigcommerce.page import find_page
from sandbox.bigcommerce.routes import ROUTES, Route
from sandbox.bigcommerce.spoiling import hang_up, spoil
from sandbox.bigcommerce.state import Shop, State

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_USUAL: Final = Answer()
_BODYLESS: Final = frozenset({Endpoint.CAPTURE, Endpoint.VOID})


@dataclass(frozen=True, slots=True)
class _Visit:
    """One request on its way through the box."""

    route: Route
    store_hash: str
    request: Request
    ids: Mapping[str, str | int]


class Application:
    """The WSGI application of a box.

    Args:
        state: the box's.
        control: answers paths under `/_control`.
    """

    def __init__(self, state: State, control: Callable[[Request], Response]) -> None:
        self._state = state
        self._control = control
        rules = [Rule(f"/stores/<store_hash>{route.path}", endpoint=route, methods=[route.method]) for route in ROUTES]
        self._map = Map(rules, strict_slashes=False, redirect_defaults=False, merge_slashes=False)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request.

        Raises:
            ConnectionAbortedError: the planned answer is none; the server closes the connection without a word.
        """
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.path.startswith("/_control"):
            return self._control(request)
        if request.method == "GET" and (page := find_page(request.path)):
            return page
        try:
            route, matched = self._map.bind_to_environ(request.environ).match()
        except HTTPException as error:
            refusal = Refusal(error.code or HTTPStatus.NOT_FOUND, error.name)
            with self._state.lock:
                self._state.note_violation("", f"{request.method} on no call of BigCommerce", refusal)
            return _to_response(_refuse(refusal))
        ids = dict(matched)
        store_hash = ids.pop("store_hash")
        return self._serve(_Visit(route, store_hash, request, ids))

    def _serve(self, visit: _Visit) -> Response:
        state, headers, planned = self._state, dict[str, str](), _USUAL
        try:
            with state.lock:
                shop = state.shop(visit.store_hash)
                headers = self._count(visit)
                _check_credentials(visit, shop)
                planned = state.faults.take(visit.route.endpoint, visit.store_hash, _order_id_of(visit)) or _USUAL
            reply = self._act(visit, shop, planned)
        except Refusal as refusal:
            reply = self._note(visit, refusal)
        if planned.delay_after:
            state.sleep(planned.delay_after)
        dropped = planned.drop == "after"
        self._log(visit, None if dropped else reply.status)
        if dropped:
            hang_up(visit.request)
        response = _to_response(reply, {**headers, **planned.headers})
        return spoil(response, planned) if planned.spoil else response

    def _act(self, visit: _Visit, shop: Shop, planned: Answer) -> Reply:
        if planned.delay_before:
            self._state.sleep(planned.delay_before)
        if planned.drop == "before":
            self._log(visit, None)
            hang_up(visit.request)
        is_payment = visit.route.endpoint is Endpoint.PAYMENTS
        if not planned.acts and not (is_payment and planned.code is not None):
            return _replace(planned)
        call = Call(self._state, shop, visit.request, visit.ids, planned if is_payment else None)
        with nullcontext() if is_payment else self._state.lock:
            reply = visit.route.handler(call)
        return _replace(planned) if planned.acted else reply

    def _count(self, visit: _Visit) -> dict[str, str]:
        """Count the request against the store's quota; the headers that say what is left."""
        is_payment = visit.route.endpoint is Endpoint.PAYMENTS
        quota = self._state.payments_quota if is_payment else self._state.rest_quota
        within, headers = quota.take(visit.store_hash, self._state.clock())
        if not within:
            raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, "Too Many Requests", headers=headers)
        return headers

    def _note(self, visit: _Visit, refusal: Refusal) -> Reply:
        refusal.status_list = visit.route.is_v2
        if refusal.violation:
            with self._state.lock:
                self._state.note_violation(visit.store_hash, visit.route.endpoint, refusal)
        return _refuse(refusal)

    def _log(self, visit: _Visit, status: int | None) -> None:
        served = Served(self._state.clock(), visit.store_hash, visit.route.endpoint, _order_id_of(visit), status)
        with self._state.lock:
            self._state.served.append(served)


def _check_credentials(visit: _Visit, shop: Shop) -> None:
    request = visit.request
    has_body = request.method in {"POST", "PUT"} and visit.route.endpoint not in _BODYLESS
    if has_body and request.mimetype != "application/json":
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The Content-Type must be application/json.", violation=True)
    if visit.route.endpoint is Endpoint.PAYMENTS:
        return
    if request.headers.get("X-Auth-Token") != shop.store.access_token:
        title = (
            "Unauthorized - the v3 Auth client ID or token in the request are not a valid combination for this store."
        )
        raise unauthorized(title)
    if not request.accept_mimetypes.quality("application/json"):
        raise Refusal(HTTPStatus.NOT_ACCEPTABLE, "The Accept header must be application/json.", violation=True)
    granted, needed = shop.store.oauth_scopes, visit.route.oauth_scopes
    if granted is not None and needed and not granted & needed:
        raise forbidden()


def _order_id_of(visit: _Visit) -> int | None:
    """The order that a request is about, as far as it says so; faults are planned by it."""
    found: object = visit.ids.get("order_id")
    if visit.route.endpoint is Endpoint.METHODS:
        text = visit.request.args.get("order_id", "")
        found = int(text) if text.isascii() and text.isdigit() else None
    elif visit.route.endpoint is Endpoint.ACCESS_TOKENS:
        body = visit.request.get_json(silent=True)
        order = body.get("order") if isinstance(body, dict) else None
        found = order.get("id") if isinstance(order, dict) else None
    elif visit.route.endpoint is Endpoint.PAYMENTS:
        claims = tokens.decode(visit.request.headers.get("Authorization", "").partition(" ")[2], None) or {}
        data = claims.get("data")
        found = data.get("order_id") if isinstance(data, dict) else None
    return found if isinstance(found, int) else None


def _replace(planned: Answer) -> Reply:
    """What was planned in place of the truth."""
    if planned.code is not None:
        refusal = coded(planned.code)
    else:
        status = planned.status or HTTPStatus.OK
        refusal = Refusal(status, responses.get(status, "Unknown"))
    if planned.body is not None:
        return Reply(refusal.status, planned.body)
    return _refuse(refusal)


def _refuse(refusal: Refusal) -> Reply:
    return Reply(refusal.status, refusal.body(), refusal.headers)


def _to_response(reply: Reply, headers: Mapping[str, str] | None = None) -> Response:
    text = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
    response = Response(None if reply.body is None else text, reply.status, content_type="application/json")
    response.headers.update({**(headers or {}), **reply.headers})
    return response
