"""Importing, changing and deleting stored instruments against the box: what is sent, how often, and what is told."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from bigcharge.domain.errors import BigchargeError, NotFoundError, NotSentError, OutcomeUnknownError
from bigcharge.domain.import_results import RowOutcome, RowResult
from bigcharge.domain.messages import Kind
from bigcharge.domain.stored_instruments import InstrumentChanges
from bigcharge.services.instrument_changes import CustomerHints, InstrumentEditor
from bigcharge.services.instrument_imports import InstrumentImport, check_rows
from ops.instrument_files import Lines, read_rows
from ops.instrument_journal import open_journal
from sandbox.bigcommerce.faults import Answer, Endpoint, too_many_requests
from tests.contract.box_world import STORE
from tests.contract.client_world import Desk, open_desk
from tests.fakes import FakeQueue
from tests.import_files import document, to_json_lines

PATH = "/stores/abc123/v3/payments/stored-instruments"
IMPORTED, BEFORE, UNKNOWN = RowOutcome.IMPORTED, RowOutcome.IMPORTED_BEFORE, RowOutcome.UNKNOWN
REFUSED, NOT_SENT, INVALID = RowOutcome.REFUSED, RowOutcome.NOT_SENT, RowOutcome.INVALID


@dataclass
class ImportDesk:
    """A desk, with the file, the journal and the queue of an import."""

    desk: Desk
    folder: Path
    queue: FakeQueue = field(default_factory=FakeQueue)
    results: list[RowResult] = field(default_factory=list)
    run: InstrumentImport | None = None

    def shop(self, customers: int) -> list[dict[str, Any]]:
        """So many customers, and a row for each."""
        created = [self.desk.world.box.create_customer().customer_id for _ in range(customers)]
        return [document(one, f"vault-{one:04}") for one in created]

    def hints(self) -> CustomerHints:
        return CustomerHints(STORE.store_hash, lambda: self.queue, self.desk.world.clock)

    def import_rows(self, rows: list[dict[str, Any]], *, again_unknown: bool = False) -> list[RowOutcome]:
        content = to_json_lines(rows).encode()
        with open_journal(self.folder / "journal") as journal:
            calls = self.desk.client.stored_instruments
            self.run = InstrumentImport(STORE.store_hash, calls, journal, self.hints(), self.desk._sleep)
            read = read_rows(Path("rows.jsonl"), Lines(BytesIO(content)))
            self.results = sorted(self.run.run(read, again_unknown=again_unknown), key=lambda result: result.line)
        return [result.outcome for result in self.results]

    def fail(self, *answers: Answer | None, endpoint: Endpoint = Endpoint.IMPORT_INSTRUMENTS) -> None:
        for answer in answers:
            self.desk.world.box.next_answer(endpoint, answer or Answer())

    def held(self) -> Counter[int]:
        """How many instruments each customer has in the store."""
        return Counter(one.customer_id for one in self.desk.world.box.instruments())

    def sent(self) -> list[int]:
        """How many rows each request had."""
        return [len(one.sent) for one in self.desk.exchanges if one.line == f"POST {PATH}"]

    def hinted(self) -> list[int]:
        assert {(one.store_hash, one.kind, one.cause) for one, _ in self.queue.sent} <= {
            (STORE.store_hash, Kind.CUSTOMER, "operator")
        }
        return [one.id for one, _ in self.queue.sent]

    def delays(self) -> list[float]:
        return [delay for _, delay in self.queue.sent]


@pytest.fixture
def space(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ImportDesk]:
    with open_desk(monkeypatch) as desk:
        yield ImportDesk(desk, tmp_path)
        assert desk.world.rules() == desk.expected_rules


def test_rows_are_sent_ten_at_a_time_and_each_customer_is_looked_at(space: ImportDesk) -> None:
    rows = space.shop(23)
    assert space.import_rows(rows) == [IMPORTED] * 23
    assert space.sent() == [10, 10, 3]
    assert set(space.held().values()) == {1}
    assert space.hinted() == [row["customer_id"] for row in rows]
    assert [result.customer_id for result in space.results] == space.hinted()


def test_what_was_imported_is_not_sent_again(space: ImportDesk) -> None:
    rows = space.shop(12)
    space.import_rows(rows[:11])
    assert space.import_rows(rows) == [BEFORE] * 11 + [IMPORTED]
    assert space.sent() == [10, 1, 1]
    assert (
        space.import_rows([row | {"default_instrument": True, "currency_code": "USD"} for row in rows]) == [BEFORE] * 12
    )
    assert set(space.held().values()) == {1}


def test_the_same_token_for_another_customer_or_method_is_another_row(space: ImportDesk) -> None:
    [first, second] = space.shop(2)
    same = second | {"instrument": first["instrument"]}
    other = first | {"payment_method_id": "braintree.paypal"}
    assert space.import_rows([first, same, other]) == [IMPORTED] * 3
    assert space.held() == {first["customer_id"]: 2, second["customer_id"]: 1}


def test_a_row_that_stands_twice_in_a_file_is_imported_once(space: ImportDesk) -> None:
    rows = space.shop(2)
    assert space.import_rows([rows[0], rows[0], rows[1], rows[0]]) == [IMPORTED, BEFORE, IMPORTED, BEFORE]
    assert set(space.held().values()) == {1}


def test_rows_that_are_refused_are_told_and_sent_again_by_the_next_run(space: ImportDesk) -> None:
    rows = space.shop(3)
    unknown = document(4711, "vault-4711")
    rows[1:1] = [unknown, document(1, "vault-0") | {"currency_code": 7}]
    assert space.import_rows(rows) == [IMPORTED, REFUSED, INVALID, IMPORTED, IMPORTED]
    assert [(one.line, one.reason) for one in space.results[1:3]] == [
        (2, "customer_id: is not one of this store"),
        (3, "currency_code: is not three capital letters (ISO 4217)"),
    ]
    assert 4711 not in space.hinted()
    assert space.import_rows(rows) == [BEFORE, REFUSED, INVALID, BEFORE, BEFORE]
    assert space.sent() == [4, 1]


def test_a_reason_does_not_repeat_what_was_sent(space: ImportDesk) -> None:
    row = space.shop(1)[0]
    body = (
        '{"data": [], "errors": [{"0": {"vault_token": "vault-0001 is gone", "last_4": "mail a@b.c", "iin": "bad"}}]}'
    )
    space.fail(Answer(status=207, body=body))
    assert space.import_rows([row]) == [REFUSED]
    assert "vault-0001" not in space.results[0].reason
    assert "a@b.c" not in space.results[0].reason
    assert "iin: bad" in space.results[0].reason


@pytest.mark.parametrize("drop", ["before", "after"])
def test_a_row_whose_answer_was_lost_is_unknown_and_not_sent_again_unless_that_is_said(
    space: ImportDesk, drop: Any
) -> None:
    rows = space.shop(12)
    space.fail(Answer(drop=drop))
    assert space.import_rows(rows) == [UNKNOWN] * 10 + [IMPORTED] * 2
    assert "the answer was lost" in space.results[0].reason
    first = [row["customer_id"] for row in rows[:10]]
    assert space.hinted()[:20] == first * 2
    assert space.delays()[:20] == [0.0] * 10 + [60.0] * 10
    assert space.import_rows(rows) == [UNKNOWN] * 10 + [BEFORE] * 2
    assert space.sent() == [10, 2]
    assert sum(space.held().values()) == (12 if drop == "after" else 2)
    assert space.import_rows(rows, again_unknown=True) == [IMPORTED] * 10 + [BEFORE] * 2
    assert space.import_rows(rows) == [BEFORE] * 12


@pytest.mark.parametrize("spoil", ["truncated", "garbage", "empty"])
def test_an_answer_that_cannot_be_read_leaves_its_rows_unknown(space: ImportDesk, spoil: Any) -> None:
    rows = space.shop(2)
    space.fail(Answer(spoil=spoil))
    assert space.import_rows(rows) == [UNKNOWN] * 2
    assert space.import_rows(rows) == [UNKNOWN] * 2
    assert set(space.held().values()) == {1}


def test_a_row_that_may_have_been_imported_stays_so_when_it_is_refused_later(space: ImportDesk) -> None:
    """A refusal says nothing of the request before it."""
    rows = space.shop(1)
    space.fail(Answer(drop="after"), Answer(status=422))
    space.import_rows(rows)
    assert space.import_rows(rows, again_unknown=True) == [REFUSED]
    assert space.import_rows(rows) == [UNKNOWN]


@contextmanager
def killed(monkeypatch: pytest.MonkeyPatch, *, at: int, sends: bool) -> Iterator[None]:
    """The process is gone at its so manieth request, before it or after BigCommerce has carried it out."""
    from bigcharge.adapters.bigcommerce.stored_instruments import StoredInstruments  # noqa: PLC0415 - to be replaced

    send = StoredInstruments.import_instruments
    calls = Counter[str]()

    def die(*arguments: Any) -> Any:
        calls["made"] += 1
        if calls["made"] != at:
            return send(*arguments)
        if sends:
            send(*arguments)
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(StoredInstruments, "import_instruments", die)
        with pytest.raises(SystemExit):
            yield


@pytest.mark.parametrize("sends", [True, False])
@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_run_that_was_killed_is_run_again_and_imports_nothing_twice(
    space: ImportDesk, monkeypatch: pytest.MonkeyPatch, at: int, *, sends: bool
) -> None:
    rows = space.shop(25)
    with killed(monkeypatch, at=at, sends=sends):
        space.import_rows(rows)
    done = (at - 1) * 10
    lost = min(10, 25 - done)
    assert space.import_rows(rows) == [BEFORE] * done + [UNKNOWN] * lost + [IMPORTED] * (25 - done - lost)
    assert set(space.held().values()) == {1}
    assert sum(space.held().values()) == 25 - (0 if sends else lost)


def test_a_chunk_that_is_refused_as_a_whole_is_sent_row_by_row(space: ImportDesk) -> None:
    rows = space.shop(4)
    space.fail(Answer(status=422), None, Answer(status=422))
    assert space.import_rows(rows) == [IMPORTED, REFUSED, IMPORTED, IMPORTED]
    assert space.results[1].reason == "BigCommerce refused with HTTP 422"
    assert space.sent() == [4, 1, 1, 1, 1]
    assert space.import_rows(rows) == [BEFORE, IMPORTED, BEFORE, BEFORE]


def test_a_used_up_quota_is_waited_for(space: ImportDesk) -> None:
    rows = space.shop(2)
    space.fail(too_many_requests(17))
    assert space.import_rows(rows) == [IMPORTED] * 2
    assert space.desk.world.slept == [17]


def test_a_quota_that_others_use_up_ends_the_run_without_a_row_lost(space: ImportDesk) -> None:
    rows = space.shop(12)
    space.desk.world.box.next_answer(Endpoint.IMPORT_INSTRUMENTS, too_many_requests(700), times=None)
    assert space.import_rows(rows) == [NOT_SENT] * 12
    assert max(space.desk.world.slept) == 60
    space.desk.world.box.clear_faults()
    space.desk._sleep(900)
    assert space.import_rows(rows) == [IMPORTED] * 12


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_store_that_takes_no_imports_ends_the_run_and_its_faults_are_still_told(
    space: ImportDesk, status: int
) -> None:
    rows = [*space.shop(12), document(1, "") | {"customer_id": 0}]
    space.fail(None, Answer(status=status))
    assert space.import_rows(rows) == [IMPORTED] * 10 + [NOT_SENT] * 2 + [INVALID]
    assert space.run is not None
    assert f"HTTP {status}" in str(space.run.stopped)
    assert space.import_rows(rows) == [BEFORE] * 10 + [IMPORTED] * 2 + [INVALID]


def test_when_bigcommerce_cannot_be_reached_nothing_is_held_to_be_sent(
    space: ImportDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = space.shop(2)
    with monkeypatch.context() as patched:
        patched.setattr(type(space.desk.client.rest), "write", raises(NotSentError("refused")))
        assert space.import_rows(rows) == [NOT_SENT] * 2
    assert space.import_rows(rows) == [IMPORTED] * 2


def test_three_lost_answers_in_a_row_end_the_run(space: ImportDesk) -> None:
    rows = space.shop(60)
    lost = Answer(status=500)
    space.fail(lost, lost, None, lost, lost, lost)
    assert space.import_rows(rows) == [UNKNOWN] * 20 + [IMPORTED] * 10 + [UNKNOWN] * 30
    assert space.import_rows([*rows, *space.shop(1)])[-1] is IMPORTED
    space.fail(lost, lost, lost)
    assert space.import_rows(rows := space.shop(31)) == [UNKNOWN] * 30 + [NOT_SENT]
    assert space.import_rows(rows)[-1] is IMPORTED


def test_an_import_is_told_also_when_no_customer_can_be_hinted_at(space: ImportDesk) -> None:
    space.queue.error = BigchargeError("the queue is off")
    assert space.import_rows(space.shop(3)) == [IMPORTED] * 3
    assert space.run is not None
    assert space.run._hints.lost == 3


def test_what_would_be_done_is_told_without_a_request(space: ImportDesk) -> None:
    rows = space.shop(2)
    space.import_rows(rows[:1])
    read = read_rows(Path("rows.jsonl"), Lines(BytesIO(to_json_lines([*rows, {}]).encode())))
    with open_journal(space.folder / "journal", for_reading=True) as journal:
        assert [one.outcome for one in check_rows(read, STORE.store_hash, journal)] == [
            BEFORE,
            RowOutcome.VALID,
            INVALID,
        ]
    assert space.sent() == [1]


@pytest.fixture
def editor(space: ImportDesk) -> InstrumentEditor:
    return InstrumentEditor(space.desk.client, space.hints())


def test_an_instrument_is_found_by_its_fingerprint_and_made_the_default(
    space: ImportDesk, editor: InstrumentEditor
) -> None:
    customer_id, first = space.desk.world.shopper_with_card()
    second = space.desk.world.box.store_instrument(customer_id)
    held = {one.token: one for one in space.desk.client.list_customer_instruments(customer_id)}
    wanted = held[second.token]
    found, missing = editor.find(customer_id, [wanted.fingerprint, "0" * 16, wanted.fingerprint])
    assert (found, missing) == ([wanted], ["0" * 16])
    assert not wanted.is_default
    assert editor.update(customer_id, wanted, InstrumentChanges(make_default=True)).is_default
    assert {one.token: one.is_default for one in space.desk.world.box.instruments()} == {
        first.token: False,
        second.token: True,
    }
    assert space.hinted() == [customer_id] * 2


def test_a_customer_who_is_gone_has_no_instruments_and_the_table_is_made_to_follow(
    space: ImportDesk, editor: InstrumentEditor
) -> None:
    assert editor.find(4711, ["0" * 16]) == ([], ["0" * 16])
    assert space.hinted() == [4711]


@pytest.mark.parametrize("from_gateway", [True, False])
def test_instruments_are_deleted_and_deleting_them_again_does_no_harm(
    space: ImportDesk, editor: InstrumentEditor, *, from_gateway: bool
) -> None:
    customer_id, _ = space.desk.world.shopper_with_card()
    for _ in range(2):
        space.desk.world.box.store_instrument(customer_id)
    first, second, kept = space.desk.client.list_customer_instruments(customer_id)
    for _ in range(2):
        deleted = editor.delete(customer_id, [first, second], from_gateway=from_gateway)
        assert [(one.instrument, one.error) for one in deleted] == [(first, None), (second, None)]
    assert [one.token for one in space.desk.world.box.instruments()] == [kept.token]
    assert set(space.hinted()) == {customer_id}
    lines = [one.line.removeprefix(f"DELETE {PATH}") for one in space.desk.exchanges if one.line.startswith("DELETE")]
    assert lines[:1] == [f"/{first.token}" if from_gateway else f"?token:in={first.token},{second.token}"]


@pytest.mark.parametrize("from_gateway", [True, False])
def test_a_deletion_of_unknown_outcome_is_told_hinted_at_twice_and_not_repeated(
    space: ImportDesk, editor: InstrumentEditor, *, from_gateway: bool
) -> None:
    customer_id, _ = space.desk.world.shopper_with_card()
    space.desk.world.box.store_instrument(customer_id)
    held = space.desk.client.list_customer_instruments(customer_id)
    endpoint = Endpoint.DELETE_INSTRUMENT if from_gateway else Endpoint.DELETE_INSTRUMENTS
    space.fail(Answer(drop="after"), endpoint=endpoint)
    first, second = editor.delete(customer_id, held, from_gateway=from_gateway)
    assert isinstance(first.error, OutcomeUnknownError)
    assert (second.error is None) == from_gateway
    assert space.desk.world.box.instruments() == []
    assert space.delays()[:2] == [0.0, 60.0]


@pytest.mark.parametrize(
    ("answer", "error"), [(Answer(drop="after"), OutcomeUnknownError), (Answer(status=404), NotFoundError)]
)
def test_a_change_that_failed_is_told_and_hinted_at(
    space: ImportDesk, editor: InstrumentEditor, answer: Answer, error: type[Exception]
) -> None:
    customer_id, _ = space.desk.world.shopper_with_card()
    [held] = space.desk.client.list_customer_instruments(customer_id)
    space.fail(answer, endpoint=Endpoint.UPDATE_INSTRUMENT)
    with pytest.raises(error):
        editor.update(customer_id, held, InstrumentChanges(make_default=True))
    assert set(space.hinted()) == {customer_id}
    assert len([one for one in space.desk.exchanges if one.line == f"PUT {PATH}"]) == 1


def raises(error: Exception) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail
