"""Two calls at the same time: what waits for the network twice then waits once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


def run_together[A, B](first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
    """What both returned; raises what the first raised, else what the second did, when both are over."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(second)
        try:
            returned = first()
        finally:
            coming.exception()  # waits, so that nothing of it runs on after this function has failed
        return returned, coming.result()
