"""Install the reconciler from the files of this Action, at the versions that it was tested with.

The first step of the Action. It runs code of other packages, so it gets neither the API key nor
any other variable of the job but those that say where packages come from.
"""

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

NEEDED = re.compile(
    r"PATH|HOME|TMPDIR|LANG|LC_\w+|PIP_\w+|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|LD_LIBRARY_PATH"
    r"|(HTTPS?|NO|ALL)_PROXY|NETRC",
    re.IGNORECASE,
)
EXTRAS = re.compile(r"([a-z]+(,[a-z]+)*)?")


def needed(environ: Mapping[str, str], action: Path) -> dict[str, str]:
    """The variables that an installation needs, with the pins, also of what builds packages."""
    pins = (action / "constraints.txt").as_uri()  # has no space, where pip would divide it
    kept = {name: value for name, value in environ.items() if NEEDED.fullmatch(name)}
    return kept | {"PIP_CONSTRAINT": pins, "PIP_BUILD_CONSTRAINT": pins}


def install(action: Path, extras: str, home: Path, environ: Mapping[str, str]) -> Path:
    """The interpreter of an environment below ``home`` that has the reconciler; made once."""
    if not EXTRAS.fullmatch(extras):
        sys.exit(
            f"::error::extras: {extras!r}: write names with commas between, such as postgresql"
        )
    name = hashlib.sha256(f"{sys.executable} {action} {extras}".encode()).hexdigest()[:16]
    folder = home / f"calendar-reconciler-{name}"
    python, done = folder / "bin/python", folder / "installed"
    if not done.exists():
        what = f"{action}[{extras}]" if extras else str(action)
        pip = [str(python), "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        for words in (
            [sys.executable, "-I", "-m", "venv", "--clear", str(folder)],
            [*pip, what],
        ):
            subprocess.run(words, env=needed(environ, action), check=True)
        done.touch()
    return python


def main(environ: Mapping[str, str]) -> None:
    """Install, and say to the steps that follow by which interpreter the tool runs."""
    action, home = Path(environ["ACTION_PATH"]).resolve(), Path(environ["RUNNER_TEMP"])
    try:
        python = install(action, environ["INPUT_EXTRAS"], home, environ)
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
    with Path(environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as outputs:
        outputs.write(f"python={python}\n")


if __name__ == "__main__":
    main(os.environ)
