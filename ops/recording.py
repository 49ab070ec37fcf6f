"""Recording what an operator decides: the ledger first, then a hint, so that it is carried out at once."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from bigcharge.domain.acts import Act
from bigcharge.domain.charges import Charge
from bigcharge.domain.errors import BigchargeError, ConflictError
from bigcharge.domain.messages import Kind, Message
from bigcharge.domain.operating import record_act
from bigcharge.domain.stores import Pause
from ops.errors import FAILED, CommandError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bigcharge.services.ports import Ledger, Queue

CAUSE: Final = "operator"
_TRIES: Final = 5  # a worker changes a charge some three times a second at most, and then leaves it


@dataclass(frozen=True, slots=True)
class Recorded:
    """An act that is in the ledger.

    Attributes:
        charge: as saved.
        pause: the store's, if it has one: until it is resumed, nothing is carried out.
        is_under_way: whether nothing is left to be done, or a worker was told of it; else the sweep finds it.
    """

    charge: Charge
    pause: Pause | None
    is_under_way: bool


class Recorder:
    """Records acts.

    Args:
        ledger: of the stage.
        open_queue: opens the orders queue; called with the first hint, and may fail as sending may.
    """

    def __init__(self, ledger: "Ledger", open_queue: "Callable[[], Queue]") -> None:
        self._ledger = ledger
        self._open_queue = open_queue
        self._queue: Queue | None = None

    def record(self, charge: Charge, act: Act, transaction_id: str | None = None) -> Recorded:
        """Record an act, decided on the charge as it is now.

        Args:
            charge: which; it is read again.
            act: what is done.
            transaction_id: of the payment, where the act says that it was made.

        Raises:
            NotAllowedError: not in its present state.
            CommandError: others kept changing it.
        """
        saved, pause = self._save(charge, act, transaction_id)
        return Recorded(saved, pause, not saved.is_due(saved.updated_at) or self._hint(saved))

    def _save(self, known: Charge, act: Act, transaction_id: str | None) -> tuple[Charge, Pause | None]:
        for attempt in range(_TRIES):
            charge, pause = self._ledger.read(known.store_hash, known.order_id)
            charge = charge or known
            if attempt and _is_recorded(charge, act):
                return charge, pause
            with suppress(ConflictError):
                return self._ledger.save(record_act(charge, act, transaction_id)), pause
        raise CommandError("others keep changing it: try again in a minute", FAILED)

    def _hint(self, charge: Charge) -> bool:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - imports of a command stand in it

        hint = Message(charge.store_hash, Kind.ORDER, charge.order_id, CAUSE, datetime.now(UTC))
        try:
            self._queue = self._queue or self._open_queue()
            self._queue.send(hint)
        except (BigchargeError, CommandError, BotoCoreError, ClientError):
            return False
        return True


def _is_recorded(charge: Charge, act: Act) -> bool:
    """Whether a save that met a conflict was ours all the same: its reply was lost, and a worker has followed."""
    return any(done.at >= act.at and replace(done, at=act.at) == act for done in charge.acts)
