"""The demo's course: orders are made, things happen to them, until everything has settled or time is up."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from bigcharge.domain.states import State
from ops import charges, instruments
from ops.aws import connect, explain_aws_errors, open_instruments, open_ledger
from ops.demo.comparing import compare
from ops.demo.evidence import Evidence, Expectation
from ops.demo.kinds import KINDS, Kind
from ops.demo.local_cloud import LocalCloud
from ops.demo.report import UNSETTLED, count_outcomes
from ops.demo.screen import Screen
from ops.demo.shop import Shop, States

_POLL: Final = 0.25  # seconds between two looks at the ledger
_ORDERS_A_LOOK: Final = 2
_STAGE: Final = "dev"
_TOTAL: Final = sum(kind.count for kind in KINDS)


@dataclass(frozen=True, slots=True)
class Sale:
    """An order that was made, and its kind."""

    order_id: int
    kind: Kind


class Play:
    """One run of the demo.

    Args:
        shop: the store.
        cloud: is ready.
        screen: shows how far it is.
    """

    def __init__(self, shop: Shop, cloud: LocalCloud, screen: Screen) -> None:
        self._shop = shop
        self._cloud = cloud
        self._screen = screen
        self._sales: list[Sale] = []
        self._ledger = open_ledger(_STAGE, cloud.endpoint)
        self._instruments = open_instruments(_STAGE, cloud.endpoint)
        self._queues = connect("sqs", cloud.endpoint)

    def run(self, until: float) -> bool:
        """Make every order and follow it until all has settled.

        Args:
            until: of `time.monotonic`, when to stop all the same.

        Returns:
            Whether all had settled by then.

        Raises:
            CommandError: the functions ended by themselves, or their AWS answers no more.
        """
        kinds = _mix_kinds()
        with explain_aws_errors():
            while time.monotonic() < until:
                self._sales += [Sale(kind.make(self._shop), kind) for kind in islice(kinds, _ORDERS_A_LOOK)]
                if self._look() and self._has_settled():
                    return True
                self._cloud.check_running()
                time.sleep(_POLL)
        return False

    def gather_evidence(self, *, in_time: bool) -> Evidence:
        """What there is to judge in the end, the tables read by the operator's commands."""
        rows, listed = self._cloud.read_listings("charges", "instruments")
        return replace(self._gather(rows, listed), in_time=in_time)

    def _look(self) -> bool:
        """Look at the ledger, show it, let happen what is due; says whether every order is where it must end."""
        evidence = self._gather(self._list_charges(), [])
        states = {row["order_id"]: State(row["state"]) for row in evidence.rows}
        self._give_cues(states)
        settled = sum(states.get(each.order_id) is each.state for each in evidence.expectations)
        outcomes = count_outcomes(evidence)
        outcomes.pop(UNSETTLED, None)
        self._screen.show(settled, _TOTAL, outcomes)
        return settled == _TOTAL

    def _has_settled(self) -> bool:
        """Whether nothing differs, nothing is to come, and nothing is on its way."""
        if self._shop.cues or self._shop.box.waiting_webhooks or not self._cloud.is_idle(self._queues):
            return False
        listed = [
            instruments.summarize(row, reveal=False) for row in self._instruments.list_instruments(datetime.now(UTC))
        ]
        return not compare(self._gather(self._list_charges(), listed))

    def _list_charges(self) -> list[dict[str, Any]]:
        return [charges.summarize(charge) for charge in self._ledger.list_charges()]

    def _gather(self, rows: list[dict[str, Any]], listed: list[dict[str, Any]]) -> Evidence:
        box = self._shop.box
        return Evidence(
            expectations=[self._expect(sale) for sale in self._sales],
            rows=rows,
            book=box.book,
            deliveries=box.deliveries,
            violations=box.violations,
            listed=listed,
            stored=box.instruments(),
        )

    def _expect(self, sale: Sale) -> Expectation:
        order, kind = self._shop.box.order(sale.order_id), sale.kind
        return Expectation(sale.order_id, kind.name, kind.state, order.owed, order.currency, kind.attempts)

    def _give_cues(self, states: States) -> None:
        for cue in [cue for cue in self._shop.cues if cue.when(states)]:
            self._shop.cues.remove(cue)
            self._screen.say(cue.story)
            cue.act()


def _mix_kinds() -> Iterator[Kind]:
    """Every kind as often as it says, in turns, as the orders of a day come."""
    for turn in range(max(kind.count for kind in KINDS)):
        yield from (kind for kind in KINDS if turn < kind.count)
