"""`bigcharge demo`, as `make demo` runs it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
LAST_LINE = re.compile(
    r"demo: 40 orders, (\d+) paid, (\d+) authorized, (\d+) pending, (\d+) declined, (\d+) left alone; "
    r"charged twice: 0; lost: 0; forged accepted: 0"
)


def _start(folder: Path) -> subprocess.Popen[str]:
    """The demo in a folder of its own, which its temporary files go to as well."""
    # Whoever runs the tests behind a shell (`make test &`) has SIGINT ignored, and a child would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return subprocess.Popen(
        [sys.executable, "-m", "ops.cli", "demo"],
        cwd=folder,
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_demo_charges_every_order_once_and_its_books_agree(tmp_path: Path) -> None:
    started = time.monotonic()
    demo = _start(tmp_path)
    shown, complaints = demo.communicate(timeout=90)
    assert demo.returncode == 0, shown + complaints
    assert complaints == ""
    last = LAST_LINE.fullmatch(shown.splitlines()[-1])
    assert last
    assert [int(figure) for figure in last.groups()] == [31, 2, 1, 2, 4]
    assert time.monotonic() - started < 60

    report: dict[str, Any] = json.loads((tmp_path / "demo-report.json").read_text())
    assert report["line"] == last.group()
    assert report["agrees"]
    assert len(report["orders"]) == 40
    assert all(order["state"] == order["expected"] for order in report["orders"])
    assert sum(len(order["book"]) for order in report["orders"]) == 35  # 34 charges, and one that the bank settled
    assert [path.name for path in tmp_path.iterdir()] == ["demo-report.json"]  # its logs are gone


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_demo_leaves_nothing_running_when_it_is_stopped(tmp_path: Path, number: signal.Signals) -> None:
    demo = _start(tmp_path)
    assert demo.stdout
    assert any("ready" in line for line in demo.stdout)  # the functions run now
    started = _descendants(demo.pid)
    assert len(started) >= 7  # the local cloud, its AWS, and an environment of each function
    demo.send_signal(number)
    _, complaints = demo.communicate(timeout=20)
    assert demo.returncode == 130
    assert complaints == "bigcharge: demo: stopped\n"
    assert not list(tmp_path.iterdir())
    assert not started & _list_parents().keys()


def _descendants(process_id: int) -> set[int]:
    """The processes that a process has started, and those that they have."""
    found = {process_id}
    parents = _list_parents()
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {process_id}


def _list_parents() -> dict[int, int]:
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True)  # noqa: S607 - of the PATH
    return {int(child): int(parent) for child, parent in (line.split() for line in listed.stdout.splitlines())}
