"""What the box answers when it refuses: BigCommerce's error bodies, and its table of payment codes."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

_STATUS_CODES_PAGE: Final = "https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes"


@dataclass(frozen=True, slots=True)
class PaymentCode:
    """One code of the document's table "Error Codes".

    Attributes:
        code: BigCommerce's number.
        status: the HTTP status it comes with. The documents only say "4XX" for declines: 422 is what the API's
            reference gives for them; 404 and 500 are the plain choices for 30003 and 10000.
        title: the table's sentence.
        kind: the last word of the error's `type`.
    """

    code: int
    status: int
    title: str
    kind: str


PAYMENT_CODES: Final = {
    entry.code: entry
    for entry in (
        PaymentCode(10000, 500, "An internal error has occurred within the API.", "internal_error"),
        PaymentCode(10001, 422, "Missing or incorrect required fields.", "invalid_request"),
        PaymentCode(30000, 422, "Merchant payment configuration could not be found.", "configuration_not_found"),
        PaymentCode(
            3001, 422, "Merchant payment configuration is not correctly being configured.", "configuration_rejected"
        ),
        PaymentCode(
            30001, 422, "Merchant payment configuration is not correctly being configured.", "configuration_rejected"
        ),
        PaymentCode(30002, 422, "Vaulting service is currently not available.", "vaulting_unavailable"),
        PaymentCode(30003, 404, "Order could not be found.", "order_not_found"),
        PaymentCode(30004, 422, "The validation on line item and grand total does not match.", "totals_mismatch"),
        PaymentCode(30050, 422, "Payment instrument could not be saved.", "instrument_not_saved"),
        PaymentCode(30051, 422, "The stored card was not found.", "instrument_not_found"),
        PaymentCode(30100, 422, "Payment access token could not be created.", "token_not_created"),
        PaymentCode(30101, 422, "Order is invalid.", "invalid_order"),
        PaymentCode(30102, 422, "The payment was declined.", "declined"),
        PaymentCode(30103, 422, "Card has expired", "expired_card"),
        PaymentCode(
            30104,
            422,
            "The payment was declined. Please contact card issuer for more information.",
            "declined_by_issuer",
        ),
        PaymentCode(
            30105, 422, "The payment was declined due to duplicate payment being submitted.", "duplicate_payment"
        ),
        PaymentCode(30106, 422, "The payment was declined due to insufficient funds.", "insufficient_funds"),
        PaymentCode(
            30107, 422, "The payment was declined due to an authorization revocation.", "authorization_revoked"
        ),
    )
}


@dataclass(eq=False)
class Refusal(Exception):  # noqa: N818 - saying no is one of BigCommerce's answers, no error of the box
    """The box says no.

    Attributes:
        status: HTTP status.
        title: what a person reads.
        code: a code of `PAYMENT_CODES`, where it is one.
        errors: one sentence for each wrong field.
        violation: whether this can only be wrong use by the client (and not a race that an honest client can lose):
            such an answer is also written to the list of violations.
        kind: what the error's `type` ends with.
        status_list: whether the body is a list of `{status, message}`, as the V2 orders answer it.
        headers: further headers of the answer.
    """

    status: int
    title: str
    code: int | None = None
    errors: dict[str, str] = field(default_factory=dict)
    violation: bool = False
    kind: str | None = None
    status_list: bool = False
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> object:
        """The JSON body that BigCommerce documents for this error."""
        if self.status_list:
            return [{"status": self.status, "message": self.title}]
        page = (
            f"https://developer.bigcommerce.com/api-docs/payments/errors/{self.kind}"
            if self.kind
            else _STATUS_CODES_PAGE
        )
        body: dict[str, object] = {"status": self.status, "title": self.title, "type": page}
        if self.code is not None:
            body["code"] = self.code
        if self.errors:
            body["errors"] = self.errors
        return body


def coded(code: int, errors: dict[str, str] | None = None, *, violation: bool = False) -> Refusal:
    """The refusal with a code of the payments table.

    Raises:
        ValueError: the table has no such code.
    """
    entry = PAYMENT_CODES.get(code)
    if entry is None:
        raise ValueError(f"the table of the Payments API has no code {code}")
    return Refusal(entry.status, entry.title, entry.code, errors or {}, violation, entry.kind)


def invalid_fields(errors: dict[str, str]) -> Refusal:
    """The payments answer to a body with missing or wrong fields (code 10001)."""
    return coded(10001, errors, violation=True)


def invalid_data(errors: dict[str, str]) -> Refusal:
    """The V3 answer to a body with missing or wrong fields."""
    return Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "JSON data is missing or invalid", errors=errors, violation=True)


def invalid_order(message: str) -> Refusal:
    """The V2 orders' answer to a wrong request: a list of `{status, message}`."""
    return Refusal(HTTPStatus.BAD_REQUEST, message, violation=True, status_list=True)


def unauthorized(title: str, *, violation: bool = True) -> Refusal:
    """401: no credential, or one that is not good here."""
    return Refusal(HTTPStatus.UNAUTHORIZED, title, violation=violation)


def forbidden() -> Refusal:
    """403: the token's OAuth scopes do not cover the call."""
    title = "Unauthorized Access. You do not have permission to make this request."
    return Refusal(HTTPStatus.FORBIDDEN, title, violation=True)


def not_found(title: str) -> Refusal:
    """404: there is no such thing."""
    return Refusal(HTTPStatus.NOT_FOUND, title)
