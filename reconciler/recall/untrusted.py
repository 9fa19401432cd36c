"""Text that came over the network, made fit for an error message."""

import re

from reconciler.domain import REDACTED, Secret

LONGEST = 300

_UNPRINTABLE = re.compile(r"[^\x20-\x7e\u00a1-\ud7ff\uf900-\ufffd]+")
_HTML = re.compile(r"\s*<")


def shown(text: str | bytes | bytearray, *secrets: Secret) -> str:
    """One bounded line of ``text``: no control characters, no page of HTML, none of the secrets."""
    if not isinstance(text, str):
        text = bytes(text[: 8 * LONGEST]).decode(errors="replace")
    if _HTML.match(text):
        return "an HTML page"
    for secret in secrets:
        text = text.replace(secret.reveal(), REDACTED)
    line = _UNPRINTABLE.sub(" ", text).strip()
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"
