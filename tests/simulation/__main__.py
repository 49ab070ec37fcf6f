"""`python -m tests.simulation`: run seeds in parallel, or replay one. `make simulate SEEDS=2000`, `SEED=17`."""

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import closing
from itertools import count, islice

from tests.simulation.report import Progress, Totals, print_history, replay_command, say
from tests.simulation.run import Outcome, run_lean, run_seed, spare_collector
from tests.simulation.scenario import is_about
from tests.simulation.shrinking import shrink
from tests.simulation.themes import NAMED

_CHUNK = 8  # seeds a task: the pool's own work is little beside them
_SHOWN = 3  # failing seeds that are shrunk and printed
_SECONDS_TO_SHRINK = 7.0  # for each of them: what is not quite the smallest is read all the same


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for; 1 where an invariant does not hold."""
    options = _parse(arguments)
    if options.seed is not None:
        return _replay(options.seed, frozenset(options.keep.split(",")) if options.keep else None)
    if options.hunt:
        about = (seed for seed in count(options.first) if not options.theme or is_about(seed, options.theme))
        return _hunt(list(islice(about, options.seeds)))
    return _run_many(range(options.first, options.first + options.seeds), options.jobs, options.seconds)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=2000, help="how many seeds to run (2000)")
    parser.add_argument("--first", type=int, default=0, help="the first of them (0)")
    parser.add_argument("--seconds", type=float, default=None, help="stop after so long, whatever is left")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (all cores)")
    parser.add_argument("--hunt", action="store_true", help="stop at the first violation, and shrink nothing")
    parser.add_argument("--theme", choices=NAMED, default=None, help="of a hunt: only seeds that are about this")
    parser.add_argument("--seed", type=int, default=None, help="replay this one and print its history")
    parser.add_argument("--keep", default="", help="of a replay: the only things that may happen, by their names")
    return parser.parse_args(arguments)


def _replay(seed: int, keep: frozenset[str] | None) -> int:
    outcome = run_seed(seed, keep)
    print_history(outcome)
    return 1 if outcome.violation else 0


def _hunt(seeds: Sequence[int]) -> int:
    spare_collector()
    found = next((outcome for outcome in map(run_lean, seeds) if outcome.violation), None)
    say(f"seed {found.seed}: VIOLATION: {found.violation}" if found else f"nothing in {len(seeds)} seeds")
    return 1 if found else 0


def _run_many(seeds: range, jobs: int, seconds: float | None) -> int:
    started = time.monotonic()
    totals, failed, progress = Totals(), list[Outcome](), Progress(len(seeds), started)
    with closing(_outcomes(seeds, jobs)) as outcomes:
        for outcome in outcomes:
            totals.add(outcome)
            if outcome.violation:
                failed.append(outcome)
                progress.interrupt(f"seed {outcome.seed}: VIOLATION: {outcome.violation}")
            progress.show(totals)
            if seconds is not None and time.monotonic() - started > seconds:
                break
    progress.end(totals)
    totals.print(time.monotonic() - started)
    for outcome in sorted(failed, key=lambda one: one.seed)[:_SHOWN]:
        _explain(outcome)
    return 1 if failed else 0


def _explain(failed: Outcome) -> None:
    """Print the smallest history of a failing seed."""
    small = shrink(failed, _SECONDS_TO_SHRINK)
    say(f"\nseed {failed.seed}, shrunk from {len(failed.struck)} happenings to {len(small.struck)}:")
    print_history(small)
    say(f"replay it: {replay_command(small)}")


def _outcomes(seeds: range, jobs: int) -> Generator[Outcome]:
    """What came of each seed, in any order; closed, it stops the processes that work on others."""
    if jobs == 1:
        yield from map(run_seed, seeds)
        return
    with multiprocessing.get_context("spawn").Pool(jobs, spare_collector) as pool:
        yield from pool.imap_unordered(run_lean, seeds, _CHUNK)


if __name__ == "__main__":
    sys.exit(main())
