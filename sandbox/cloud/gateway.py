"""The HTTP API: the routes of the template, each answered by its function, as API Gateway does."""

import base64
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from sandbox.cloud.deployment import Route
from sandbox.cloud.environments import Answer
from sandbox.cloud.pool import FunctionPool
from sandbox.cloud.shapes import http_event

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

# "Quotas for HTTP APIs" in AWS's documentation.
LARGEST_BODY = 10 * 1024 * 1024
LARGEST_HEAD = 10_240


class Gateway:
    """A WSGI application of routes and functions."""

    def __init__(self, routes: Iterable[Route], pools: Mapping[str, FunctionPool]) -> None:
        self._pools = pools
        self._routes = {f"{route.method} {route.path}": route for route in routes}
        self._rules = Map([_rule(key, route) for key, route in self._routes.items()])

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if sum(len(name) + len(value) for name, value in request.headers) > LARGEST_HEAD:
            return _message(431, "Request Header Fields Too Large")
        request.max_content_length = LARGEST_BODY
        try:
            body = request.get_data()
        except RequestEntityTooLarge:
            return _message(413, "Request Entity Too Large")
        try:
            key, parameters = self._rules.bind_to_environ(request.environ).match()
        except HTTPException:  # an HTTP API knows no 405: a route is a method with a path
            return _message(404, "Not Found")
        pool = self._pools[self._routes[key].function.name]
        return _response(pool.invoke(http_event(request, body, key, parameters)))


def _rule(key: str, route: Route) -> Rule:
    path = route.path.replace("{proxy+}", "<path:proxy>").replace("{", "<").replace("}", ">")
    return Rule(path, methods=[route.method], endpoint=key, strict_slashes=True)


def _message(status: int, text: str) -> Response:
    return Response(json.dumps({"message": text}), status=status, content_type="application/json")


def _response(answer: Answer) -> Response:
    """Turn a function's answer into HTTP; one without a status code is the body of a 200."""
    payload = answer.payload
    if answer.failed:
        return _message(500, "Internal Server Error")
    if not isinstance(payload, dict) or "statusCode" not in payload:
        return Response(json.dumps(payload), status=200, content_type="application/json")
    try:
        text = payload.get("body") or ""
        body = base64.b64decode(text) if payload.get("isBase64Encoded") else text.encode()
        response = Response(body, status=int(payload["statusCode"]), content_type="text/plain; charset=utf-8")
        for name, value in (payload.get("headers") or {}).items():
            response.headers[name] = str(value)
        for cookie in payload.get("cookies") or []:
            response.headers.add("Set-Cookie", cookie)
    except (TypeError, ValueError, AttributeError):
        return _message(500, "Internal Server Error")
    return response
