"""The proof of the front door is tested: take its verification away, or weaken it, and both tests and fuzz are red."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.fuzz.shops import OVER_A_ROTATION
from tests.planting import environment_of, plant

if TYPE_CHECKING:
    from collections.abc import Mapping

BUGS: Final = sorted((Path(__file__).parent / "bugs").glob("*.patch"))
_NEEDED: Final = (
    "layers",
    "functions",
    "sandbox",
    "template.yaml",
    "pyproject.toml",
    "tests/fakes.py",
    "tests/fuzz",
    "tests/integration/bigcommerce_wire.py",
    "tests/integration/conftest.py",
    "tests/integration/test_rotation.py",
    "tests/simulation/aws_errors.py",
    "tests/simulation/expressions.py",
    "tests/simulation/small_services.py",
    "tests/unit/test_handlers.py",
    "tests/unit/test_intake.py",
)
_SUITE: Final = ("tests/unit/test_handlers.py", "tests/unit/test_intake.py", "tests/integration/test_rotation.py")
_REQUESTS: Final = 8_000  # in which nothing is found without a bug (test_fuzz.py)
_SECONDS: Final = 300

type Result = subprocess.CompletedProcess[str]


def _prove(into: Path, bug: Path) -> tuple[Result, Result]:
    """Run the door's tests and its fuzz on a tree with the bug in it."""
    tree = plant(bug, into, _NEEDED)
    fuzz = ("-m", "tests.fuzz", "--hunt", "--requests", str(_REQUESTS), "--first", str(OVER_A_ROTATION))
    suite = ("-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *_SUITE)
    tests, fuzzed = (
        subprocess.run(  # noqa: S603 - our own command
            [sys.executable, *arguments],
            cwd=tree,
            env=environment_of(tree),
            check=False,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
        )
        for arguments in (suite, fuzz)
    )
    return tests, fuzzed


@pytest.fixture(scope="module")
def proofs(tmp_path_factory: pytest.TempPathFactory) -> "Mapping[str, tuple[Result, Result]]":
    into = tmp_path_factory.mktemp("bugs")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip((bug.stem for bug in BUGS), pool.map(partial(_prove, into), BUGS), strict=True))


def test_the_bug_of_bugs_is_among_them() -> None:
    assert "verification_removed" in {bug.stem for bug in BUGS}


@pytest.mark.parametrize("name", [bug.stem for bug in BUGS])
def test_a_planted_bug_turns_the_tests_red(name: str, proofs: "Mapping[str, tuple[Result, Result]]") -> None:
    tests, _ = proofs[name]
    assert tests.returncode == 1, tests.stdout + tests.stderr
    assert "FAILED" in tests.stdout


@pytest.mark.parametrize("name", [bug.stem for bug in BUGS])
def test_a_planted_bug_is_found_by_the_fuzz(name: str, proofs: "Mapping[str, tuple[Result, Result]]") -> None:
    _, fuzzed = proofs[name]
    assert fuzzed.returncode == 1, fuzzed.stdout + fuzzed.stderr
    assert "FINDING" in fuzzed.stdout
