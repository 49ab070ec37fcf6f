"""docs/security.md: each claim names a test that is there; each place that keeps data is named with its retention."""

import re
from typing import Any, Final

import pytest

from tests.integration.conftest import TEMPLATE, _TemplateLoader

ROOT: Final = TEMPLATE.parent
PAGE: Final = (ROOT / "docs" / "security.md").read_text()
RESOURCES: Final[dict[str, Any]] = _TemplateLoader(TEMPLATE.read_text()).get_single_data()["Resources"]
PROOFS: Final = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE)))
ROWS: Final = re.findall(r"^\| (.+?) \| .+ \| (.+?) \|$", PAGE, re.MULTILINE)
DAYS: Final = 24 * 3600


@pytest.mark.parametrize(("path", "name"), PROOFS)
def test_what_is_named_as_a_proof_is_there(path: str, name: str) -> None:
    text = (ROOT / path).read_text()
    assert re.search(rf"^def {name or 'test_'}", text, re.MULTILINE)


def test_every_threat_has_its_proof() -> None:
    for threat in re.split(r"^### ", PAGE.split("## PCI DSS")[0], flags=re.MULTILINE)[1:]:
        assert "`tests/" in threat, threat.splitlines()[0]


def named(kind: str) -> set[str]:
    return {name for name, resource in RESOURCES.items() if resource["Type"] == kind}


@pytest.mark.parametrize("kind", ["AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::Events::EventBus"])
def test_every_place_where_data_is_kept_is_named(kind: str) -> None:
    assert named(kind) <= set(re.findall(r"`(\w+)`", " ".join(where for where, _ in ROWS)))


def test_the_retentions_are_those_of_the_template() -> None:
    for where, kept in ROWS:
        for name in re.findall(r"`(\w+Queue)`", where):
            seconds = RESOURCES[name]["Properties"]["MessageRetentionPeriod"]
            assert f"{seconds // DAYS} days" in kept, name
    logs = [RESOURCES[name]["Properties"]["RetentionInDays"] for name in named("AWS::Logs::LogGroup")]
    assert {f"{days} days" for days in logs} == {next(kept for where, kept in ROWS if "AccessLogs" in where)}


def test_links_lead_to_pages_that_are_there() -> None:
    for target in re.findall(r"\]\(([\w.]+\.md)\)", PAGE) + re.findall(r"`docs/([\w.]+\.md)`", PAGE):
        assert (ROOT / "docs" / target).exists(), target


def test_every_attribute_that_may_hold_personal_data_is_in_the_list() -> None:
    tables = (ROOT / "docs" / "tables.md").read_text()
    kept = (("email", "e-mail"), ("billing_address", "billing address"), ("iin", "IIN"), ("token", "token"))
    for attribute, words in kept:
        assert f"`{attribute}`" in tables
        assert words in PAGE
