"""docs/observability.md names every line of the logs and every metric, and no other."""

import re
from pathlib import Path
from typing import Final

import pytest

from tests.contract.seeing_world import Said, levels_of_code, say_everything
from tests.contract.test_template import FUNCTIONS, of_type, target

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs" / "observability.md").read_text()
_WORD: Final = re.compile(r"`([a-zA-Z_.]+)`")


def rows(section: str) -> list[list[str]]:
    """The cells of a section's table, without its head."""
    text = PAGE.partition(f"## {section}\n")[2].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("| `") and not line.startswith("| `message`")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Said:
    return say_everything(monkeypatch, capsys)


def test_every_line_is_documented_with_its_fields_and_its_level(said: Said) -> None:
    documented = {
        _WORD.findall(name)[0]: ({level}, set(_WORD.findall(fields))) for name, _, fields, level in rows("Logs")
    }
    assert said.lines == documented


def test_every_line_of_the_list_is_written_and_has_its_level() -> None:
    documented = {_WORD.findall(name)[0]: level for name, _, _, level in rows("Logs")}
    assert levels_of_code() == documented


def test_nothing_is_logged_around_the_list() -> None:
    """One way to write a line: `log`, with an event of the list."""
    code = [path for folder in ("functions", "layers") for path in (ROOT / folder).rglob("*.py")]
    users = {
        path.name
        for path in code
        if re.search(r"\blogger\(\)|\bprint\(|\blogger\.|\.(info|warning)\(", path.read_text())
    }
    assert users == {"observability.py"}


def test_every_metric_is_documented_with_its_dimensions_and_its_unit(said: Said) -> None:
    documented = {
        (_WORD.findall(name)[0], frozenset(_WORD.findall(dimensions)) | {"service"}, unit)
        for name, dimensions, unit, _ in rows("Metrics")
    }
    emitted = {(metric.name, frozenset(name for name, _ in metric.dimensions), metric.unit) for metric in said.metrics}
    assert emitted == documented


def test_every_outcome_of_a_webhook_is_documented(said: Said) -> None:
    [row] = [cells for cells in rows("Metrics") if cells[0] == "`Webhooks`"]
    counted = {word for metric in said.metrics if metric.name == "Webhooks" for name, word in metric.dimensions}
    assert counted == {*_WORD.findall(row[3]), "bigcharge-dev"}


def test_no_metric_has_a_dimension_without_end(said: Said) -> None:
    """Stores, orders and customers are without number: each would be a metric that is paid for."""
    names = {name for metric in said.metrics for name, _ in metric.dimensions}
    assert names == {"service", "outcome", "state", "code", "cause", "event", "trouble"}


QUERIES = {one["Name"]["Fn::Sub"].rpartition("/")[2]: one for one in of_type("Logs::QueryDefinition").values()}


def test_the_saved_queries_are_the_documented_ones() -> None:
    documented = dict(re.findall(r"\*\*([a-z-]+)\*\*[^`]*?```\n(.*?)```", PAGE, re.DOTALL))
    assert {name: one["QueryString"] for name, one in QUERIES.items()} == documented


@pytest.mark.parametrize("name", ["follow-an-order", "errors"])
def test_what_is_asked_of_all_functions_reads_the_log_of_each(name: str) -> None:
    logs = {target(function["LoggingConfig"]["LogGroup"]) for function in FUNCTIONS.values()}
    assert {target(one) for one in QUERIES[name]["LogGroupNames"]} == logs


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_asks_for_fields_that_are_there(name: str, said: Said) -> None:
    lines = {"message", "level", "function_request_id", "exception", "exception_name", "store_hash"}
    known = lines.union(*(fields for _, fields in said.lines.values()))
    query = re.sub(r'"[^"]*"', "", QUERIES[name]["QueryString"])
    own = set(re.findall(r"\bas (\w+)", query))
    words = set(re.findall(r"(?<![@\w])[a-z_]+(?![\w(])", query))
    spoken = {"fields", "filter", "sort", "limit", "stats", "by", "as", "and", "in", "desc"}
    assert words - own - spoken <= known
