"""Every ten minutes: orders that no webhook told of, and hourly those whose books seem to differ, go to the queue."""

from typing import TYPE_CHECKING, Any, Final

from bigcharge import bootstrap
from bigcharge.deadline import time_left
from bigcharge.observability import LogEvent, count, log, logged
from bigcharge.services.reconciling import Reconciled

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from bigcharge.domain.reconciling import Cursor
    from bigcharge.domain.stores import Pause

# What one page of orders may take; a store for which less is left is the first of the next run.
SECONDS_FOR_STORE: Final = 40.0
reconciling = bootstrap.at_init(bootstrap.reconciling)


@logged
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, int]:  # noqa: ARG001 - a schedule says nothing
    stores, seconds_left = reconciling().list_stores(), time_left(context)
    done: list[Reconciled] = []
    failed = waiting = 0
    for cursor, pause in stores:
        if seconds_left() < SECONDS_FOR_STORE:
            waiting += 1
            continue
        try:
            done.append(reconcile(cursor, pause, seconds_left))
        except Exception:  # noqa: BLE001 - whatever is wrong with one store, the next is not to wait for it
            log(LogEvent.RECONCILE_FAILED, store_hash=cursor.store_hash)
            failed += 1
    count("OrdersReconciled", sum(one.orders for one in done))
    count("OrdersBackfilled", sum(one.gap for one in done))
    count("BooksHints", sum(one.books for one in done))
    count("StoresNotReconciled", failed)
    found = {"reconciled": len(done), "failed": failed, "waiting": waiting}
    log(LogEvent.RECONCILE_DONE, **found)
    return found


def reconcile(cursor: "Cursor", pause: "Pause | None", seconds_left: "Callable[[], float]") -> Reconciled:
    """Reconcile one store; one that is left alone needs nothing, and so is done."""
    found = reconciling().reconcile(cursor, pause, seconds_left)
    if found is None:
        log(LogEvent.RECONCILE_LEFT_ALONE, store_hash=cursor.store_hash)
        return Reconciled(0, 0, is_finished=True)
    of = {"orders": found.orders, "books": found.books, "gap": found.gap, "is_finished": found.is_finished}
    log(LogEvent.RECONCILE_STORE_DONE, store_hash=cursor.store_hash, **of)
    return found
