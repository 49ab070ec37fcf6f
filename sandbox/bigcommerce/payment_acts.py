"""What happens to payments outside the API: the shopper pays, the gateway settles, the merchant captures."""

from collections.abc import Sequence
from dataclasses import replace

from sandbox.bigcommerce import gateway, payment_actions
from sandbox.bigcommerce.acting import Acting
from sandbox.bigcommerce.book import BookEntry, OrderKey, charged_twice, live_charges
from sandbox.bigcommerce.gateway import Charge
from sandbox.bigcommerce.logs import Violation
from sandbox.bigcommerce.records import PaymentMethod, Transaction
from sandbox.bigcommerce.statuses import INCOMPLETE
from sandbox.bigcommerce.tokens import PaymentToken

_STOREFRONT = PaymentMethod("storefront.card", "Storefront")


class PaymentActs(Acting):
    """Payments, the book that judges them, and the methods that a store offers."""

    def pay_as_shopper(self, order_id: int, *, store_hash: str | None = None) -> bool:
        """The shopper pays what the order owes, at the storefront.

        Returns:
            False where the storefront does not take it: the order is not Incomplete any more.

        Raises:
            KeyError: no such order.
        """
        with self.state.lock:
            shop = self._shop(store_hash)
            order = shop.orders[order_id]
            if order.status_id != INCOMPLETE:
                return False
            gateway.take(self.state, shop, order, Charge(_STOREFRONT, "shopper"))
            return True

    def settle_pending(self, order_id: int, *, failed: bool = False, store_hash: str | None = None) -> None:
        """A bank account's payment comes to its end: settled (order to 11) or failed (order to 6).

        Raises:
            KeyError: no such order.
            Refusal: nothing is pending.
        """
        with self.state.lock:
            shop = self._shop(store_hash)
            payment_actions.settle(self.state, shop, shop.orders[order_id], failed=failed)

    def capture(self, order_id: int, *, store_hash: str | None = None) -> None:
        """The merchant captures an authorization in the control panel.

        Raises:
            KeyError: no such order.
            Refusal: nothing is authorized.
        """
        with self.state.lock:
            shop = self._shop(store_hash)
            payment_actions.capture(self.state, shop, shop.orders[order_id], by="control")

    def void(self, order_id: int, *, store_hash: str | None = None) -> None:
        """The merchant gives an authorization up.

        Raises:
            KeyError: no such order.
            Refusal: nothing is authorized.
        """
        with self.state.lock:
            shop = self._shop(store_hash)
            payment_actions.void(self.state, shop, shop.orders[order_id], by="control")

    def refund(self, order_id: int, amount: int, *, store_hash: str | None = None) -> None:
        """The merchant gives money back (minor units).

        Raises:
            KeyError: no such order.
            Refusal: less was charged.
        """
        with self.state.lock:
            shop = self._shop(store_hash)
            payment_actions.refund(self.state, shop, shop.orders[order_id], amount, by="control")

    def record_charges(self, order_id: int, *, store_hash: str | None = None) -> int:
        """BigCommerce hears at last of charges made with `Answer(unrecorded=True)`.

        Returns:
            How many there were.
        """
        with self.state.lock:
            return payment_actions.record_charges(self.state, self._shop(store_hash).store.store_hash, order_id)

    def offer_method(self, method: PaymentMethod, *, store_hash: str | None = None) -> None:
        """Let a store offer a payment method, or change one that it offers."""
        with self.state.lock:
            self._shop(store_hash).methods[method.method_id] = method

    def withdraw_method(self, method_id: str, *, store_hash: str | None = None) -> None:
        """A store offers a method no more.

        Raises:
            KeyError: it did not.
        """
        with self.state.lock:
            del self._shop(store_hash).methods[method_id]

    def configure_store(self, *, configured: bool = True, vaulting: bool = True, store_hash: str | None = None) -> None:
        """Whether payments are configured (else 30000) and stored instruments enabled (else 30002)."""
        with self.state.lock:
            shop = self._shop(store_hash)
            shop.configured, shop.vaulting = configured, vaulting

    def rotate_credentials(
        self, *, access_token: str | None = None, client_secret: str | None = None, store_hash: str | None = None
    ) -> None:
        """From now on another access token is let in, and the webhooks of new events are signed with another secret."""
        with self.state.lock:
            shop = self._shop(store_hash)
            shop.store = replace(
                shop.store,
                access_token=access_token or shop.store.access_token,
                client_secret=client_secret or shop.store.client_secret,
            )

    def create_gift_certificate(self, code: str, amount: int, *, store_hash: str | None = None) -> None:
        """Make a gift certificate (minor units)."""
        with self.state.lock:
            self._shop(store_hash).gift_certificates[code] = amount

    def expire_token(self, jti: str, *, store_hash: str | None = None) -> None:
        """Let a payment access token expire now.

        Raises:
            KeyError: no such token.
        """
        with self.state.lock:
            shop = self._shop(store_hash)
            shop.tokens[jti] = replace(shop.tokens[jti], expires_at=self.state.clock())

    def transactions(self, order_id: int, *, store_hash: str | None = None) -> list[Transaction]:
        """The transactions of an order as they truly are, oldest first."""
        with self.state.lock:
            return list(self._shop(store_hash).transactions.get(order_id, []))

    def payment_tokens(self, *, store_hash: str | None = None) -> list[PaymentToken]:
        """Every payment access token that was made, oldest first."""
        with self.state.lock:
            return list(self._shop(store_hash).tokens.values())

    @property
    def book(self) -> Sequence[BookEntry]:
        """What was really charged, oldest first."""
        with self.state.lock:
            return tuple(self.state.book)

    @property
    def violations(self) -> Sequence[Violation]:
        """What no honest client does, oldest first."""
        with self.state.lock:
            return tuple(self.state.violations)

    def live_charges(self) -> dict[OrderKey, list[BookEntry]]:
        """The charges that stand, by store and order."""
        return live_charges(self.book)

    def charged_twice(self) -> dict[OrderKey, list[BookEntry]]:
        """The orders on which more than one charge stands."""
        return charged_twice(self.book)
