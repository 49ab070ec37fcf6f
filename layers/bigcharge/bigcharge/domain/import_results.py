"""What became of each row of an import, and which row an answer of BigCommerce speaks of."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bigcharge.domain.card_numbers import holds_card_number
from bigcharge.domain.document_checks import Fault, name_field
from bigcharge.domain.stored_instruments import ImportFailure, ImportOutcome, InstrumentAddress, NewInstrument

_LONGEST_REASON: Final = 200
_SHORTEST_SECRET: Final = 3  # characters of a value that a reason must not repeat; shorter ones say nothing
_CONTACT: Final = re.compile(r"@|\d{5}")


class RowOutcome(StrEnum):
    """What became of a row."""

    IMPORTED = "imported"
    IMPORTED_BEFORE = "imported_before"  # by an earlier run, or from a row above: not sent again
    VALID = "valid"  # it would be sent, were this not a dry run
    INVALID = "invalid"  # not sent: the row has faults
    REFUSED = "refused"  # by BigCommerce
    NOT_SENT = "not_sent"  # the run stopped before it
    UNKNOWN = "unknown"  # sent, now or by an earlier run, and nobody knows whether it was imported


DONE: Final = frozenset({RowOutcome.IMPORTED, RowOutcome.IMPORTED_BEFORE, RowOutcome.VALID})


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A row as it was read.

    Attributes:
        line: where it begins in its file, from 1.
        instrument: what to import; None where the row has faults.
        faults: every one of them.
    """

    line: int
    instrument: NewInstrument | None
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of a row.

    Attributes:
        line: as in `ImportRow`.
        customer_id: None where it could not be read.
        outcome: what became of it.
        reason: why; it never repeats a value of the row.
        is_card_number: whether the row holds what may be a card number.
    """

    line: int
    customer_id: int | None
    outcome: RowOutcome
    reason: str = ""
    is_card_number: bool = False


def name_row(store_hash: str, instrument: NewInstrument) -> str:
    """A name for what is imported, the same in every file and every run; it does not give the vault's token.

    The same token for another customer, method or store is another import. Addresses and the default do not count:
    they can be changed of what was imported.
    """
    token = instrument.instrument.vault_token
    parts = [store_hash, instrument.payment_method_id, instrument.customer_id, token]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def conclude(row: ImportRow, outcome: RowOutcome, reason: str = "") -> RowResult:
    """What became of a row."""
    customer_id = row.instrument.customer_id if row.instrument else None
    is_card_number = any(fault.is_card_number for fault in row.faults)
    return RowResult(row.line, customer_id, outcome, reason, is_card_number)


def judge_rows(rows: Sequence[ImportRow], outcome: ImportOutcome) -> list[RowResult]:
    """What an answer says of each row that was sent.

    A row was imported where the answer names its vault's token, whatever else it says. It was refused where the answer
    says so by its place and does not name its token; nothing documented says whether places count from 0 or from 1, so
    a place alone is not believed where the tokens are not named. Of any other row nobody knows.
    """
    sent = [row.instrument.instrument.vault_token if row.instrument else None for row in rows]
    named = Counter(one.provider_vault_token for one in outcome.imported)
    are_all = len(outcome.imported) == len(rows) and not outcome.failures
    refused = {} if None in named else {failure.index: failure for failure in outcome.failures}
    times = Counter(sent)
    results = []
    for place, (row, token) in enumerate(zip(rows, sent, strict=True)):
        if are_all or named[token] >= times[token]:
            results.append(conclude(row, RowOutcome.IMPORTED))
        elif place in refused:
            results.append(conclude(row, RowOutcome.REFUSED, _explain(refused[place], row)))
        else:
            results.append(conclude(row, RowOutcome.UNKNOWN, "BigCommerce's answer does not say what became of it"))
    return results


def _explain(failure: ImportFailure, row: ImportRow) -> str:
    """BigCommerce's words, of which those are left out that repeat what was sent or look like it."""
    secrets = [value for value in _list_values(row.instrument) if len(value) >= _SHORTEST_SECRET]
    said = [
        f"{name_field(name.rpartition('.')[2])}: {text}"
        if not any(secret in text for secret in secrets) and not holds_card_number(text) and not _CONTACT.search(text)
        else f"{name_field(name.rpartition('.')[2])}: BigCommerce's words repeat what was sent"
        for name, text in failure.problems.items()
        if text.isprintable()
    ]
    return "; ".join(said)[:_LONGEST_REASON] or "BigCommerce does not say why"


def _list_values(instrument: NewInstrument | None) -> Iterator[str]:
    """The texts of a row that no listing shows."""
    if instrument is None:
        return
    vaulted = instrument.instrument
    yield from (vaulted.vault_token, vaulted.provider_customer_id)
    yield from (getattr(vaulted, name) for name in ("email", "masked_account_number") if hasattr(vaulted, name))
    for address in (instrument.billing_address, *(instrument.trusted_shipping_addresses or ())):
        yield from (text for name in InstrumentAddress.__slots__ if (text := getattr(address, name)))
