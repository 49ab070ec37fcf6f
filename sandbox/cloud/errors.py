"""What can keep the local cloud from starting."""


class CannotStart(Exception):  # noqa: N818 - reads as what it says where it is raised and caught
    """The local cloud cannot start; the message is one line that says why and what to do."""
