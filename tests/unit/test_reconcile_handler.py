"""`reconcile_orders`: store after store; one that fails fails alone, and what time does not suffice for waits."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from bigcharge.domain.errors import OutcomeUnknownError
from bigcharge.domain.reconciling import Cursor
from bigcharge.domain.stores import Pause
from bigcharge.services.reconciling import Reconciled
from functions.reconcile_orders import handler as reconcile_orders
from tests.fakes import Context


@dataclass
class SlowReconciling:
    """Each store takes its milliseconds; the store "broken" fails, "paused" is left alone."""

    context: Context
    hashes: tuple[str, ...]
    takes: int = 0
    done: list[str] = field(default_factory=list)

    def list_stores(self) -> list[tuple[Cursor, Pause | None]]:
        return [(Cursor(name), None) for name in self.hashes]

    def reconcile(self, cursor: Cursor, pause: Pause | None, seconds_left: Any) -> Reconciled | None:
        assert seconds_left() > 0
        self.context.milliseconds -= self.takes
        if cursor.store_hash == "broken":
            raise OutcomeUnknownError("HTTP 503")
        self.done.append(cursor.store_hash)
        return None if cursor.store_hash == "paused" else Reconciled(orders=2, books=1, is_finished=True, gap=3)


def run(
    monkeypatch: pytest.MonkeyPatch, *hashes: str, milliseconds: int = 300_000, takes: int = 0
) -> tuple[dict[str, int], list[str]]:
    context = Context(milliseconds)
    service = SlowReconciling(context, hashes, takes)
    monkeypatch.setattr(reconcile_orders, "reconciling", lambda: service)
    return reconcile_orders.handler({}, context), service.done


def test_a_store_that_fails_does_not_keep_the_next_waiting(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer, done = run(monkeypatch, "one", "broken", "paused", "two")
    assert (answer, done) == ({"reconciled": 3, "failed": 1, "waiting": 0}, ["one", "paused", "two"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    metrics = [(line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"], line) for line in lines if "_aws" in line]
    assert {name: line[name] for name, line in metrics} == {
        "OrdersReconciled": [4.0],
        "OrdersBackfilled": [6.0],
        "BooksHints": [2.0],
        "StoresNotReconciled": [1.0],
    }


def test_stores_for_which_no_time_is_left_wait_for_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    answer, done = run(monkeypatch, "one", "two", "three", "four", milliseconds=100_000, takes=35_000)
    assert (answer, done) == ({"reconciled": 2, "failed": 0, "waiting": 2}, ["one", "two"])


def test_a_list_of_stores_that_cannot_be_read_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lambda counts it as an error, which alarms."""
    service = SlowReconciling(Context(), ())
    monkeypatch.setattr(service, "list_stores", lambda: 1 / 0)
    monkeypatch.setattr(reconcile_orders, "reconciling", lambda: service)
    with pytest.raises(ZeroDivisionError):
        reconcile_orders.handler({}, Context())
