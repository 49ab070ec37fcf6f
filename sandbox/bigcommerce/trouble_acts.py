"""Trouble on demand, and webhooks: what a test or a demo makes go wrong."""

from collections.abc import Mapping, Sequence
from typing import Literal

from sandbox.bigcommerce.acting import Acting
from sandbox.bigcommerce.blocking import Block
from sandbox.bigcommerce.delivery import Shape
from sandbox.bigcommerce.faults import Answer, Endpoint, Lag
from sandbox.bigcommerce.hooks import HANDLED_SCOPES, Hook
from sandbox.bigcommerce.logs import Served
from sandbox.bigcommerce.sender import Poster, send_due
from sandbox.bigcommerce.webhooks import Delivery, Post, make_body


class TroubleActs(Acting):
    """Faults and webhooks. `store_hash` None is the first store, or every store where a fault is planned."""

    def next_answer(
        self,
        endpoint: Endpoint | str,
        answer: Answer,
        *,
        order_id: int | None = None,
        store_hash: str | None = None,
        times: int | None = 1,
    ) -> None:
        """Queue what the next request to an endpoint gets (about one order, where named); `times` None is for ever.

        Raises:
            ValueError: no such endpoint.
        """
        with self.state.lock:
            self.state.faults.plan(Endpoint(endpoint), answer, store_hash=store_hash, order_id=order_id, times=times)

    def stale_order(
        self, order_id: int, *, reads: int = 0, seconds: float = 0.0, store_hash: str | None = None
    ) -> None:
        """After its next change, reads go on showing the order as it is now, for so many reads or seconds.

        Raises:
            KeyError: no such order.
        """
        with self.state.lock:
            shop = self._shop(store_hash)
            self.state.faults.freeze_order(shop.store.store_hash, shop.orders[order_id], Lag(reads, seconds))

    def lag_transactions(
        self, order_id: int, *, status: int = 204, reads: int = 0, seconds: float = 0.0, store_hash: str | None = None
    ) -> None:
        """The order's next transactions stay unseen for so many reads or seconds: 204, 404 or 503 instead.

        Raises:
            KeyError: no such order.
        """
        with self.state.lock:
            shop = self._shop(store_hash)
            known = shop.transactions.get(shop.orders[order_id].order_id, [])
            last_seen = known[-1].transaction_id if known else 0
            lag = Lag(reads, seconds)
            self.state.faults.delay_transactions(shop.store.store_hash, order_id, last_seen, status, lag)

    def clear_faults(self) -> None:
        """Forget every planned answer, stale read and lag."""
        with self.state.lock:
            self.state.faults.clear()

    def add_hook(
        self, scope: str, destination: str, *, headers: Mapping[str, str] | None = None, store_hash: str | None = None
    ) -> Hook:
        """Make a hook. Any destination will do here; the API wants https."""
        with self.state.lock:
            shop, now = self._shop(store_hash), int(self.state.clock().timestamp())
            hook = Hook(
                shop.next_id("hook"),
                scope,
                destination,
                is_active=True,
                created_at=now,
                updated_at=now,
                headers=headers,
            )
            shop.hooks[hook.hook_id] = hook
            return hook

    def hooks(self, *, store_hash: str | None = None) -> list[Hook]:
        """The hooks of a store, oldest first."""
        with self.state.lock:
            return list(self._shop(store_hash).hooks.values())

    def add_default_hooks(self, destination: str) -> None:
        """Give every store a hook for each scope that a charging app handles, with the store's own headers."""
        for store_hash, shop in self.state.shops.items():
            present = {hook.scope for hook in self.hooks(store_hash=store_hash) if hook.destination == destination}
            for scope in (scope for scope in HANDLED_SCOPES if scope not in present):
                self.add_hook(scope, destination, headers=dict(shop.store.hook_headers) or None, store_hash=store_hash)

    def send_webhook(  # noqa: PLR0913 - one keyword for each way in which a webhook can be odd
        self,
        scope: str,
        data: Mapping[str, object],
        *,
        destination: str | None = None,
        signed: bool = True,
        times: int = 1,
        delay: float = 0.0,
        timestamp: int | None = None,
        store_hash: str | None = None,
    ) -> None:
        """Post an event whatever happened, once, without retries.

        Args:
            scope: any.
            data: any.
            destination: that of the store's first hook unless named.
            signed: False forges the signature.
            times: copies, with the same id and body.
            delay: seconds from now.
            timestamp: of `webhook-timestamp`; the moment of sending unless given.
            store_hash: in whose name.

        Raises:
            ValueError: no destination, and the store has no hook.
        """
        with self.state.lock:
            shop = self._shop(store_hash)
            hook = next(iter(shop.hooks.values()), None)
            if destination is None and hook is None:
                raise ValueError("the store has no hook: name a destination")
            post = Post(
                store=shop.store,
                scope=scope,
                data=data,
                body=make_body(shop.store, scope, data, int(self.state.clock().timestamp())),
                message_id="",
                destination=destination or (hook.destination if hook else ""),
                headers=(hook.headers if hook else None) or {},
                signed=signed,
                timestamp=timestamp,
            )
            self.state.outbox.send(post, Shape(copies=times, delay=delay))

    def shape_webhooks(
        self,
        shape: Shape,
        *,
        scope: str | None = None,
        entity_id: int | None = None,
        store_hash: str | None = None,
        times: int | None = 1,
    ) -> None:
        """Plan what happens to the next events that fit (doubled, late, lost, forged); `times` None is for ever."""
        with self.state.lock:
            self.state.outbox.shape_next(shape, scope=scope, entity_id=entity_id, store_hash=store_hash, times=times)

    def hold_webhooks(self) -> None:
        """Keep back whatever is published from now on."""
        with self.state.lock:
            self.state.outbox.hold()

    def release_webhooks(self, order: Literal["kept", "reversed", "shuffled"] = "kept") -> None:
        """Post what was kept back, in this order."""
        with self.state.lock:
            self.state.outbox.release(order)

    def send_due(self, poster: Poster) -> int:
        """Post what is due now (where no server's postman does it). Returns how many attempts were made."""
        return send_due(self.state, poster)

    @property
    def blocks(self) -> Sequence[Block]:
        """The destinations that get nothing for a while, because they failed too often."""
        with self.state.lock:
            return tuple(self.state.watch.blocks(self.state.clock()))

    @property
    def waiting_webhooks(self) -> int:
        """Postings queued or being made; retries and late ones count, held ones do not."""
        with self.state.lock:
            return self.state.outbox.waiting

    @property
    def deliveries(self) -> Sequence[Delivery]:
        """The delivery log, oldest first."""
        with self.state.lock:
            return tuple(self.state.outbox.log)

    @property
    def served(self) -> Sequence[Served]:
        """The request log, oldest first (the last 100,000)."""
        with self.state.lock:
            return tuple(self.state.served)
