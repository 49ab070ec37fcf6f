"""Reconciling against the box, over the client: its lists change while they are read, end mid-way and lag behind."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from bigcharge.domain.charges import Charge
from bigcharge.domain.new_orders import OrderFilter
from bigcharge.domain.policy import Policy
from bigcharge.domain.reconciling import Errand, Gap
from bigcharge.domain.states import State
from bigcharge.services.reconciling import Reconciled, Reconciling
from tests.contract.client_world import Desk, open_desk
from tests.fakes import FakeQueue
from tests.unit.reconcile_world import FakeCursors, Ledger, Served, seconds

INCOMPLETE = OrderFilter(status_id=0)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with open_desk(monkeypatch) as desk:
        yield desk
        assert desk.world.rules() == []


class Office:
    """The service at the desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.ledger, self.queue = Ledger(), FakeQueue()
        self.cursors = FakeCursors(self.ledger)
        stores = Served(policies=Policy(external_sources=("app",)))
        lists = desk.client.orders
        clock = desk.world.clock
        self.reconciling = Reconciling(self.ledger, self.cursors, self.queue, stores, lambda _: lists, clock)

    def run(self, seconds_left: Callable[[], float] = lambda: 300.0) -> Reconciled | None:
        [(cursor, pause)] = self.reconciling.list_stores()
        return self.reconciling.reconcile(cursor, pause, seconds_left)

    def sent(self) -> list[int]:
        found = [message.id for message, _ in self.queue.sent]
        self.queue.sent.clear()
        return found


def make_orders(desk: Desk, number: int) -> list[int]:
    customer_id = desk.world.box.create_customer().customer_id
    box = desk.world.box
    return [box.create_order(customer_id=customer_id, external_source="app").order_id for _ in range(number)]


def pages(desk: Desk) -> list[str]:
    return [exchange.line.partition("?")[2] for exchange in desk.exchanges]


def test_more_orders_of_one_second_than_a_page_holds_are_walked_by_their_ids(desk: Desk) -> None:
    made = make_orders(desk, 600)
    walked = list(desk.client.orders.walk_orders(INCOMPLETE))
    assert [len(orders) for orders in walked] == [249, 249, 102]
    assert [order.order_id for orders in walked for order in orders] == made
    assert {order.modified_at for orders in walked for order in orders} == {desk.world.clock.now}
    third = f"min_id={made[497]}&sort=id%3Aasc"
    assert [line for line in pages(desk) if "page=1" not in line] == [f"status_id=0&{third}&page=2&limit=250"]


def test_a_walk_goes_on_above_an_id(desk: Desk) -> None:
    made = make_orders(desk, 5)
    [orders] = desk.client.orders.walk_orders(INCOMPLETE, made[2])
    assert [order.order_id for order in orders] == made[3:]
    assert list(desk.client.orders.walk_orders(INCOMPLETE, made[4])) == []


def test_a_host_that_does_not_know_the_smallest_id_is_read_by_pages_all_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sandbox.bigcommerce import order_calls  # noqa: PLC0415 - only this test breaks it

    monkeypatch.delitem(order_calls._NUMBER_FILTERS, "min_id")
    made = make_orders(desk, 600)
    walked = list(desk.client.orders.walk_orders(INCOMPLETE))
    assert [order.order_id for orders in walked for order in orders] == made


def test_orders_that_leave_incomplete_while_they_are_walked_take_none_with_them(desk: Desk) -> None:
    """All of the first page are paid before the second is read: by their numbers, pages would skip as many."""
    made = make_orders(desk, 700)
    office = Office(desk)

    def pay_some() -> float:
        passed = [message.id for message, _ in office.queue.sent]
        for order_id in passed:
            desk.world.box.set_order(order_id, status_id=11)
        return 300.0

    assert office.run(pay_some) == Reconciled(orders=700, books=0, is_finished=True)
    assert office.sent() == made


def test_a_run_that_is_cut_short_is_continued_where_it_stopped(desk: Desk) -> None:
    made = make_orders(desk, 600)
    office = Office(desk)
    assert office.run(seconds(300, 10)) == Reconciled(orders=249, books=0, is_finished=False)
    assert office.sent() == made[:249]
    desk.world.clock.pass_time(600)
    desk.exchanges.clear()
    assert office.run() == Reconciled(orders=351, books=0, is_finished=True)
    assert office.sent() == made[249:]
    assert f"min_id={made[248]}&" in pages(desk)[0]


def test_an_order_whose_change_lists_show_late_is_found(desk: Desk) -> None:
    made = make_orders(desk, 2)
    desk.world.box.set_order(made[0], status_id=1)
    office = Office(desk)
    office.run()
    assert office.sent() == [made[1]]
    desk.world.box.stale_order(made[0], seconds=590)
    desk.world.box.set_order(made[0], status_id=0)
    desk.world.clock.pass_time(580)
    desk.world.box.set_order(made[1], status_id=0)
    office.run()
    assert made[0] not in office.sent()
    desk.world.clock.pass_time(600)
    office.run()
    assert made[0] in office.sent()


def test_nothing_new_costs_one_request(desk: Desk) -> None:
    office = Office(desk)
    office.run()
    desk.exchanges.clear()
    desk.world.clock.pass_time(600)
    office.run()
    [line] = pages(desk)
    assert line.startswith("status_id=0&min_date_modified=2019-02-26T21%3A42%3A22%2B00%3A00&sort=date_modified%3Adesc")
    assert desk.last.answer is not None
    assert desk.last.answer.status == 204


def test_the_books_are_compared_over_all_statuses(desk: Desk) -> None:
    made = make_orders(desk, 3)
    office = Office(desk)
    for order_id in made[:2]:
        desk.world.box.set_order(order_id, status_id=5)
    owed = desk.client.get_order(made[0]).owed
    for order_id, state in zip(made, (State.PAID, State.CANCELED, State.PAID), strict=True):
        charge = Charge("abc123", order_id, state, desk.world.clock.now, money=owed, version=1)
        office.ledger.charges["abc123", order_id] = charge
    assert office.run() == Reconciled(orders=0, books=2, is_finished=True)
    assert [(message.id, message.cause) for message, _ in office.queue.sent] == [(made[0], "books"), (made[2], "books")]
    assert office.cursors.kept["abc123"].walks.keys() == {Errand.ORDERS, Errand.BOOKS}


def test_a_gap_asks_for_what_changed_in_it_and_for_nothing_else(desk: Desk) -> None:
    """BigCommerce's times have whole seconds: the gap's are rounded outwards."""
    office, clock = Office(desk), desk.world.clock
    clock.now += timedelta(days=-5)
    [before] = make_orders(desk, 1)
    clock.now += timedelta(hours=1)
    since = clock.now + timedelta(milliseconds=300)
    within = make_orders(desk, 2)
    clock.now += timedelta(hours=1)
    until = clock.now - timedelta(milliseconds=300)
    within += make_orders(desk, 1)
    clock.now += timedelta(hours=1)
    [after] = make_orders(desk, 1)
    clock.now += timedelta(days=5)
    office.cursors.gaps["abc123"] = Gap(since, until)
    done = office.run()
    assert done is not None
    assert (done.gap, office.sent()) == (len(within), within)
    assert not {before, after} & set(within)
    asked = next(line for line in pages(desk) if "max_date_modified" in line)
    assert f"max_date_modified={(until + timedelta(milliseconds=300)).strftime('%Y-%m-%dT%H%%3A%M%%3A%S')}" in asked
