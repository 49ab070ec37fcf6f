"""What a person gives the commands: credentials by prompt or on stdin, never as an argument, and a policy's file."""

import getpass
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from bigcharge.domain.errors import InvalidInputError
from bigcharge.domain.policy_document import parse_policy
from ops.errors import CommandError

CREDENTIALS: Final = ("access_token", "client_id", "client_secret", "hook_header")
_OPTIONAL: Final = "hook_header"
_QUESTIONS: Final = {
    "access_token": "Access token",  # nosec B105 # a question
    "client_id": "Client id",
    "client_secret": "Client secret",  # nosec B105 # the same
    _OPTIONAL: 'Header that the hooks carry ("Name: value")',
}


def read_credentials_input(*, is_new: bool) -> dict[str, Any]:
    """Ask for credentials at a terminal, without showing what is typed; else read a JSON object from stdin.

    Args:
        is_new: all but the header are needed; else those that are to change.

    Raises:
        CommandError: there is nothing, or it is no such object; no error shows any of it.
    """
    found = _ask(is_new=is_new) if sys.stdin.isatty() else _read_stdin()
    keys = ", ".join(CREDENTIALS)
    if unknown := found.keys() - set(CREDENTIALS):
        raise CommandError(f"stdin has {len(unknown)} keys that credentials do not have: they are {keys}")
    if not found:
        raise CommandError(f"there are no credentials: type them, or give a JSON object with {keys} on stdin")
    return found


def read_policy_file(path: Path) -> dict[str, Any]:
    """Read a policy, and check it as the functions do.

    Raises:
        CommandError: the file cannot be read, or holds no policy.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        parse_policy(document)
    except OSError as error:
        raise CommandError(f"cannot read the policy {path}: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise CommandError(f"{path} is not JSON") from None
    except InvalidInputError as error:
        raise CommandError(f"{path}: {error}") from None
    policy: dict[str, Any] = document
    return policy


def _ask(*, is_new: bool) -> dict[str, Any]:
    answers = {}
    for name, question in _QUESTIONS.items():
        may_be_empty = not is_new or name == _OPTIONAL
        hint = ("; empty: keep it" if not is_new else "; empty: none") if may_be_empty else ""
        if answer := getpass.getpass(f"{question}{hint}: ").strip():
            answers[name] = answer
    return answers


def _read_stdin() -> dict[str, Any]:
    document: object = None
    # Nothing is raised while the decoder's error, which holds the whole text, is at hand.
    with suppress(ValueError, RecursionError):
        document = json.loads(sys.stdin.read())
    if not isinstance(document, dict):
        raise CommandError("stdin holds no JSON object")
    return {str(name): value for name, value in document.items() if value is not None}
