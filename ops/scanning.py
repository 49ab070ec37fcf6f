"""The scanners: no finding without a reason beside it. Run by `make scan`.

cfn-lint and checkov read the template in both forms, as it is written and as AWS will make it; bandit reads the code
that is run; detect-secrets reads every file of the repository; pip-audit asks an advisory service about what is
deployed and what is developed with. What a scanner need not say has its reason in its configuration
(`.cfnlintrc.yaml`, `.checkov.yaml`), in the line itself (`# nosec`), or in `.secrets.baseline`.
"""

import json
import subprocess  # nosec B404 # the scanners are programs
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sandbox.cloud.template import read_template, translate

_ROOT: Final = Path(__file__).parents[1]
_TRANSLATED: Final = _ROOT / "build" / "template.json"
_TEMPLATES: Final = ("template.yaml", "build/template.json")
_CODE: Final = ("layers", "functions", "ops", "sandbox", "bench")
_REQUIREMENTS: Final = ("layers/bigcharge/requirements.txt", "requirements-dev.txt")
_BASELINE: Final = _ROOT / ".secrets.baseline"
_SECONDS: Final = 300
# Hashes of packages and of what was reviewed; and values that are called invented.
_NO_SECRETS: Final = ("--exclude-files", r"requirements.*\.txt$|^\.secrets\.baseline$", "--exclude-secrets", "invented")
# Numbers that SQS, Lambda and BigCommerce give to what they send, invented in events/.
_NO_SECRET_LINES: Final = ("--exclude-lines", r'"(md5OfBody|receiptHandle|eventID)"|event_hash')


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scanner found, and what it could not look at; a line each."""

    findings: tuple[str, ...] = ()
    not_seen: tuple[str, ...] = ()


def main() -> int:
    """Run all of them and tell.

    Returns:
        0 when none found anything, 1 when one did.
    """
    translated = translate(read_template(_ROOT / "template.yaml"), {"Stage": "dev"})
    _TRANSLATED.parent.mkdir(exist_ok=True)
    _TRANSLATED.write_text(json.dumps(translated, indent=1), encoding="utf-8")
    with ThreadPoolExecutor(max_workers=2) as workers:
        return max(workers.map(_tell, SCANNERS))


def _tell(name: str) -> int:
    began = time.monotonic()
    scanned = SCANNERS[name]()
    for line in scanned.findings:
        print(f"{name}: {line}")
    for line in scanned.not_seen:
        print(f"{name}: NOT SEEN: {line}")
    end = f"{len(scanned.findings)} to mend or to give a reason for" if scanned.findings else "nothing without a reason"
    print(f"{name}: {end} ({time.monotonic() - began:.0f} s)", flush=True)
    return bool(scanned.findings)


def _run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    known = (_ROOT / ".venv-scan" / "bin" / program, Path(sys.executable).with_name(program))
    found = next(str(path) for path in known if path.exists())
    return subprocess.run(  # noqa: S603 - a scanner of ours, with arguments from here  # nosec B603
        [found, *arguments], cwd=_ROOT, capture_output=True, text=True, check=False, timeout=_SECONDS
    )


def _by_status(program: str, *arguments: str) -> Scanned:
    """Run a scanner that says by its exit status whether it found something, and what."""
    done = _run(program, *arguments)
    lines = (done.stdout.strip() or done.stderr.strip()).splitlines()
    return Scanned(tuple(lines) or ("failed",)) if done.returncode else Scanned()


def _find_secrets() -> Scanned:
    """Compare what looks like a secret with what was reviewed; a line number may change, and is not compared."""
    done = _run("detect-secrets", "scan", *_NO_SECRETS, *_NO_SECRET_LINES)
    if done.returncode:
        return Scanned((f"failed: {done.stderr.strip()}",))
    reviewed = {
        (one["filename"], one["hashed_secret"]) for one in read_secrets(_BASELINE.read_text()) if one.get("reason")
    }
    found = [one for one in read_secrets(done.stdout) if (one["filename"], one["hashed_secret"]) not in reviewed]
    return Scanned(tuple(f"{one['filename']}:{one['line_number']}: {one['type']}: {json.dumps(one)}" for one in found))


def read_secrets(text: str) -> Iterator[dict[str, Any]]:
    """Read the findings of detect-secrets, from its output or its baseline."""
    for found in json.loads(text)["results"].values():
        yield from found


def _audit() -> Scanned:
    """Ask about every package that is pinned. A service that does not answer proves nothing, and is no finding."""
    scans = [read_audit(_run("pip-audit", *_AUDIT, "--requirement", file), file) for file in _REQUIREMENTS]
    return Scanned(
        tuple(line for scan in scans for line in scan.findings), tuple(line for scan in scans for line in scan.not_seen)
    )


_AUDIT: Final = ("--require-hashes", "--disable-pip", "--progress-spinner=off", "--format=json")
_UNREACHABLE: Final = ("ConnectionError", "Timeout", "ProxyError", "SSLError", "HTTPError")


def read_audit(done: subprocess.CompletedProcess[str], file: str) -> Scanned:
    """Read what pip-audit says of a file of requirements."""
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except ValueError:
        reason = next(iter(done.stderr.strip().splitlines()[-1:]), "it said nothing")
        if any(word in done.stderr for word in _UNREACHABLE):
            return Scanned(not_seen=(f"{file}: the advisory service cannot be reached from here: {reason}",))
        return Scanned((f"{file}: failed: {reason}",))
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    of = f"{len(skipped)} of {len(packages)} packages of {file}: the advisory service knows nothing of them"
    return Scanned(
        tuple(
            f"{file}: {package['name']} {package['version']}: {one['id']}, mended in {one['fix_versions'] or 'none'}"
            for package in packages
            for one in package.get("vulns", ())
        ),
        (f"{of} (a mirror of the index has none)",) if skipped else (),
    )


_ONE_LINE: Final = ("--format", "custom", "--msg-template", "{relpath}:{line}: {test_id}: {msg}")
SCANNERS: Final[dict[str, Callable[[], Scanned]]] = {
    "detect-secrets": _find_secrets,
    "cfn-lint": lambda: _by_status("cfn-lint", *_TEMPLATES),
    "checkov": lambda: _by_status("checkov", *(part for name in _TEMPLATES for part in ("--file", name))),
    "bandit": lambda: _by_status("bandit", *_ONE_LINE, "--quiet", "--recursive", *_CODE),
    "pip-audit": _audit,
}


if __name__ == "__main__":
    raise SystemExit(main())
