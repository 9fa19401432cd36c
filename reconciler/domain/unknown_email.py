"""What follows for a user whose e-mail the API does not tell, where e-mails are protected."""

from enum import StrEnum


class UnknownEmail(StrEnum):
    """Whether a connected row without an e-mail holds its user back, or counts for nothing."""

    HOLD = "hold"
    IGNORE = "ignore"
