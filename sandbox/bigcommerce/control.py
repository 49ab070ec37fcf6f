"""The box's control API: the Python API as JSON under `/_control`, for developers of any language.

`GET /_control/{view}` shows one of `VIEWS`; `POST /_control/{act}` does one of `ACTS`, its arguments being the keywords
of the Python method of that name. Both answer `{"data": ...}`. For loopback only: it hands out what
it knows, tokens included.
"""

import dataclasses
import inspect
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from werkzeug import Request, Response

from sandbox.bigcommerce.activity import show_activity
from sandbox.bigcommerce.box import Box
from sandbox.bigcommerce.delivery import Shape
from sandbox.bigcommerce.errors import Refusal, not_found
from sandbox.bigcommerce.faults import Answer
from sandbox.bigcommerce.records import Kind, PaymentMethod

VIEWS: Final[Mapping[str, Callable[[Box, str | None], object]]] = {
    "book": lambda box, _: box.book,
    "charged_twice": lambda box, _: [entry for entries in box.charged_twice().values() for entry in entries],
    "violations": lambda box, _: box.violations,
    "deliveries": lambda box, _: box.deliveries,
    "blocks": lambda box, _: box.blocks,
    "activity": show_activity,
    "requests": lambda box, _: box.served,
    "orders": lambda box, store_hash: box.orders(store_hash=store_hash),
    "customers": lambda box, store_hash: box.customers(store_hash=store_hash),
    "hooks": lambda box, store_hash: box.hooks(store_hash=store_hash),
    "instruments": lambda box, store_hash: box.instruments(store_hash=store_hash),
    "payment_tokens": lambda box, store_hash: box.payment_tokens(store_hash=store_hash),
}
# What is posted to, and the method of `Box` that does it. Nouns make one; the rest bear the method's own name.
ACTS: Final[Mapping[str, str]] = {
    "customers": "create_customer",
    "instruments": "store_instrument",
    "orders": "create_order",
    "answers": "next_answer",
    "webhooks": "send_webhook",
    "hooks": "add_hook",
    "products": "create_product",
    "checkouts": "create_checkout",
    "limits": "set_limits",
    **{
        name: name
        for name in (
            "delete_customer",
            "set_behaviour",
            "change_default",
            "remove_instrument",
            "set_order",
            "pay_as_shopper",
            "settle_pending",
            "capture",
            "void",
            "refund",
            "record_charges",
            "offer_method",
            "withdraw_method",
            "configure_store",
            "rotate_credentials",
            "create_gift_certificate",
            "expire_token",
            "stale_order",
            "lag_transactions",
            "clear_faults",
            "add_default_hooks",
            "shape_webhooks",
            "hold_webhooks",
            "release_webhooks",
        )
    },
}
_READERS: Final[Mapping[str, Callable[[Any], object]]] = {
    "kind": Kind,
    "answer": lambda value: Answer(**value),
    "shape": lambda value: Shape(**value),
    "method": lambda value: PaymentMethod(**{**value, "kind": Kind(value.get("kind", Kind.CARD))}),
}


class Control:
    """Answers the paths under `/_control`.

    Args:
        box: what it controls.
    """

    def __init__(self, box: Box) -> None:
        self._box = box

    def __call__(self, request: Request) -> Response:
        """Show or do."""
        name = request.path.removeprefix("/_control").strip("/")
        try:
            data = self._show(name, request) if request.method == "GET" else self._act(name, request)
        except Refusal as refusal:
            return _to_response(refusal.status, refusal.body())
        except KeyError as error:
            return _to_response(HTTPStatus.NOT_FOUND, not_found(f"There is no {error}.").body())
        except (TypeError, ValueError) as error:
            return _to_response(HTTPStatus.BAD_REQUEST, Refusal(HTTPStatus.BAD_REQUEST, str(error)).body())
        return _to_response(HTTPStatus.OK, {"data": data})

    def _show(self, name: str, request: Request) -> object:
        if name == "":
            return {"views": sorted(VIEWS), "acts": sorted(ACTS)}
        return VIEWS[name](self._box, request.args.get("store_hash"))

    def _act(self, name: str, request: Request) -> object:
        method = getattr(self._box, ACTS[name])
        sent = json.loads(request.get_data() or b"{}")
        if not isinstance(sent, dict):
            raise TypeError("the arguments are not an object")
        arguments = {key: _READERS[key](value) if key in _READERS else value for key, value in sent.items()}
        return method(*(bound := inspect.signature(method).bind(**arguments)).args, **bound.kwargs)


def _to_response(status: int, body: object) -> Response:
    return Response(json.dumps(body, default=_spell), status, content_type="application/json")


def _spell(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return dict(value) if isinstance(value, Mapping) else list(value)  # type: ignore[call-overload]  # what is left is a sequence
