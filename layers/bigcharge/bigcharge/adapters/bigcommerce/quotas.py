"""The quotas of one host: a call that BigCommerce would refuse for its rate is not made."""

from dataclasses import dataclass, field

from bigcharge.adapters.bigcommerce.refusals import read_pause
from bigcharge.adapters.bigcommerce.transport import Answer


@dataclass(frozen=True, slots=True)
class Quotas:
    """Until when each store's quota is used up, as the last answers said; shared by all who call the host.

    A store's quota is shared with its other apps, so that this never is the whole truth: a 429 can still come.

    Attributes:
        reserve: the share of each quota that is left to others (0 up to 1): what is in no hurry leaves some for who is.
    """

    reserve: float = 0.0
    _used_up_until: dict[str, float] = field(default_factory=dict)

    def note(self, root: str, answer: Answer, now: float) -> None:
        """Take in what an answer says.

        Args:
            root: the store's part of the path.
            answer: any.
            now: when it came, by a clock that never goes back, in seconds.
        """
        pause = read_pause(answer, self.reserve)
        if pause > 0:
            self._used_up_until[root] = now + pause

    def read_wait(self, root: str, now: float) -> float:
        """Seconds until the store's quota is refreshed; 0 where calls may be made."""
        wait = self._used_up_until.get(root, now) - now
        if wait <= 0:
            self._used_up_until.pop(root, None)
        return max(wait, 0.0)
