"""`bigcharge demo`: from nothing to a judged set of orders in half a minute, and nothing left running."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ops.errors import FAILED, CommandError

if TYPE_CHECKING:
    from ops.demo.evidence import Difference, Evidence
    from ops.demo.screen import Screen

_REPORT: Final = Path("demo-report.json")
_LIMIT: Final = 52.0  # seconds until it says what is missing, so that all is over within 60
_RETRY_SCALE: Final = 0.02  # BigCommerce's first retry of a webhook comes after 1.2 s instead of 60
_INTERRUPTED: Final = 130
# Waits of seconds in place of days; the last one is so long that the pending payment stays under observation.
_POLICY: Final[dict[str, Any]] = {
    "retry_after": ["PT3S", "PT3S", "PT3S"],
    "check_unknown_after": ["PT1S", "PT2S", "PT4S", "PT10S", "PT1H"],
}


def run_demo() -> None:
    """Charge 40 orders of every kind here, and judge them.

    The ledger is compared with the own book of the gateway of a BigCommerce in a box. Exit status 0 only if they agree
    entirely; demo-report.json holds the details.
    """
    import shutil  # noqa: PLC0415 - imports of a command stand in it
    import tempfile  # noqa: PLC0415

    from rich.console import Console  # noqa: PLC0415

    from ops.demo.screen import Screen  # noqa: PLC0415

    started = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="bigcharge-demo-"))
    try:
        with _interruptible(), Screen(Console()) as screen:
            evidence = _play(folder, screen, started + _LIMIT)
    except KeyboardInterrupt:
        shutil.rmtree(folder)
        raise CommandError("demo: stopped", _INTERRUPTED) from None
    except CommandError as error:
        raise CommandError(f"{error}; its logs are in {folder}", error.status) from None
    differences = _judge(evidence, time.monotonic() - started, folder)
    if differences:
        raise SystemExit(FAILED)
    shutil.rmtree(folder)


def _play(folder: Path, screen: "Screen", until: float) -> "Evidence":
    from ops.demo.local_cloud import LocalCloud, Upstream  # noqa: PLC0415
    from ops.demo.play import Play  # noqa: PLC0415
    from ops.demo.shop import Shop  # noqa: PLC0415
    from sandbox.bigcommerce.box import Box  # noqa: PLC0415
    from sandbox.bigcommerce.server import serve  # noqa: PLC0415
    from sandbox.bigcommerce.stores import load_stores  # noqa: PLC0415

    stores_file = _write_stores(folder)
    box = Box(load_stores(stores_file), retry_scale=_RETRY_SCALE)
    with serve(box) as server:
        screen.say("starting a BigCommerce in a box, and the functions on an emulated AWS")
        with LocalCloud(folder, stores_file, Upstream(server.api_url, server.payments_url)) as cloud:
            cloud.wait_until_ready()
            screen.say(f"ready: webhooks go to {cloud.webhooks_url}")
            box.add_default_hooks(cloud.webhooks_url)
            play = Play(Shop(box), cloud, screen)
            return play.gather_evidence(in_time=play.run(until))


def _write_stores(folder: Path) -> Path:
    """A stores file with one store of invented credentials, new in each run."""
    import json  # noqa: PLC0415
    import secrets  # noqa: PLC0415

    from ops.demo.shop import SOURCE  # noqa: PLC0415

    store = {
        "store_hash": "demo",
        "access_token": secrets.token_hex(16),
        "client_id": secrets.token_hex(16),
        "client_secret": secrets.token_hex(32),
        "hook_header": {"X-Demo-Hook": secrets.token_hex(16)},
        "policy": {"external_sources": [SOURCE], **_POLICY},
    }
    path = folder / "stores.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps([store]), encoding="utf-8")
    return path


def _judge(evidence: "Evidence", seconds: float, folder: Path) -> "tuple[Difference, ...]":
    from ops.demo.comparing import compare  # noqa: PLC0415
    from ops.demo.report import make_line, make_verdict, print_outcomes, write_report  # noqa: PLC0415

    differences = compare(evidence)
    line = make_line(evidence, differences)
    write_report(_REPORT, evidence, differences, line, seconds)
    print_outcomes(evidence)
    for difference in differences:
        print(difference.text)
    print(f"they disagree: the logs are in {folder}" if differences else make_verdict(evidence))
    print(f"{seconds:.0f} s; the details are in {_REPORT}")
    print(line)
    return differences


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let SIGTERM end the demo as Ctrl-C does, so that it leaves nothing running."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
