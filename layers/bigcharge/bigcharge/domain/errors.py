"""What can go wrong between us and BigCommerce, told apart by what it means for the money.

By type it is plain whether nothing was sent (`NotSent`), the request was refused and did nothing (`Refused` and its
children), the payment was declined (`Declined`), or nobody knows (`OutcomeUnknown`). No message holds what was sent or
received beyond a status and a code: bodies and URLs can hold tokens and addresses.
"""

from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bigcharge.domain.declines import Decline


class BigchargeError(Exception):
    """Every error of ours; its text names what to do and never holds a secret."""


class InvalidInputError(BigchargeError):
    """What somebody gave us (an id, a policy, a webhook) is not of its documented form."""


class ConflictError(BigchargeError):
    """Another writer changed the item after we read it: our decision is out of date and was not saved."""


class UnknownStoreError(BigchargeError):
    """No credentials are kept for this store."""


class TooManyStoresError(BigchargeError):
    """More stores are asked for than are looked up at a time, and whether we serve this one is not known."""


class ForgedError(BigchargeError):
    """A webhook's signature, timestamp or header does not prove that BigCommerce sent it."""


class TooOldError(BigchargeError):
    """A webhook is signed, but longer ago than the store's tolerance: a late retry, or one that somebody kept."""


class BigCommerceError(BigchargeError):
    """A call to BigCommerce did not do what it was made for."""


class NotSentError(BigCommerceError):
    """No connection came about (DNS, refused, connect time-out): BigCommerce cannot have seen the request."""


class OutcomeUnknownError(BigCommerceError):
    """Sent, but no answer that can be relied on: time-out, reset, 5xx, an unreadable or unrecognised answer.

    Attributes:
        code: BigCommerce's own code, where an answer had one.
    """

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


class RefusedError(BigCommerceError):
    """BigCommerce answered with a refusal, so the request changed nothing.

    Attributes:
        status: the HTTP status, 400-499 or a redirect.
        code: BigCommerce's own code, where the body names one.
    """

    def __init__(self, status: int, code: int | None = None) -> None:
        super().__init__(f"refused with HTTP {status}" + (f" and code {code}" if code is not None else ""))
        self.status = status
        self.code = code


class UnauthorizedError(RefusedError):
    """401 or 403: the store's credentials or their scopes do not allow the call."""


class NotFoundError(RefusedError):
    """404: the thing does not exist, or not yet."""


class RequestConflictError(RefusedError):
    """409: the request clashes with what BigCommerce holds now, a hook of the same scope and destination for one."""


class UnprocessableError(RefusedError):
    """422: BigCommerce read the request and does not accept what it says."""


class RateLimitedError(RefusedError):
    """Too many calls: BigCommerce said so (429), or its headers said that the next call would be one too many.

    Attributes:
        wait: seconds until the quota is refreshed, as BigCommerce names them.
    """

    def __init__(self, wait: float) -> None:
        super().__init__(HTTPStatus.TOO_MANY_REQUESTS)
        self.wait = wait


class DeclinedError(RefusedError):
    """The payment was refused with a code that we know: nothing was charged.

    Attributes:
        decline: what the code means and what may be done next.
    """

    def __init__(self, status: int, decline: "Decline") -> None:
        super().__init__(status, decline.code)
        self.decline = decline
