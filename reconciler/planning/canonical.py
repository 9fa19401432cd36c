"""One way to write a value as bytes, so that equal values have equal digests and seals.

Canonical JSON here: UTF-8, no insignificant space, object keys and sets sorted, absent fields
left out.
"""

import hashlib
from typing import Any

import msgspec

from reconciler.domain import DesiredState

_encoder = msgspec.json.Encoder(order="sorted")


def canonical_json(value: Any) -> bytes:
    """``value`` (structs, mappings, sequences, scalars) as canonical JSON."""
    return _encoder.encode(value)


def digest(data: bytes) -> str:
    """The SHA-256 of ``data`` as ``sha256:<64 hex digits>``."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def desired_digest(desired: DesiredState) -> str:
    """The name of what is desired, whatever files it stands in.

    A comment, a moved line, a group that became a field or a split file changes nothing; an id,
    a platform, a handover, a reason or a preference does.
    """
    users = [desired.users[name] for name in sorted(desired.users)]
    platforms = {
        wanted: None if wanted is None else sorted(wanted)
        for wanted in {user.platforms for user in users}
    }
    return digest(
        canonical_json(
            [
                (user.id, platforms[user.platforms], user.handover, user.reason, user.preferences)
                for user in users
            ]
        )
    )
