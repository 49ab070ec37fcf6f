"""`python -m tests.fuzz`: send the receiver valid webhooks, mutated ones and garbage, and judge every answer.

`make fuzz REQUESTS=1000000`, `make fuzz SEED=7 SECONDS=60`; a finding is printed with the command that repeats it.
"""

import argparse
import gc
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from types import SimpleNamespace
from typing import Any, Final

from tests.fuzz.changes import CHANGES
from tests.fuzz.drafts import draft_webhook
from tests.fuzz.oracle import is_valid
from tests.fuzz.receiver import Receiver, open_receiver, show
from tests.fuzz.shops import LEARNED_AFTER, PER_SECOND, SHOPS, STORES_AT_ONCE, STORES_PER_SECOND
from tests.fuzz.tampers import TAMPERS

_ALLOWED: Final = frozenset({200, 400, 401, 429})
_OK: Final = 200
CONTEXT: Final = SimpleNamespace(aws_request_id="invented")
_SLOWEST: Final = 0.05  # seconds of the processor: this machine may be doing something else at the same time
_WARM_UP: Final = 3  # requests that also load what is loaded at the first use
_FINDINGS_SHOWN: Final = 5
_FLOOD: Final = (60, 0, 10)  # of each so many seconds, strangers make up stores from then until then


@dataclass(slots=True)
class Totals:
    """What came of the requests."""

    statuses: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    slowest: tuple[float, int] = (0.0, 0)
    valid: int = 0
    canonical: int = 0


def make_request(seed: int, number: int) -> tuple[dict[str, Any], list[str]]:
    """The request of a number, with what is odd about it; nothing: it is a webhook that has to be taken."""
    random = Random(f"{seed}/{number}")  # noqa: S311 - to be repeated
    draft = draft_webhook(random, number / PER_SECOND)
    dice, kinds = random.random(), list[str]()
    every, begins, ends = _FLOOD
    if begins <= number / PER_SECOND % every < ends and dice < 1 / 2:
        CHANGES["made-up store"](random, draft)
        return draft.send(random), ["made-up store"]
    if 0.2 < dice < 0.6:
        kinds += sorted(random.sample(tuple(CHANGES), random.choice((1, 1, 1, 2))), key=tuple(CHANGES).index)
        for kind in kinds:
            CHANGES[kind](random, draft)
    event = draft.send(random)
    if dice > 0.55:
        tampers = random.sample(tuple(TAMPERS), random.choice((1, 1, 1, 2, 3)))
        for kind in tampers:
            if event.get("headers") and event.get("body"):
                TAMPERS[kind](random, event)
        kinds += tampers
    return event, kinds


def check(receiver: Receiver, seed: int, number: int, totals: Totals) -> str | None:
    """Send one; what is wrong with its answer, if anything."""
    event, kinds = make_request(seed, number)
    at = number / PER_SECOND
    receiver.move_to(at)
    queued, started = receiver.queued, time.thread_time()
    try:
        answer = receiver.handle(event, CONTEXT)
    except Exception as error:  # noqa: BLE001 - whatever it lets out is a finding
        return f"raised {type(error).__name__}"
    seconds = time.thread_time() - started
    status, valid = answer.get("statusCode"), is_valid(event, at)
    totals.statuses[int(status or 0)] += 1
    totals.kinds.update(kinds or ["as BigCommerce sends it"])
    totals.valid += valid
    totals.canonical += not kinds
    is_warm = totals.statuses.total() > _WARM_UP
    if is_warm and seconds > totals.slowest[0]:
        totals.slowest = seconds, number
    if status not in _ALLOWED or answer.keys() != {"statusCode"}:
        return f"answered {answer}"
    if status == _OK and not valid:
        return "taken, and it is not valid"
    if status != _OK and not kinds:
        return f"refused with {status}, and it is valid"
    if status != _OK and receiver.queued != queued:
        return "refused, and something was queued"
    return f"took {1000 * seconds:.0f} ms" if is_warm and seconds > _SLOWEST else None


def main(arguments: list[str] | None = None) -> int:
    """Run; 1 where an answer is wrong."""
    options = _parse(arguments)
    totals, started, number = Totals(), time.monotonic(), options.first
    gc.freeze()
    with open_receiver(options.first / PER_SECOND) as receiver:
        for number in range(options.first, options.first + options.requests):
            finding = check(receiver, options.seed, number, totals)
            if finding:
                event, kinds = make_request(options.seed, number)
                again = f"python -m tests.fuzz --seed {options.seed} --first {number} --requests 1"
                totals.findings.append(f"{finding} ({', '.join(kinds)}); again: {again}\n{show(event)}")
            if options.hunt and totals.findings:
                break
            if options.seconds and time.monotonic() - started > options.seconds:
                break
        reads = receiver.secrets.reads
    requests = number + 1 - options.first
    if reads > _most_reads(requests / PER_SECOND):
        totals.findings.append(f"Secrets Manager was read {reads} times")
    _report(totals, requests, time.monotonic() - started, reads)
    return 1 if totals.findings else 0


def _most_reads(seconds: float) -> float:
    """What docs/decisions.md promises: strangers' stores, and of each of ours both versions anew with each refresh."""
    strangers = STORES_AT_ONCE + seconds * STORES_PER_SECOND
    return strangers + len(SHOPS) * 2 * (2 + seconds / LEARNED_AFTER)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000, help="how many to send (100000)")
    parser.add_argument("--seed", type=int, default=0, help="of all chance (0)")
    parser.add_argument("--first", type=int, default=0, help="the number of the first (0)")
    parser.add_argument("--seconds", type=float, default=None, help="stop after so long, however many are left")
    parser.add_argument("--hunt", action="store_true", help="stop at the first finding")
    return parser.parse_args(arguments)


def _report(totals: Totals, requests: int, seconds: float, reads: int) -> None:
    for finding in totals.findings[:_FINDINGS_SHOWN]:
        _say(f"FINDING: {finding}")
    for kind, count in sorted(totals.kinds.items()):
        _say(f"  {kind:<36} {count:9,}")
    _say(f"{'requests':<38} {requests:9,}   in {seconds:,.0f} s, {requests / seconds:,.0f} a second")
    for status, count in sorted(totals.statuses.items()):
        _say(f"{f'answered {status}':<38} {count:9,}")
    _say(f"{'valid, by the oracle':<38} {totals.valid:9,}   {totals.canonical:,} of them as BigCommerce sends them")
    _say(f"{'reads of Secrets Manager':<38} {reads:9,}   in {requests / PER_SECOND:,.0f} simulated seconds")
    _say(f"{'slowest, ms of the processor':<38} {1000 * totals.slowest[0]:9.1f}   request {totals.slowest[1]}")
    _say(f"{'findings':<38} {len(totals.findings):9,}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    raise SystemExit(main())
