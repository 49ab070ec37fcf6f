"""docs/charging.md is drawn from the code: the states, the codes, the policy."""

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Final

from bigcharge.domain.declines import DECLINES, Decision
from bigcharge.domain.policy import Policy
from bigcharge.domain.policy_document import parse_policy
from bigcharge.domain.states import BY_OPERATOR, TRANSITIONS, State

PAGE: Final = Path(__file__).parents[2] / "docs" / "charging.md"
_WAITING: Final = frozenset({State.SKIPPED, State.CLAIMED, State.DECLINED})
_DONE: Final = {
    Decision.RETRY_ON_SCHEDULE: "tried again by `retry_after`, then `failed`",
    Decision.WAIT_FOR_INSTRUMENT: "waits for another instrument",
    Decision.TRY_ONCE_MORE: "once more with a new token, then `failed`",
    Decision.READ_AGAIN: "the order is read again; it may be paid",
    Decision.PAUSE_STORE: "the store is paused",
    Decision.STOP: "`failed`",
    Decision.SETTLE: "`unknown`: settled by looking",
}


def draw_states() -> str:
    """The diagram. What each of the waiting states leads to is drawn once, from the three together."""
    shared = frozenset.intersection(*(TRANSITIONS[state] for state in _WAITING)) - _WAITING
    inner = {(a, b) for a in _WAITING for b in TRANSITIONS[a] & _WAITING if a != b}
    outer = {(str(a), b) for a, targets in TRANSITIONS.items() if a for b in targets} - {(str(a), b) for a, b in inner}
    edges = {(a, b) for a, b in outer if a != b and not (a in _WAITING and b in shared)}
    edges |= {("waiting", state) for state in shared}
    commands = {(a, b) for a, targets in BY_OPERATOR.items() for b in targets}
    return "\n".join(
        [
            "```mermaid",
            "stateDiagram-v2",
            "    direction LR",
            "    state waiting {",
            *sorted(f"        {a} --> {b}" for a, b in inner),
            "    }",
            "    [*] --> waiting",
            *sorted(f"    {a} --> {b}" for a, b in edges),
            *sorted(f"    {a} --> {b}: operator" for a, b in commands),
            "```",
        ]
    )


def draw_declines() -> str:
    head = ["| Code | What it means | What is done |", "|---|---|---|"]
    return "\n".join(head + [f"| {one.code} | {one.meaning} | {_DONE[one.decision]} |" for one in DECLINES.values()])


def draw() -> None:
    """Draw them into the page (`make draw`)."""
    page = PAGE.read_text()
    for name, drawn in (("states", draw_states()), ("declines", draw_declines())):
        page = re.sub(
            rf"(<!-- {name} -->\n).*?\n?(<!-- end of {name} -->)", rf"\g<1>{drawn}\n\2", page, flags=re.DOTALL
        )
    PAGE.write_text(page)


def section(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n(.*?)\n?<!-- end of {name} -->", PAGE.read_text(), re.DOTALL)
    assert found is not None
    return found[1].strip()


def rows() -> dict[str, str]:
    return dict(re.findall(r"^\| `(\w+)` \| `(.+?)` \|", PAGE.read_text(), re.MULTILINE))


def test_the_diagram_is_the_table_of_transitions() -> None:
    assert section("states") == draw_states()


def test_every_transition_is_in_the_diagram() -> None:
    drawn = set(re.findall(r"^ +(\w+) --> (\w+)$", section("states"), re.MULTILINE))
    for state, targets in TRANSITIONS.items():
        for target in targets - {state} if state else ():
            assert {(state, target), ("waiting" if state in _WAITING else state, target)} & drawn
    assert set(State) == {name for edge in drawn for name in edge} - {"waiting"}


def test_a_new_order_may_come_to_every_state_that_a_waiting_one_may() -> None:
    assert TRANSITIONS[None] == TRANSITIONS[State.SKIPPED]


def test_the_codes_are_the_table_of_declines() -> None:
    assert section("declines") == draw_declines()


def test_the_policy_is_every_key_with_its_default() -> None:
    assert rows().keys() == {field.name for field in fields(Policy)}
    assert parse_policy({key: json.loads(default) for key, default in rows().items()}) == Policy()


if __name__ == "__main__":
    draw()
