"""How often a poller asks: again at once while there is work, ever more seldom while there is none."""

import threading

SHORTEST = 0.02
LONGEST = 0.25  # Lambda itself asks a stream four times a second


class Pace:
    """The pauses of one poller; a stop ends a pause at once."""

    def __init__(self, stopped: threading.Event) -> None:
        self._stopped = stopped
        self._pause = SHORTEST

    def rest(self, *, busy: bool) -> None:
        """Pause, unless the last answer held work."""
        if busy:
            self._pause = SHORTEST
            return
        self._stopped.wait(self._pause)
        self._pause = min(self._pause * 1.5, LONGEST)
