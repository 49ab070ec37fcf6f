"""A small memory of answers: each is believed for so long, and only so many are kept."""

from collections.abc import Callable


class ExpiringCache[V]:
    """Values by name, each for the same time.

    Args:
        life: seconds that a value is believed.
        max_entries: how many are kept; the oldest gives way.
        monotonic: seconds that never go back.
    """

    def __init__(self, life: float, max_entries: int, monotonic: Callable[[], float]) -> None:
        self._life = life
        self._max_entries = max_entries
        self._monotonic = monotonic
        self._entries: dict[str, tuple[float, V]] = {}

    def __contains__(self, name: str) -> bool:
        entry = self._entries.get(name)
        return entry is not None and self._monotonic() < entry[0]

    def has_met(self, name: str) -> bool:
        """Whether a value was kept under the name, be it believed still or not."""
        return name in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, name: str, read: Callable[[str], V]) -> V:
        """The value, read if it is not kept; what `read` raises is not kept."""
        if name not in self:
            self.put(name, read(name))
        return self._entries[name][1]

    def put(self, name: str, value: V) -> None:
        """Keep a value from now on."""
        self._entries.pop(name, None)
        if len(self._entries) >= self._max_entries:
            del self._entries[next(iter(self._entries))]  # all live equally long: the first is the oldest
        self._entries[name] = (self._monotonic() + self._life, value)
