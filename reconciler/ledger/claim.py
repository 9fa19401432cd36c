"""What an acting run says of itself when it begins."""

from msgspec import Struct

from reconciler.runs import Front, Who


class Claim(Struct, frozen=True):
    """An acting run that wants to begin, on behalf of ``owner``. ``opened`` is RFC 3339, UTC.

    ``started`` is when its process started, as ``process.start_of`` has it.
    """

    run: str
    front: Front
    workspace: str
    base_url: str
    owner: str
    who: Who
    opened: str
    tool_version: str
    commit: str | None
    resumes: str | None = None
    started: str | None = None
