"""Chance, made of the seed alone: each decision has a name, so that one can be taken away and all others stay."""

import struct
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from random import Random
from typing import Final

_NUMBERS: Final = struct.Struct("<8Q")
_SHARE: Final = (1.0 / 2**64).__mul__
_ID_BYTES: Final = 3  # of a decision's short name: what a command line can carry


@dataclass(frozen=True, slots=True)
class Draw:
    """Eight numbers from 0 up to 1 that belong to one moment.

    Attributes:
        where: the moment's name: who did what for which order, and for the how manieth time.
        numbers: always the same for one seed and one name.
    """

    where: str
    numbers: tuple[float, ...]

    def between(self, index: int, low: float, high: float) -> float:
        """A number from `low` up to `high`."""
        return low + (high - low) * self.numbers[index]

    def pick[T](self, index: int, options: Sequence[T]) -> T:
        """One of the options."""
        return options[int(self.numbers[index] * len(options))]


@dataclass(frozen=True, slots=True)
class Struck:
    """Something that chance made happen, and that can be taken away.

    Attributes:
        kind: what it is counted as.
        where: the moment.
        name: its short name.
    """

    kind: str
    where: str
    name: str


@dataclass(slots=True)
class Chance:
    """All chance of one run.

    Attributes:
        seed: what everything follows from.
        rates: how likely each kind of fault is at each moment at which it can strike.
        keep: the short names of what may happen; None: everything.
        is_calm: whether faults are over.
        struck: what did happen, in order.
        refused: of that, how many of each kind came to nothing: BigCommerce or the rules did not take it.
    """

    seed: int
    rates: Mapping[str, float] = field(default_factory=dict)
    keep: frozenset[str] | None = None
    is_calm: bool = False
    struck: list[Struck] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    _counts: Counter[str] = field(default_factory=Counter)

    def draw(self, where: str) -> Draw:
        """The numbers of a moment; the same `where` again is another moment."""
        self._counts[where] += 1
        return self.draw_once(f"{where}.{self._counts[where]}")

    def draw_once(self, where: str) -> Draw:
        """The numbers of a moment of which there is one."""
        digest = blake2b(f"{self.seed}/{where}".encode()).digest()  # 64 bytes
        return Draw(where, tuple(map(_SHARE, _NUMBERS.unpack(digest))))

    def source(self, name: str) -> Random:
        """A generator of its own for whoever needs one."""
        return Random(f"{self.seed}/{name}")  # noqa: S311 - a simulation repeats itself

    def choose(self, draw: Draw, index: int, kinds: Sequence[str]) -> str | None:
        """The kind of fault that strikes at this moment, if one does.

        Args:
            draw: the moment.
            index: which of its numbers decides.
            kinds: what can strike here; at most one does.
        """
        if self.is_calm:
            return None
        number, rates = draw.numbers[index], self.rates
        for kind in kinds:
            if kind in rates and (number := number - rates[kind]) < 0:
                return kind if self.allow(kind, draw.where) else None
        return None

    def allow(self, kind: str, where: str) -> bool:
        """Write down that something happens, unless it was taken away."""
        name = blake2b(f"{kind}@{where}".encode(), digest_size=_ID_BYTES).hexdigest()
        if self.keep is not None and name not in self.keep:
            return False
        self.struck.append(Struck(kind, where, name))
        return True
