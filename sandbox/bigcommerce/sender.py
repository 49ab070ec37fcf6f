"""The postman: takes what is due from the outbox and posts it; a thread does it for a box that serves."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

import urllib3

from sandbox.bigcommerce.blocking import domain_of
from sandbox.bigcommerce.hooks import DELIVERY_EXCEPTION, Trouble
from sandbox.bigcommerce.state import State
from sandbox.bigcommerce.webhooks import Post

type Poster = Callable[[str, Mapping[str, str], bytes], int]
"""Posts a body to a URL and gives the status; OSError, ValueError or urllib3's HTTPError where no answer came."""

_TIMEOUT: Final = 10.0  # seconds; BigCommerce's own is undocumented
_POLL: Final = 0.05  # seconds between looks at the injected clock
_WORKERS: Final = 4  # posts made at once: a slow receiver does not hold up everything


def post_over_http(url: str, headers: Mapping[str, str], body: bytes) -> int:
    """Post once: no retries, no redirects."""
    answer = urllib3.request(
        "POST", url, headers=dict(headers), body=body, timeout=_TIMEOUT, retries=False, redirect=False
    )
    return answer.status


def send_due(state: State, poster: Poster) -> int:
    """Post everything that is due now, one after the other (a simulation calls this itself).

    Returns:
        How many attempts were made.
    """
    with state.lock:
        due = state.outbox.take_due()
    for post in due:
        _send(state, post, poster)
    return len(due)


def _send(state: State, post: Post, poster: Poster) -> None:
    with state.lock:
        if not _is_wanted(state, post):
            state.outbox.put_back(post, "hook is gone")
            return
        block = state.watch.find(post.destination, state.clock()) if post.is_regular else None
        if block is not None:
            state.outbox.put_back(post, "destination is blocked", block.until)
            return
        headers = post.signed_headers(state.clock(), forger=state.signing_key)
    try:
        status, error = poster(post.destination, headers, post.body), ""
    except (
        OSError,
        ValueError,
        urllib3.exceptions.HTTPError,
    ):  # ValueError: a destination or a header that no one can send
        status, error = None, "no answer"
    with state.lock:
        _conclude(state, post, state.outbox.report(post, status, error))


def _conclude(state: State, post: Post, trouble: Trouble | None) -> None:
    """Draw the consequences of an attempt: exceptions told, the hook deactivated, the destination blocked."""
    if not post.is_regular:
        return
    if trouble is not None:
        _tell(state, post.store.store_hash, post.scope, post.hook_id, trouble)
    if trouble is Trouble.GIVEN_UP:
        _deactivate(state, post)
    block = state.watch.count(post.destination, state.clock(), accepted=trouble is None, scale=state.outbox.retry_scale)
    if block is None:
        return
    for store_hash, shop in state.shops.items():
        hooks = [hook for hook in shop.hooks.values() if domain_of(hook.destination) == block.domain]
        for hook in hooks[:1]:
            _tell(state, store_hash, post.scope, hook.hook_id, Trouble.BLOCKED)


def _tell(state: State, store_hash: str, scope: str, hook_id: int | None, trouble: Trouble) -> None:
    """Tell the store's delivery exception hook, unless it is about that hook itself."""
    if scope != DELIVERY_EXCEPTION:
        data: dict[str, object] = {"type": "hook", "id": hook_id, "scope": scope, "error_code": int(trouble)}
        state.emit(state.shops[store_hash], DELIVERY_EXCEPTION, data)


def _is_wanted(state: State, post: Post) -> bool:
    if post.hook_id is None:
        return True
    hook = state.shops[post.store.store_hash].hooks.get(post.hook_id)
    return hook is not None and hook.is_active


def _deactivate(state: State, post: Post) -> None:
    hooks = state.shops[post.store.store_hash].hooks
    if post.hook_id in hooks:
        hooks[post.hook_id] = replace(hooks[post.hook_id], is_active=False)


class Postman:
    """A thread that posts what is due, until it is stopped.

    Args:
        state: the box's.
        poster: how; over HTTP unless told otherwise.
    """

    def __init__(self, state: State, poster: Poster = post_over_http) -> None:
        self._state = state
        self._poster = poster
        self._news = threading.Event()
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="webhook")
        self._thread = threading.Thread(target=self._run, name="postman", daemon=True)
        state.outbox.wake = self._news.set

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; posts that are being made are finished, others stay in the outbox."""
        self._stopping.set()
        self._news.set()
        self._thread.join()
        self._pool.shutdown()

    def _run(self) -> None:
        while not self._stopping.is_set():
            with self._state.lock:
                due = self._state.outbox.take_due()
            for post in due:
                self._pool.submit(_send, self._state, post, self._poster)
            self._news.wait(_POLL)
            self._news.clear()
