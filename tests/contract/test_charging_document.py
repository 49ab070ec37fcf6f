"""docs/charging.md is drawn from the code: the states, the codes, the policy."""

import json
import re
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Final

from bigcharge.domain.declines import DECLINES, Decision
from bigcharge.domain.policy import Policy
from bigcharge.domain.policy_document import parse_policy
from bigcharge.domain.states import BY_OPERATOR, TRANSITIONS, State

PAGE: Final = Path(__file__).parents[2] / "docs" / "charging.md"
_GROUPS: Final = {
    "waiting": frozenset({State.SKIPPED, State.CLAIMED, State.DECLINED}),
    "on_its_way": frozenset({State.SUBMITTING, State.UNKNOWN}),
}
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
    """The diagram of what happens by itself. What every state of a group leads to is drawn once, from the group."""
    lines = ["```mermaid", "stateDiagram-v2", "    direction LR"]
    for name, states in _GROUPS.items():
        inner = {(state, target) for state in states for target in TRANSITIONS[state] & states}
        lines += [f"    state {name} {{", *_draw(inner, "        "), "    }"]
    edges = {(_drawn_from(state, target), target) for state in State for target in TRANSITIONS[state]}
    inside = {(state, target) for states in _GROUPS.values() for state in states for target in states}
    return "\n".join([*lines, "    [*] --> waiting", *_draw(edges - inside, "    "), "```"])


def draw_commands() -> str:
    """The diagram of what only an operator may do."""
    edges = {(state, target) for state, targets in BY_OPERATOR.items() for target in targets}
    return "\n".join(["```mermaid", "stateDiagram-v2", "    direction LR", *_draw(edges, "    "), "```"])


def _draw(edges: Iterable[tuple[str, State]], indent: str) -> list[str]:
    return sorted(f"{indent}{state} --> {target}" for state, target in edges if state != target)


def _drawn_from(state: State, target: State) -> str:
    group = next((name for name, states in _GROUPS.items() if state in states), None)
    return group if group and all(target in TRANSITIONS[each] - {each} for each in _GROUPS[group]) else state


def draw_declines() -> str:
    head = ["| Code | What it means | What is done |", "|---|---|---|"]
    return "\n".join(head + [f"| {one.code} | {one.meaning} | {_DONE[one.decision]} |" for one in DECLINES.values()])


def draw() -> None:
    """Draw them into the page (`make draw`)."""
    page = PAGE.read_text()
    for name, drawn in (("states", draw_states()), ("commands", draw_commands()), ("declines", draw_declines())):
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


def test_what_an_operator_may_do_is_drawn() -> None:
    assert section("commands") == draw_commands()


def test_every_transition_is_in_the_diagram() -> None:
    drawn = set(re.findall(r"^ +(\w+) --> (\w+)$", section("states"), re.MULTILINE))
    for state in State:
        group = next((name for name, states in _GROUPS.items() if state in states), state)
        assert all({(state, target), (group, target)} & drawn for target in TRANSITIONS[state] - {state})


def test_a_new_order_comes_only_to_what_every_waiting_one_may_come_to() -> None:
    assert all(TRANSITIONS[None] <= TRANSITIONS[state] for state in _GROUPS["waiting"])


def test_the_codes_are_the_table_of_declines() -> None:
    assert section("declines") == draw_declines()


def test_the_policy_is_every_key_with_its_default() -> None:
    assert rows().keys() == {field.name for field in fields(Policy)}
    assert parse_policy({key: json.loads(default) for key, default in rows().items()}) == Policy()


if __name__ == "__main__":
    draw()
