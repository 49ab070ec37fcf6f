"""The postman: takes what is due from the outbox and posts it; a thread does it for a box that serves."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

import urllib3

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
            state.outbox.drop(post, "hook is gone")
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
        if not state.outbox.report(post, status, error):
            _deactivate(state, post)


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
