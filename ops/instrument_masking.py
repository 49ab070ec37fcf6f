"""How instruments are shown: by fingerprint and looks, with what names a person hidden unless it is asked for."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bigcharge.domain.instruments import Instrument

_SHOWN = 4


def show_email(email: str | None, *, reveal: bool) -> str | None:
    """An e-mail address, of which only the first letter and the domain are shown unless revealed."""
    if email is None or reveal:
        return email
    name, at, domain = email.rpartition("@")
    return f"{name[:1]}***@{domain}" if at else "***"


def show_number(number: str | None, *, reveal: bool) -> str | None:
    """An account's or a card's number, of which only the last four digits are shown unless revealed."""
    return number if number is None or reveal else number[-_SHOWN:]


def describe(instrument: "Instrument", *, reveal: bool = False) -> str:
    """What an instrument is, in a few words ("visa 1111")."""
    looks = (
        instrument.brand,
        show_email(instrument.email, reveal=reveal),
        instrument.issuer,
        show_number(instrument.last_4, reveal=reveal),
    )
    return " ".join(look for look in looks if look) or str(instrument.type)
