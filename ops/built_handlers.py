"""Loads every handler that `sam build` built, each with nothing but what Lambda would give it.

Run as `python -m ops.built_handlers .aws-sam/build`. Each handler gets a fresh interpreter without this environment's
libraries, with its build folder and the built layer on the path, twice: imported with no setting at all, then started
as Lambda starts it, with boto3 and with its settings, so that it builds what it otherwise builds at its first event.
Whatever the artefacts lack shows here.
"""

import json
import subprocess  # nosec B404 # it runs programs of ours
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sandbox.cloud.errors import CannotStart
from sandbox.cloud.template import Json, read_template

_SECONDS: Final = 30
# boto3 and what it needs: in /var/runtime of Lambda, where a function's own libraries come before them.
_RUNTIME_LIBRARIES: Final = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")
# -I and -S leave the interpreter the standard library alone; the folders come from the command line.
_LOAD: Final = """
import importlib, json, sys, time
handler, *folders = sys.argv[1:]
sys.path[:0] = folders
module, _, name = handler.rpartition(".")
began = time.perf_counter()
found = callable(getattr(importlib.import_module(module), name))
print(json.dumps({"callable": found, "milliseconds": (time.perf_counter() - began) * 1000}))
"""


@dataclass(frozen=True, slots=True)
class BuiltHandler:
    """A built function: its logical id, its handler, the folders on its path, and the names of its settings."""

    function: str
    handler: str
    folders: tuple[Path, ...]
    settings: tuple[str, ...]


class CannotLoadError(Exception):
    """A built handler cannot be loaded; the message is what its interpreter wrote."""


def list_handlers(build: Path) -> list[BuiltHandler]:
    """List the functions of a build folder's own template.

    Raises:
        CannotStart: the folder holds no build.
    """
    template = read_template(build / "template.yaml")
    return [
        _read_function(build, name, resource["Properties"], template)
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    ]


def _read_function(build: Path, name: str, properties: Json, template: Json) -> BuiltHandler:
    everywhere = template.get("Globals", {}).get("Function", {})
    given = {**everywhere, **properties}
    layers = [template["Resources"][layer["Ref"]]["Properties"]["ContentUri"] for layer in given.get("Layers", [])]
    variables = [source.get("Environment", {}).get("Variables", {}) for source in (everywhere, properties)]
    return BuiltHandler(
        function=name,
        handler=given["Handler"],
        # Lambda unpacks a layer in /opt and puts its folder `python` on the path.
        folders=(build / given["CodeUri"], *(build / layer / "python" for layer in layers)),
        settings=tuple(setting for source in variables for setting in source if setting != "AWS_ENDPOINT_URL"),
    )


def load_handler(built: BuiltHandler, folders: Sequence[Path], environment: Mapping[str, str]) -> float:
    """Load one handler with more folders on its path, and with an environment.

    Returns:
        How long it took, in milliseconds.

    Raises:
        CannotLoadError: it cannot be loaded, or is nothing that can be called.
    """
    path = [str(folder.resolve()) for folder in (*built.folders, *folders)]
    ended = subprocess.run(  # noqa: S603 - this interpreter, with a program of our own  # nosec B603
        [sys.executable, "-I", "-S", "-B", "-c", _LOAD, built.handler, *path],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
        env=dict(environment),
    )
    if ended.returncode:
        raise CannotLoadError(ended.stderr.strip())
    answer = json.loads(ended.stdout.splitlines()[-1])
    if not answer["callable"]:
        raise CannotLoadError(f"{built.handler} is not a function")
    return float(answer["milliseconds"])


def _check(built: BuiltHandler, runtime: Path) -> str:
    imported = load_handler(built, (), {})
    settings = {
        **dict.fromkeys(built.settings, "https://built.invalid"),
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }
    started = load_handler(built, (runtime,), settings)
    return f"{built.function}: imported in {imported:.0f} ms, started in {started:.0f} ms"


def _link_runtime(folder: Path) -> None:
    for name in _RUNTIME_LIBRARIES:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            raise CannotLoadError(f"{name} is not installed here")
        origin = Path(spec.origin)
        found = origin.parent if origin.name == "__init__.py" else origin
        (folder / found.name).symlink_to(found)


def main(arguments: Sequence[str]) -> int:
    """Load all; 0 if each can be loaded, 1 if one cannot, 2 if nothing is built."""
    try:
        handlers = list_handlers(Path(arguments[0] if arguments else ".aws-sam/build"))
    except CannotStart as error:
        print(f"built-handlers: {error}: run `sam build` first", file=sys.stderr)
        return 2
    status = 0
    with TemporaryDirectory() as folder:
        _link_runtime(Path(folder))
        for built in handlers:
            try:
                print(_check(built, Path(folder)))
            except CannotLoadError as error:
                print(f"{built.function}: cannot be loaded\n{error}", file=sys.stderr)
                status = 1
    return status


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
