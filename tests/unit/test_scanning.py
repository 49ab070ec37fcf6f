"""A scanner that finds something is heard, and one that could not look is not taken for one that found nothing."""

import json
import subprocess
from pathlib import Path

import pytest

from ops import scanning

ROOT = Path(__file__).parents[2]


def ended(stdout: str = "", stderr: str = "", returncode: int = 0) -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess(["scanner"], returncode, stdout, stderr)


def audited(**package: object) -> subprocess.CompletedProcess[str]:
    return ended(json.dumps({"dependencies": [{"name": "urllib3", "version": "1.0"} | package]}))


def test_a_vulnerability_is_a_finding() -> None:
    scanned = scanning.read_audit(audited(vulns=[{"id": "CVE-1", "fix_versions": ["1.1"]}]), "requirements.txt")
    assert scanned.findings == ("requirements.txt: urllib3 1.0: CVE-1, mended in ['1.1']",)
    assert not scanned.not_seen


def test_a_package_that_was_not_audited_is_said() -> None:
    scanned = scanning.read_audit(audited(skip_reason="not found"), "requirements.txt")
    assert not scanned.findings
    assert scanned.not_seen[0].startswith("1 of 1 packages of requirements.txt")


def test_an_audited_package_is_neither() -> None:
    assert scanning.read_audit(audited(vulns=[]), "requirements.txt") == scanning.Scanned()


@pytest.mark.parametrize(
    ("stderr", "is_finding"),
    [("requests.exceptions.ConnectionError: no such host", False), ("ReadTimeout", False), ("KeyError: 'x'", True)],
)
def test_a_service_that_cannot_be_reached_is_no_finding_and_any_other_failure_is(
    stderr: str, *, is_finding: bool
) -> None:
    scanned = scanning.read_audit(ended(stderr=stderr, returncode=1), "requirements.txt")
    assert (bool(scanned.findings), bool(scanned.not_seen)) == (is_finding, not is_finding)


def test_whatever_ends_with_a_status_found_something(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "_run", lambda *_: ended("template.yaml: E1", returncode=2))
    assert scanning.SCANNERS["cfn-lint"]().findings == ("template.yaml: E1",)
    monkeypatch.setattr(scanning, "_run", lambda *_: ended(returncode=2))
    assert scanning.SCANNERS["bandit"]().findings == ("failed",)
    monkeypatch.setattr(scanning, "_run", lambda *_: ended("all is well"))
    assert scanning.SCANNERS["checkov"]() == scanning.Scanned()


def test_what_looks_like_a_secret_and_was_not_reviewed_is_a_finding(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def scan(**more: str) -> str:
        one = {"type": "Secret Keyword", "filename": "a.py", "hashed_secret": "h", "line_number": 3, **more}
        return json.dumps({"results": {"a.py": [one]}})

    baseline = tmp_path / "baseline"
    monkeypatch.setattr(scanning, "_BASELINE", baseline)
    monkeypatch.setattr(scanning, "_run", lambda *_: ended(scan()))
    for text, findings in ((scan(), 1), (scan(reason="a name"), 0), (scan(reason="a name", filename="b.py"), 1)):
        baseline.write_text(text)
        assert len(scanning.SCANNERS["detect-secrets"]().findings) == findings


def test_each_reviewed_secret_has_a_reason_and_the_list_names_no_place_of_a_machine() -> None:
    text = (ROOT / ".secrets.baseline").read_text()
    assert all(one["reason"] for one in scanning.read_secrets(text))
    assert "/home/" not in text
    assert str(ROOT) not in text
