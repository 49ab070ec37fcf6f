"""docs/runbook.md: every alarm has its section, and everything that it says to type can be typed."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import botocore.session
import pytest
from botocore import xform_name
from typer.main import get_command

from ops.cli import app
from tests.contract.test_alarms import ALARMS

PAGE: Final = (Path(__file__).parents[2] / "docs" / "runbook.md").read_text()
# Of the AWS command line itself: no operation of a service, or no parameter of one.
_OF_CLI: Final = {("logs", "tail"): {"since", "filter-pattern"}}
_ANYWHERE: Final = {"query", "output", "cli-binary-format"}


def read_sections() -> dict[str, str]:
    """The runbook's sections, by their headings."""
    parts = re.split(r"^### (.+)$", PAGE, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


SECTIONS: Final = read_sections()


def test_every_alarm_has_its_section_and_every_section_its_alarms() -> None:
    documented = {
        f"bigcharge-${{Stage}}-{name}": f"docs/runbook.md#{heading}"
        for heading, text in SECTIONS.items()
        for name in re.findall(r"`([a-z-]+)`", re.findall(r"^Alarms: (.+)$", text, re.MULTILINE)[0])
    }
    described = {alarm["AlarmName"]["Fn::Sub"]: alarm["AlarmDescription"].split()[-1] for alarm in ALARMS.values()}
    assert documented == described


@pytest.mark.parametrize("heading", SECTIONS)
def test_a_section_says_what_it_means_what_to_look_at_what_to_do_and_when_it_is_over(heading: str) -> None:
    assert re.findall(r"^\*\*(Means|Look|Do|Over)\*\*", SECTIONS[heading], re.MULTILINE) == [
        "Means",
        "Look",
        "Do",
        "Over",
    ]


def test_links_within_the_page_lead_somewhere() -> None:
    assert set(re.findall(r"\]\(#([a-z-]+)\)", PAGE)) <= set(SECTIONS)


def list_commands(program: str) -> Iterator[list[str]]:
    """Every command of a program that the page says to type: in its blocks and its lines, within `$(...)` too."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    inline = re.findall(rf"`({program} [a-z][^`]+)`", re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL))
    for line in [line.strip() for block in blocks for line in block.splitlines()] + inline:
        text = line
        while found := re.search(r"\$\(([^()]*)\)", text):
            text = text.replace(found[0], "value")
            if found[1].startswith(f"{program} "):
                yield shlex.split(found[1])
        if text.startswith(f"{program} "):
            yield shlex.split(text)


@pytest.mark.parametrize("command", list(list_commands("bigcharge")), ids=" ".join)
def test_a_command_of_bigcharge_is_one_that_it_takes(command: list[str]) -> None:
    parser: Any = get_command(app)
    context, arguments = None, command[1:]
    while hasattr(parser, "resolve_command"):
        context = parser.make_context(parser.name, list(arguments), parent=context)
        _, parser, arguments = parser.resolve_command(context, [*context._protected_args, *context.args])
    parser.make_context(parser.name, list(arguments), parent=context)


@cache
def read_service(name: str) -> Any:
    return botocore.session.get_session().get_service_model(name)


@pytest.mark.parametrize("command", list(list_commands("aws")), ids=" ".join)
def test_a_command_of_aws_is_one_that_aws_knows(command: list[str]) -> None:
    _, service, operation, *rest = command
    given = {word.removeprefix("--") for word in rest if word.startswith("--")}
    if (service, operation) in _OF_CLI:
        assert given <= _OF_CLI[service, operation]
        return
    operations = {xform_name(name, "-"): name for name in read_service(service).operation_names}
    shape = read_service(service).operation_model(operations[operation]).input_shape
    assert given - _ANYWHERE <= {xform_name(member, "-") for member in shape.members}
    assert {xform_name(member, "-") for member in shape.required_members} <= given


def test_something_is_said_to_type() -> None:
    assert len(list(list_commands("bigcharge"))) > 10
    assert len(list(list_commands("aws"))) > 10
