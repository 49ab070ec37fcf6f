"""For all tests."""

from hypothesis import settings

# How long an example takes says nothing on a machine that does other things beside: what must be fast has a bench.
settings.register_profile("bigcharge", deadline=None)
settings.load_profile("bigcharge")
