"""For all tests."""

from hypothesis import settings

# How long an example takes says nothing on a machine that does other things beside: what must be fast has a bench.
# The same examples for everybody: what is red is red for the change, not by chance. `--hypothesis-profile search` looks
# for more.
settings.register_profile("bigcharge", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=1000)
settings.load_profile("bigcharge")
