"""The client keeps to the rate limits that the box's headers tell, and the box never has to refuse it."""

import pytest

from bigcharge.domain.errors import RateLimitedError
from bigcharge.domain.presented_instruments import Card
from sandbox.bigcommerce.limits import Limits
from tests.contract.box_world import STORE
from tests.contract.client_world import open_desk

CARD = Card("4242424242424242", "Jane Doe", 12, 2031, "422")


def test_a_reader_waits_for_each_window_and_is_never_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_desk(monkeypatch, Limits(rest_requests=3, rest_window=10)) as desk:
        order_id = desk.world.box.create_order().order_id
        for _ in range(10):
            desk.client.get_order(order_id)
        assert [exchange.answer and exchange.answer.status for exchange in desk.exchanges] == [200] * 10
        assert len(desk.world.slept) == 3
        assert all(wait <= 10 for wait in desk.world.slept)


def test_a_window_that_is_too_far_away_is_told_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """All clients of a store in a process share what is known of its quota; another store has its own."""
    with open_desk(monkeypatch, Limits(rest_requests=2, rest_window=3600)) as desk:
        order_id = desk.world.box.create_order().order_id
        desk.client.get_order(order_id)
        desk.make_client(STORE).get_order(order_id)
        for client in (desk.client, desk.make_client(STORE)):
            with pytest.raises(RateLimitedError) as caught:
                client.get_order(order_id)
            assert 900 < caught.value.wait <= 3600
        assert (len(desk.exchanges), desk.world.slept) == (2, [])
        assert list(desk.make_client().hooks.list_hooks()) == []


def test_a_payment_beyond_the_quota_is_not_sent_and_says_how_long_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_desk(monkeypatch, Limits(payments=1, payments_window=4)) as desk:
        first, second = (desk.mint(desk.world.box.create_order().order_id) for _ in range(2))
        desk.client.process_payment(first, CARD, "stripe.card")
        with pytest.raises(RateLimitedError) as caught:
            desk.client.process_payment(second, CARD, "stripe.card")
        assert 0 < caught.value.wait <= 4
        assert [served.endpoint for served in desk.world.box.served].count("payments") == 1
        desk.world.clock.pass_time(caught.value.wait)
        desk.client.process_payment(second, CARD, "stripe.card")
        assert len(desk.world.box.book) == 2
