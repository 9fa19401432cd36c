"""A value that exists in memory only."""

import hmac
from typing import NoReturn

REDACTED = "(redacted)"


class Secret:
    """An API key, a user token or a link that carries one.

    Everything that writes (``repr``, ``str``, format, pickling, JSON) gets the word
    ``(redacted)`` or an error; only :meth:`reveal` gives the value.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value, for the one place that puts it on the wire."""
        return self._value

    def __repr__(self) -> str:
        return REDACTED

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return REDACTED

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(
            self._value.encode(errors="surrogatepass"),
            other._value.encode(errors="surrogatepass"),
        )

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled")
