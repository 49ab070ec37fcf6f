"""Loading code as a process of its own does: no module is shared with another process."""

from functools import cache
from pathlib import Path
from types import CodeType, ModuleType


@cache
def _compile(path: Path) -> CodeType:
    return compile(path.read_text(encoding="utf-8"), str(path), "exec")


def load_module(name: str, path: Path) -> ModuleType:
    """A new module from a file."""
    module = ModuleType(name)
    module.__file__ = str(path)
    exec(_compile(path), module.__dict__)  # noqa: S102 - the project's own code, once for each process
    return module
