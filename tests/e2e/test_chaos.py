"""Two minutes of trouble on the real local cloud: at the end, the gateway's book and the ledger are equal."""

import os
import random
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.bigcommerce import tokens
from tests.e2e.chaos import POLICY, Chaos, settle
from tests.e2e.house import open_house

SECONDS = float(os.environ.get("CHAOS_SECONDS", "120"))


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


@pytest.mark.slow
def test_after_minutes_of_trouble_the_books_are_equal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kill between the durable attempt and the request leaves nobody knowing: its token must die first (law 3)."""
    monkeypatch.setattr(tokens, "LIFETIME", timedelta(seconds=15))
    seed = int(os.environ.get("CHAOS_SEED", random.randrange(2**32)))  # noqa: S311 - trouble, not a secret
    say(f"CHAOS_SEED={seed}")
    with open_house(tmp_path, POLICY) as house:
        chaos = Chaos(house, random.Random(seed))  # noqa: S311
        chaos.run(SECONDS)
        has_settled = settle(chaos, 420)
        say(", ".join(f"{count} {what}" for what, count in sorted(chaos.counts.items())))
        say(f"{len(house.box.book)} lines in the gateway's book")
        assert chaos.differences() == []
        assert has_settled, sorted((row["state"], row["reason"]) for row in house.charges().values())
        assert not house.box.violations
