"""What is wrong with hooks, in plain words."""

from collections.abc import Iterable
from typing import Final

from bigcharge.domain.kept_hooks import NOT_TAKEN, SCOPE_FULL, TOO_OFTEN, Block
from bigcharge.domain.wanted_hooks import Fault

_FAULTS: Final = {
    Fault.MISSING: "there is none",
    Fault.INACTIVE: "it is deactivated",
    Fault.ELSEWHERE: "it points at another address",
    Fault.HEADER: "it does not carry the store's header",
    Fault.DOUBLED: "there is more than one",
    Fault.GIVEN_UP: "BigCommerce gave up a delivery",
    Fault.BLOCKED: "BigCommerce blocks this deployment's domain",
}
_REFUSALS: Final = {
    SCOPE_FULL: "BigCommerce allows ten hooks of a scope, and the ten are somebody else's: delete one of them.",
    TOO_OFTEN: "It was repaired four times within a day: find out what turns it off, then bigcharge hooks sync.",
    NOT_TAKEN: "BigCommerce took the change and did not make it: try again, or ask BigCommerce.",
    "refused_403": "BigCommerce does not allow it: does the API account have the scope of what the hook tells of?",
}


def describe_faults(faults: Iterable[str]) -> str:
    """What is wrong with a hook; empty where nothing is."""
    return ", ".join(_FAULTS[Fault(fault)] for fault in faults)


def explain_refusal(refusal: str | None) -> str:
    """Why a hook is not repaired, and what to do."""
    if refusal is None:
        return "It is looked at again within 15 minutes."
    return _REFUSALS.get(refusal, f"BigCommerce refused it with HTTP {refusal.removeprefix('refused_')}.")


def explain_block(block: Block) -> str:
    """That and why BigCommerce posts nothing."""
    why = f" ({'; '.join(block.reasons)})" if block.reasons else ""
    return f"BigCommerce posts nothing to this deployment until {block.until:%Y-%m-%d %H:%M:%S} UTC{why}"
