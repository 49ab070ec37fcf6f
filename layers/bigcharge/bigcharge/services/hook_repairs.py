"""Repairing a hook: made, woken, pointed here, given its header, its doubles deleted."""

from functools import partial

from bigcharge.domain.errors import NotFoundError, RateLimitedError, RefusedError
from bigcharge.domain.hooks import Hook, HookChanges, NewHook
from bigcharge.domain.kept_hooks import NOT_TAKEN, SCOPE_FULL, Repair
from bigcharge.domain.wanted_hooks import Finding, Wanted
from bigcharge.services.ports import HookCalls


def repair_hook(hooks: HookCalls, wanted: Wanted, finding: Finding) -> Repair:
    """Make one hook what it is to be.

    Raises:
        RateLimitedError: BigCommerce asks to wait.
        BigCommerceError: nobody knows whether it was done.
    """
    if finding.is_full:
        return Repair(None, SCOPE_FULL, is_tried=False)
    destination = wanted.find_destination(finding.scope)
    headers = wanted.with_header(finding.hook)
    try:
        for double in finding.doubles:  # first: BigCommerce has one for each scope and destination
            delete_hook(hooks, double)
        if finding.hook is None:
            make = partial(hooks.create_hook, NewHook(finding.scope, destination, headers=headers))
        else:
            changes = HookChanges(finding.scope, destination, is_active=True, headers=headers)
            make = partial(hooks.update_hook, finding.hook.hook_id, changes)
        made = make()
    except RateLimitedError:
        raise
    except RefusedError as error:
        return Repair(None, f"refused_{error.status}")
    is_good = made.is_active and made.destination == destination
    return Repair(made.hook_id, None if is_good else NOT_TAKEN)


def delete_hook(hooks: HookCalls, hook: Hook) -> None:
    """Delete one that may be gone already."""
    try:
        hooks.delete_hook(hook.hook_id)
    except NotFoundError:
        return  # somebody else did
