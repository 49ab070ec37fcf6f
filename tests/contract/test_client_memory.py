"""A hundred thousand instruments are listed in the memory of a few pages."""

import multiprocessing
import tracemalloc
from multiprocessing.connection import Connection
from random import Random

import pytest

from bigcharge.adapters.bigcommerce import connect
from bigcharge.domain.stores import Credentials
from sandbox.bigcommerce.box import Box
from sandbox.bigcommerce.server import serve
from tests.contract.box_world import STORE

INSTRUMENTS = 100_000
PEAK = 8 * 2**20  # bytes: one page of 250 cards, read and decoded, is below 1 MiB


def keep_a_large_store(pipe: Connection) -> None:
    """Serve it in a process of its own, so that its memory is not measured."""
    box = Box((STORE,), random=Random(7))  # noqa: S311 - a seed, so that a test repeats itself
    for _ in range(INSTRUMENTS):
        box.store_instrument(box.create_customer().customer_id)
    with serve(box) as server:
        pipe.send((server.api_url, server.payments_url))
        pipe.recv()


@pytest.mark.slow
def test_a_hundred_thousand_instruments_are_listed_in_flat_memory() -> None:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=keep_a_large_store, args=(there,))
    process.start()
    try:
        assert here.poll(120)
        client = connect(*here.recv())(Credentials(STORE.store_hash, STORE.access_token, "invented-id", "invented"))
        next(client.stored_instruments.list_instruments())
        tracemalloc.start()
        listed = sum(1 for _ in client.stored_instruments.list_instruments())
        _, peak = tracemalloc.get_traced_memory()
        print(f"{listed} instruments, peak {peak / 2**20:.2f} MiB")  # noqa: T201 - the figure, for `pytest -s`
    finally:
        tracemalloc.stop()
        here.send(None)
        process.join(30)
        if process.is_alive():
            process.terminate()
    assert listed == INSTRUMENTS
    assert peak < PEAK
