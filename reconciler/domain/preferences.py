"""Recording preferences: as the API lists them, and the part of them that a manifest declares."""

from msgspec import UNSET, Struct, UnsetType


class Preferences(Struct, frozen=True, gc=False):
    """A set of recording preferences, whole or in part.

    An absent field is ``UNSET``: in a declaration it is not managed, in an answer of the API it
    was not told. ``None`` is a null that the API sent.
    """

    record_non_host: bool | None | UnsetType = UNSET
    record_recurring: bool | None | UnsetType = UNSET
    record_external: bool | None | UnsetType = UNSET
    record_internal: bool | None | UnsetType = UNSET
    record_confirmed: bool | None | UnsetType = UNSET
    record_only_host: bool | None | UnsetType = UNSET
    bot_name: str | None | UnsetType = UNSET

    def told(self) -> dict[str, bool | str | None]:
        """The fields that are present, by name, in the order of the API's own documentation."""
        return {
            name: value for name in PREFERENCE_FIELDS if (value := getattr(self, name)) is not UNSET
        }


PREFERENCE_FIELDS: tuple[str, ...] = Preferences.__struct_fields__
