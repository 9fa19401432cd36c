"""The virtual environment of the programs: all that this one has, but for pip.

Pulumi asks pip three times in each command, for its version and for what is installed; that a
package could bring a plugin of Pulumi's is not what is tested here.
"""

import sys
import sysconfig
from pathlib import Path
from typing import Final

_PIP: Final = """\
import sys

print("[]" if "list" in sys.argv else "pip 0 from nowhere (python 3)")
"""


def make_virtualenv(folder: Path) -> None:
    """Make it in ``folder``."""
    python = Path(sys.executable).resolve()
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = folder / "lib" / version / "site-packages"
    (packages / "pip").mkdir(parents=True)
    (packages / "pip/__main__.py").write_text(_PIP)
    ours = sysconfig.get_path("purelib")
    (packages / "ours.pth").write_text(f"import site; site.addsitedir({ours!r})\n")
    (folder / "bin").mkdir()
    (folder / "bin/python").symlink_to(python)
    (folder / "pyvenv.cfg").write_text(f"home = {python.parent}\n")
