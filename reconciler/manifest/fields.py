"""What a manifest says as plain values, once the schema has cleared it.

The types tell the type checker what the schema has already made sure of, so that nothing is
converted or asked twice for each of a hundred thousand users.
"""

from typing import Required, TypedDict


class LevelFields(TypedDict, total=False):
    """What a user, a group and the defaults of a document can all say."""

    platforms: list[str]
    handover: str
    reason: str
    preferences: dict[str, bool | str]


class UserFields(LevelFields, total=False):
    """The entry of a user."""

    id: Required[str]
    group: str
