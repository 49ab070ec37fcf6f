"""docs/coverage.md names a test for every row, every such test is there, and every code of the table has a row."""

import ast
import re
from pathlib import Path

import pytest

from bigcharge.domain.declines import DECLINES
from bigcharge.domain.instruments import PAYMENT_TYPES

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "coverage.md").read_text()
REFERENCE = re.compile(r"(\w+)::(test_\w+)")
ROWS = [line for line in DOCUMENT.splitlines() if line.startswith("|") and not re.match(r"\|[-|]+$", line)]
ROWS = [row for row in ROWS if not re.match(r"\| (endpoint|kind|code|question) \|", row)]
FILES = {"writes": "integration/test_bigcommerce_writes.py", "totality": "unit/test_bigcommerce_totality.py"}
FILES |= {"orders": "unit/test_orders.py", "waiting": "unit/test_waiting.py"}


def names_in(short_name: str) -> set[str]:
    path = ROOT / "tests" / FILES.get(short_name, f"contract/test_{short_name}.py")
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip(" `"))
def test_every_row_names_a_test(row: str) -> None:
    assert REFERENCE.search(row)


@pytest.mark.parametrize("reference", sorted(set(REFERENCE.findall(DOCUMENT))), ids="::".join)
def test_every_test_that_is_named_is_there(reference: tuple[str, str]) -> None:
    assert reference[1] in names_in(reference[0])


@pytest.mark.parametrize(
    "word",
    [
        *map(str, DECLINES),
        *PAYMENT_TYPES.values(),
        *("card", "tokenized_card", "gift_certificate", "store_credit", "3001"),
    ],
)
def test_every_code_and_kind_has_a_row(word: str) -> None:
    assert any(f"`{word}`" in row for row in ROWS)
