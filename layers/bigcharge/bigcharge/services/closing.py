"""Closing a store whose app is uninstalled, or that is removed: nothing is charged, and what was kept of it leaves."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from bigcharge.domain.errors import InvalidInputError
from bigcharge.domain.messages import Message
from bigcharge.domain.policy import Policy
from bigcharge.domain.stores import APP_UNINSTALLED, STORE_REMOVED, KeptCredentials, Pause
from bigcharge.services.ports import Clock, Queue

OPERATOR: Final = "operator"
"""The cause of a message of an operator who removes the store."""

# BigCommerce repeats a webhook for 48 hours. One that names an older time names no time that could be relied on.
_LONGEST_ON_THE_WAY: Final = timedelta(days=3)
# Seconds after which the store's instruments are gone through once more: a sync may have been writing some.
_ONCE_MORE: Final = 900.0
_SECONDS_FOR_ROW: Final = 20.0  # one write, as often as it is tried


class CredentialsKeeper(Protocol):
    """Where the stores' credentials are kept."""

    def read(self, store_hash: str) -> KeptCredentials | None:
        """The store's credentials; None where none are kept, or they wait for their deletion."""

    def schedule_deletion(self, store_hash: str) -> None:
        """Have them deleted, after a while in which they can be brought back; again does no harm."""


class Pauses(Protocol):
    """The stores' pauses, in the ledger."""

    def read_pause(self, store_hash: str) -> Pause | None:
        """The store's pause, if it has one."""

    def close(self, pause: Pause) -> bool:
        """Keep it in place of any other pause; False where the store was closed already."""


class StoreInstruments(Protocol):
    """The stored instruments of all customers of a store."""

    def retire_store(self, store_hash: str, removed_at: datetime, leaves_at: datetime) -> Iterator[None]:
        """Mark every row of the store as removed, one each time the next is asked for; those that leave are left."""


class Policies(Protocol):
    """The stores' policies."""

    def policy(self, store_hash: str) -> Policy | None:
        """The store's policy, None where it has none; raises InvalidInputError where it cannot be read."""


@dataclass(frozen=True, slots=True)
class Closed:
    """What became of a store whose app is said to be uninstalled.

    Attributes:
        is_closed: whether it is closed now; else nothing was done: the hint is of an earlier installation, or the
            store is not known.
        rows: how many rows of its instruments were marked as removed.
        is_finished: whether all of them were; else a message goes on with it.
    """

    is_closed: bool
    rows: int = 0
    is_finished: bool = True


class Closing:
    """Closes one store at a time. Safe to repeat: each step looks whether it is done."""

    def __init__(
        self,
        ledger: Pauses,
        keeper: CredentialsKeeper,
        policies: Policies,
        table: StoreInstruments,
        queue: Queue,
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._keeper = keeper
        self._policies = policies
        self._table = table
        self._queue = queue
        self._clock = clock

    def close(self, message: Message, seconds_left: Callable[[], float]) -> Closed:
        """Close the store, unless its credentials were stored after what the message tells of: the app is back then.

        First nothing more is charged, then the credentials go, then the instruments: a crash leaves the store closed,
        and the message comes again.

        Args:
            message: the hint.
            seconds_left: until this function is stopped.

        Raises:
            AwsUnavailableError: AWS did not do its part; the message is to come again.
        """
        kept = self._keeper.read(message.store_hash)
        if kept is None:
            pause = self._ledger.read_pause(message.store_hash)
            return self._retire(message, seconds_left) if pause is not None and pause.is_closed else Closed(False)
        if _when(message) < kept.stored_at.replace(microsecond=0):  # BigCommerce tells whole seconds
            return Closed(False)
        fingerprint = kept.credentials.fingerprint
        reason = STORE_REMOVED if message.cause == OPERATOR else APP_UNINSTALLED
        self._ledger.close(Pause(message.store_hash, reason, None, fingerprint, self._clock()))
        self._keeper.schedule_deletion(message.store_hash)
        self._queue.send(replace(message, happened_at=_when(message)), delay=_ONCE_MORE)
        return self._retire(message, seconds_left)

    def _retire(self, message: Message, seconds_left: Callable[[], float]) -> Closed:
        now, rows = self._clock(), 0
        leaves_at = now + self._policy(message.store_hash).instrument_retention
        for _ in self._table.retire_store(message.store_hash, now, leaves_at):
            rows += 1
            if seconds_left() < _SECONDS_FOR_ROW:
                self._queue.send(replace(message, happened_at=_when(message)))
                return Closed(True, rows, is_finished=False)
        return Closed(True, rows)

    def _policy(self, store_hash: str) -> Policy:
        try:
            return self._policies.policy(store_hash) or Policy()
        except InvalidInputError:
            return Policy()


def _when(message: Message) -> datetime:
    """When the app was uninstalled; by when the webhook came, where the time that it names cannot be."""
    told = message.happened_at
    if told is None or message.received_at - told > _LONGEST_ON_THE_WAY:
        return message.received_at
    return told
