"""Text that came over the network, made fit for an error message."""

import re

from reconciler.domain import REDACTED, Secret

LONGEST = 300

_UNPRINTABLE = re.compile(r"[^\x20-\x7e\u00a1-\ud7ff\uf900-\ufffd]+")
_HTML = re.compile(r"\s*<")
# Whoever's it is: every JSON Web Token begins so.
_TOKEN = re.compile(r"eyJ[A-Za-z0-9_-]{8,}[A-Za-z0-9._+/=-]*")
# Of a secret that was cut off this much would tell something.
_TELLING = 4


def shown(text: str | bytes | bytearray, *secrets: Secret) -> str:
    """One bounded line of ``text``: no control characters, no page of HTML, none of the secrets.

    Neither the beginning of a secret at the end of ``text``, which may have been cut there, nor
    anything that looks like a user token.
    """
    if not isinstance(text, str):
        text = bytes(text).decode(errors="replace")
    if _HTML.match(text):
        return "an HTML page"
    # Before the line is cut: a part of a secret would not be found any more.
    for secret in secrets:
        text = _without(text, secret.reveal())
    text = _TOKEN.sub(REDACTED, text)
    line = _UNPRINTABLE.sub(" ", text).strip()
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def _without(text: str, secret: str) -> str:
    text = text.replace(secret, REDACTED)
    for size in range(min(len(secret) - 1, len(text)), _TELLING - 1, -1):
        if text.endswith(secret[:size]):
            return text[:-size] + REDACTED
    return text
