"""The event bus: what happened, for whoever listens. It may come twice."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from bigcharge.domain.events import Event

if TYPE_CHECKING:
    from mypy_boto3_events.client import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

SOURCE: Final = "bigcharge"
_BATCH: Final = 10  # entries a call, of EventBridge


class EventBus:
    """An event bus of EventBridge.

    Args:
        client: of EventBridge.
        name: the bus's.
    """

    def __init__(self, client: "EventBridgeClient", name: str) -> None:
        self._client = client
        self._name = name

    def publish(self, events: Sequence[Event]) -> list[int]:
        """Put events on the bus, in order.

        Returns:
            The indexes of those that the bus did not take, ascending; empty where it took all.
        """
        failed: list[int] = []
        for first in range(0, len(events), _BATCH):
            failed += [first + index for index in self._put_batch(events[first : first + _BATCH])]
        return failed

    def _put_batch(self, events: Sequence[Event]) -> list[int]:
        answer = self._client.put_events(Entries=[self._entry(event) for event in events])
        if not answer["FailedEntryCount"]:
            return []
        # The answer has an entry for each of the request, in its order.
        return [index for index, entry in enumerate(answer["Entries"]) if "ErrorCode" in entry]

    def _entry(self, event: Event) -> "PutEventsRequestEntryTypeDef":
        return {
            "EventBusName": self._name,
            "Source": SOURCE,
            "DetailType": event.detail_type,
            "Detail": json.dumps(event.detail),
            "Time": event.time,
        }
