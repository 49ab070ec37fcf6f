"""The proof is tested: each planted bug is caught within a bounded number of seeds."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.planting import environment_of, plant

if TYPE_CHECKING:
    from collections.abc import Mapping

BUGS: Final = sorted((Path(__file__).parent / "bugs").glob("*.patch"))
_NEEDED: Final = ("layers", "functions", "sandbox", "tests/simulation", "template.yaml", "pyproject.toml")
_MOST_SEEDS: Final = 250  # in which nothing is found without a bug (test_seeds.py, `make simulate`)
_SECONDS: Final = 300
_THEME: Final = re.compile(r"Theme: (\w+)\n")


def _find_theme(bug: Path) -> list[str]:
    """A bug that shows in worlds of one theme alone says so above its patch: few other seeds meet it."""
    named = _THEME.match(bug.read_text())
    return ["--theme", named[1]] if named else []


def _hunt(into: Path, bug: Path) -> "subprocess.CompletedProcess[str]":
    tree = plant(bug, into, _NEEDED)
    command = [sys.executable, "-m", "tests.simulation", "--hunt", "--jobs", "1", "--seeds", str(_MOST_SEEDS)]
    command += _find_theme(bug)
    return subprocess.run(  # noqa: S603 - our own command
        command, cwd=tree, env=environment_of(tree), check=False, capture_output=True, text=True, timeout=_SECONDS
    )


@pytest.fixture(scope="module")
def hunts(tmp_path_factory: pytest.TempPathFactory) -> "Mapping[str, subprocess.CompletedProcess[str]]":
    into = tmp_path_factory.mktemp("bugs")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip((bug.stem for bug in BUGS), pool.map(partial(_hunt, into), BUGS), strict=True))


def test_there_are_enough_bugs() -> None:
    assert len(BUGS) >= 25


@pytest.mark.parametrize("name", [bug.stem for bug in BUGS])
def test_a_planted_bug_is_caught(name: str, hunts: "Mapping[str, subprocess.CompletedProcess[str]]") -> None:
    hunt = hunts[name]
    assert hunt.returncode == 1, hunt.stdout + hunt.stderr
    assert "VIOLATION" in hunt.stdout
