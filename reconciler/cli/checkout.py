"""The repository that a command works in, for reports that name files as a review does."""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from reconciler.engine.commit import working_tree
from reconciler.reporting import Checkout


def checkout_of(folder: Path, configuration: Path | None) -> Checkout:
    """The repository around ``folder``; without one, the folder itself."""
    top = working_tree(folder) or folder
    place = None if configuration is None else str(configuration)
    return Checkout(str(top), str(folder.resolve()), _url(os.environ), place)


def _url(environ: Mapping[str, str]) -> str | None:
    """Where the pipeline says that its repository is. A URL with credentials is none."""
    url = environ.get("CI_PROJECT_URL")
    if environ.get("GITHUB_SERVER_URL") and environ.get("GITHUB_REPOSITORY"):
        url = f"{environ['GITHUB_SERVER_URL']}/{environ['GITHUB_REPOSITORY']}"
    if not url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    known = parts.scheme in ("https", "http") and parts.netloc and "@" not in parts.netloc
    return url if known else None
