"""httpx without its command line, which takes longer to load than all the rest of it."""

import sys
from typing import Any

__all__ = ["httpx"]

_COMMAND_LINE = "httpx._main"
_loaded: dict[str, Any] = sys.modules

if "httpx" in _loaded:
    import httpx
else:
    # Python's own way to say that a module is not to be had; httpx does without this one.
    _loaded[_COMMAND_LINE] = None
    try:
        import httpx
    finally:
        del _loaded[_COMMAND_LINE]
