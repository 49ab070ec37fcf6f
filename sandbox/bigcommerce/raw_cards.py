"""Cards that come with their number: how the gateway treats them, and how they are stored."""

from datetime import datetime

from sandbox.bigcommerce import instruments
from sandbox.bigcommerce.errors import coded
from sandbox.bigcommerce.payment_form import PaymentForm
from sandbox.bigcommerce.records import Instrument, Kind, Order
from sandbox.bigcommerce.state import Shop, State
from sandbox.bigcommerce.testcards import make_token, read_number


def treat(form: PaymentForm, now: datetime) -> int:
    """The gateway's word on a card: a behaviour of `testcards`."""
    number = form.text("number")
    if not _passes_luhn(number):
        return 30102
    expired = (int(form.text("expiry_year")), int(form.text("expiry_month"))) < (now.year, now.month)
    return 30103 if expired else read_number(number)


def save(state: State, shop: Shop, order: Order, form: PaymentForm) -> None:
    """Store the card for the order's customer (`save_instrument`).

    Raises:
        Refusal: 30050, there is no vault or no customer. The charge was made.
    """
    if not shop.vaulting or order.customer_id not in shop.customers:
        raise coded(30050)
    number = form.text("number")
    card = Instrument(
        token=make_token(state.random, read_number(number)),
        customer_id=order.customer_id,
        kind=Kind.CARD,
        method_id=form.method_id,
        is_default=False,
        behaviour=read_number(number),
        brand=_brand_of(number),
        expiry_month=int(form.text("expiry_month")),
        expiry_year=int(form.text("expiry_year")),
        iin=number[:6],
        last_4=number[-4:],
    )
    instruments.keep(state, shop, card)


def _brand_of(number: str) -> str:
    brands = {"4": "visa", "5": "mastercard", "34": "amex", "37": "amex", "6": "discover"}
    return next((brand for prefix, brand in brands.items() if number.startswith(prefix)), "unknown")


def _passes_luhn(number: str) -> bool:
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in number[-2::-2])
    return (sum(map(int, number[-1::-2])) + sum(doubled)) % 10 == 0
