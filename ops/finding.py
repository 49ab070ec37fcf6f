"""Which charges a command is about: orders by their ids, and by their store where several have such an order."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from bigcharge.domain.charges import Charge
from ops.errors import FAILED, CommandError

if TYPE_CHECKING:
    from bigcharge.adapters.ledger import LedgerTable


def find_charges(ledger: "LedgerTable", store: str | None, order_ids: Iterable[int]) -> list[Charge]:
    """The charges of all these orders, in their order; each once.

    Args:
        ledger: of the stage.
        store: the store's hash; where None, the whole ledger is read through.
        order_ids: of the orders.

    Raises:
        CommandError: the ledger does not know one of them, or several stores have it.
    """
    wanted = list(dict.fromkeys(order_ids))
    found: dict[int, list[Charge]] = defaultdict(list)
    if store is None:
        for charge in ledger.list_charges():
            if charge.order_id in wanted:
                found[charge.order_id].append(charge)
    else:
        for order_id in wanted:
            known, _ = ledger.read(store, order_id)
            found[order_id] += [] if known is None else [known]
    return [_only(found[order_id], store, order_id) for order_id in wanted]


def _only(charges: Sequence[Charge], store: str | None, order_id: int) -> Charge:
    if not charges:
        of_store = f" of store {store}" if store else ""
        raise CommandError(f"the ledger does not know order {order_id}{of_store}", FAILED)
    if len(charges) > 1:
        stores = ", ".join(sorted(charge.store_hash for charge in charges))
        raise CommandError(f"several stores have an order {order_id}: name one of {stores} with --store")
    return charges[0]
