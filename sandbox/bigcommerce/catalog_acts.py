"""What a store has beside shoppers and orders: a catalog, open checkouts, a plan with its rate limits."""

from sandbox.bigcommerce.acting import Acting
from sandbox.bigcommerce.catalog import Product
from sandbox.bigcommerce.limits import Limits, Quota


class CatalogActs(Acting):
    """Products, checkouts and limits. `store_hash` None is the first store."""

    def create_product(self, *, name: str = "Poster", price: int = 1000, store_hash: str | None = None) -> Product:
        """Put a product into the catalog, so that an order can name it by id alone. `price` in minor units."""
        with self.state.lock:
            shop = self._shop(store_hash)
            product = Product(shop.next_id("product"), name, price)
            shop.products[product.product_id] = product
            return product

    def create_checkout(self, customer_id: int = 0, *, store_hash: str | None = None) -> str:
        """Open a checkout; Get Payment Methods can be asked by its id, and an order's `cart_id` may be it.

        Returns:
            The checkout's id.
        """
        with self.state.lock:
            checkout_id = self.state.new_uuid()
            self._shop(store_hash).checkouts[checkout_id] = customer_id
            return checkout_id

    def set_limits(
        self,
        *,
        rest_requests: int | None = None,
        rest_window: float | None = None,
        payments: int | None = None,
        payments_window: float | None = None,
    ) -> None:
        """Change rate limits from now on (requests, and windows in seconds); what is not named stays as it is."""
        with self.state.lock:
            rest, paying = self.state.rest_quota, self.state.payments_quota
            limits = Limits(
                rest.requests if rest_requests is None else rest_requests,
                rest.window if rest_window is None else rest_window,
                paying.requests if payments is None else payments,
                paying.window if payments_window is None else payments_window,
            )
            self.state.rest_quota = Quota(limits.rest_requests, limits.rest_window)
            self.state.payments_quota = Quota(limits.payments, limits.payments_window)
