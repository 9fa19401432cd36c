"""The published JSON Schemas: what editors complete by, and what the readers here validate by."""

from functools import cache
from pathlib import Path

import msgspec

_PACKAGE = Path(__file__).parents[1]
# Inside the package in an installed wheel, beside it in a checkout.
_FOLDERS = (_PACKAGE / "schemas", _PACKAGE.parent / "schemas")
_SUFFIX = ".schema.json"


def schema_names() -> tuple[str, ...]:
    """The names that :func:`schema_text` knows, in order."""
    return tuple(sorted(path.name.removesuffix(_SUFFIX) for path in _folder().glob(f"*{_SUFFIX}")))


def schema_text(name: str) -> str:
    """The text of a published schema, ``manifest`` or ``config`` for example.

    Raises ``KeyError`` for a name that :func:`schema_names` does not list.
    """
    if name not in schema_names():
        raise KeyError(name)
    return (_folder() / f"{name}{_SUFFIX}").read_text(encoding="utf-8")


@cache
def schema(name: str) -> dict[str, object]:
    """The published schema as a value; not to be changed."""
    return msgspec.json.decode(schema_text(name), type=dict[str, object])


def _folder() -> Path:
    return next(folder for folder in _FOLDERS if folder.is_dir())
