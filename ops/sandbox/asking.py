"""How the commands speak with a running box: its control API, and the options that all of them take."""

import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final

import typer

from ops.errors import FAILED, CommandError
from ops.printing import print_json, print_table

Url = Annotated[str, typer.Option("--url", help="Where the box answers.")]
Store = Annotated[str | None, typer.Option("--store", help="Hash of the store; the first one unless named.")]
LOOPBACK: Final = "http://127.0.0.1:8080"

_MOMENTS: Final = frozenset({"at", "modified_at", "until"})
_TIMEOUT: Final = 10.0  # seconds


def show(url: str, view: str, store: str | None = None) -> Any:  # noqa: ANN401 - JSON
    """What a view of the box shows.

    Raises:
        CommandError: no box answers, or it has no such thing.
    """
    return _ask("GET", url, view, {"store_hash": store} if store else None, None)


def act(url: str, name: str, /, **arguments: object) -> Any:  # noqa: ANN401 - JSON
    """Let the box do something; arguments that are None are not sent.

    Raises:
        CommandError: no box answers, or it does not do that.
    """
    return _ask("POST", url, name, None, {key: value for key, value in arguments.items() if value is not None})


def show_table(
    url: str, view: str, columns: Iterable[str], *, store: str | None = None, as_json: bool = False, empty: str
) -> None:
    """Print a view: all of it as JSON, or the columns of a table."""
    rows: list[Mapping[str, object]] = show(url, view, store)
    if as_json:
        print_json(rows)
    elif rows:
        names = list(columns)
        print_table(
            (name.replace("_", " ") for name in names), ([_spell(name, row[name]) for name in names] for row in rows)
        )
    else:
        print(empty)


def report(data: object, line: str, *, as_json: bool) -> None:
    """Print what was made: all of it as JSON, or a line."""
    if as_json:
        print_json(data)
    else:
        print(line)


def _ask(method: str, url: str, name: str, query: Mapping[str, str] | None, body: object) -> Any:  # noqa: ANN401 - JSON
    import urllib3  # noqa: PLC0415 - only who asks waits for it

    try:
        answer = urllib3.request(
            method,
            f"{url.rstrip('/')}/_control/{name}",
            fields=query,
            body=None if body is None else json.dumps(body),
            timeout=_TIMEOUT,
            retries=False,
            redirect=False,
        )
        document = answer.json()
    except (urllib3.exceptions.HTTPError, ValueError):
        raise CommandError(
            f"no BigCommerce in a box answers at {url}: start one with bigcharge sandbox --stores FILE, or name --url"
        ) from None
    if not isinstance(document, dict) or "data" not in document:
        title = document.get("title", "it is no box") if isinstance(document, dict) else "it is no box"
        raise CommandError(f"the box says: {title}", FAILED)
    return document["data"]


def _spell(name: str, value: object) -> str:
    match value:
        case str() if name in _MOMENTS:
            return value[11:19]  # the time of day of an ISO 8601 moment: a box lives for hours
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case dict():
            return " ".join(f"{key}={entry}" for key, entry in value.items())
        case _:
            return str(value)
