"""The command line: what it says when it is used wrongly, and what it does not load."""

import subprocess
import sys
from pathlib import Path

import pytest

from ops import running
from ops.cli import run


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["local"], ["--stores", "bigcharge local --help"]),
        (["local", "--stores", "s", "--api-url", "a", "--payments-url", "p", "--port", "x"], ["--port"]),
        (["local", "--stores", "s", "--api-url", "a", "--payments-url", "p", "--tick", "0"], ["--tick"]),
        (["local", "--stores", "s", "--api-url", "a", "--payments-url", "p", "--logs", __file__], [__file__]),
        (["sandbox"], ["--stores", "bigcharge sandbox --help"]),
        (["sandbox", "--stores", "no-such-file"], ["no-such-file"]),
        (["charge"], ["charge", "bigcharge --help"]),
        (["charges"], ["command", "bigcharge charges --help"]),
        (["charges", "list", "--jsn"], ["--jsn", "--json"]),
        (["charges", "list", "--state", "lost"], ["lost", "paid_elsewhere"]),
        (["charges", "show"], ["order"]),
        (["charges", "show", "abc"], ["whole number"]),
        (["charges", "show", "store one", "1"], ["store hash"]),
        (["charges", "show", "a", "b", "1"], ["[STORE] ORDER"]),
        (["charges", "retry"], ["ORDER", "bigcharge charges retry --help"]),
        (["charges", "retry", "1"], ["--why"]),
        (["charges", "retry", "1", "x", "--why", "w"], ["whole number"]),
        (["charges", "retry", "1", "--why", " "], ["--why is one line of 1 to 200"]),
        (["charges", "retry", "1", "--why", "w", "--who", "a\nb"], ["--who is one line of 1 to 64"]),
        (["charges", "capture", "1", "--why", "paid with 4242 4242 4242 4242"], ["card number"]),
        (["charges", "void", "1", "--why", "w", "--store", "a/b"], ["store hash"]),
        (["charges", "resolve", "1", "--why", "w"], ["--as"]),
        (["charges", "resolve", "1", "--why", "w", "--as", "lost"], ["lost", "paid"]),
        (["charges", "resolve", "1", "--why", "w", "--as", "failed", "--transaction", "7"], ["--as paid"]),
        (["charges", "resolve", "1", "--why", "w", "--as", "paid", "--transaction", "a b"], ["transaction"]),
        (["charges", "repair", "--apply"], ["--why"]),
        (["charges", "show", "1", "--store", "a b"], ["store hash"]),
        (["instruments", "list", "--customer", "0"], ["--customer"]),
        (["stores", "resume", "a/b"], ["store hash"]),
    ],
)
def test_a_command_that_is_used_wrongly_says_so_on_one_line_and_ends_with_2(
    arguments: list[str], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.startswith("bigcharge: ")
    assert all(word in said.err for word in words), said.err


def test_without_a_command_it_shows_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    shown = capsys.readouterr().out
    for command in ("demo", "local", "sandbox", "aws", "charges", "instruments", "stores"):
        assert f"\n  {command} " in shown


def test_help_loads_none_of_the_libraries_of_weight() -> None:
    """Its start is what an operator waits for, each time."""
    code = "import sys; from ops.cli import run; run(['--help']); print(*sys.modules, file=sys.stderr)"
    shown = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    loaded = shown.stderr.split()
    assert "typer" in loaded
    assert not {"boto3", "botocore", "moto", "werkzeug", "rich", "samtranslator", "urllib3"} & set(loaded)


def test_the_template_is_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert running.TEMPLATE.is_file()
