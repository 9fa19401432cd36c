"""Where the link base comes from, and what its links are relative to."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from reconciler.engine.commit import working_tree
from reconciler.reporting import InvalidLinkBase, Links, check_link_base

OPTION: Final = "--link-base"
VARIABLE: Final = "RECONCILER_LINK_BASE"


def links_from(option: str | None, environ: Mapping[str, str], folder: Path) -> Links | None:
    """The links of a command that runs in ``folder``, whose places are relative to it.

    The ``option`` goes before the variable; None where neither is given. Raises
    :class:`InvalidLinkBase`, whose text names the one that is wrong.
    """
    name, base = OPTION, option
    if base is None:
        name, base = VARIABLE, environ.get(VARIABLE)
    if not base:
        return None
    try:
        check_link_base(base)
    except InvalidLinkBase as error:
        raise InvalidLinkBase(f"{name} {base!r}: {error}") from None
    return Links(base, str(working_tree(folder) or folder), str(folder))
