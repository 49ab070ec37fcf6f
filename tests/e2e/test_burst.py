"""A burst of webhooks while the queue fails now and then, in small; in full: `python -m bench.burst`."""

import random

import pytest

from bench.burst import Aws, open_door, send_burst

WEBHOOKS, SECONDS, SHARE = 600, 25.0, 0.05  # an outage of the whole queue is in it


@pytest.mark.slow
def test_a_burst_is_taken_and_nothing_is_promised_that_is_in_no_queue() -> None:
    aws = Aws(SHARE, random.Random(1))  # noqa: S311 - trouble, not a secret
    with open_door(aws, processes=4) as url:
        burst = send_burst(url, WEBHOOKS, SECONDS)
    assert [order for order in burst.promised if not aws.kept[order]] == []
    assert burst.success > 0.99, burst.statuses
    assert aws.faults.total() > WEBHOOKS * SHARE / 2, "the queue did fail"
    assert burst.statuses.keys() <= {200, 503}


@pytest.mark.slow
def test_while_the_queue_takes_nothing_nothing_is_promised() -> None:
    aws = Aws(1.0, random.Random(1))  # noqa: S311
    with open_door(aws, processes=4) as url:
        burst = send_burst(url, 20, 1.0)
    assert (dict(burst.statuses), burst.promised) == ({503: 20}, [])
    assert aws.calls["SendMessage"] == 3 * 20, "each was tried three times"
