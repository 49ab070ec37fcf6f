"""The catalog of a store, as far as orders need it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Product:
    """A product of the store's catalog.

    Attributes:
        price: minor units of the currency of the order that names it, tax included.
    """

    product_id: int
    name: str
    price: int
