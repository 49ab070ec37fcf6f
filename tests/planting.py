"""Planting a bug: a copy of the tree with a patch in it, to see that the proof finds it."""

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]


def plant(bug: Path, into: Path, needed: Iterable[str]) -> Path:
    """Copy what is needed of the tree, and put the bug in it.

    Raises:
        CalledProcessError: the patch does not fit the code any more: make it anew.
    """
    tree = into / bug.stem
    for name in needed:
        source, target = ROOT / name, tree / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.patch"))
        else:
            shutil.copy(source, target)
    apply = ["git", "apply", "-p1", str(bug)]
    subprocess.run(apply, cwd=tree, check=True, env={**os.environ, "GIT_DIR": "none"})  # noqa: S603 - our own command
    return tree


def environment_of(tree: Path) -> dict[str, str]:
    """The environment in which a process imports the copy and not this tree."""
    paths = os.pathsep.join((str(tree), str(tree / "layers" / "bigcharge")))
    return {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
