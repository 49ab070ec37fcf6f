"""A fresh box for every test."""

import pytest

from tests.contract.box_world import World


@pytest.fixture
def world() -> World:
    return World()
