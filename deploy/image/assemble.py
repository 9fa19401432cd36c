"""Put together the file system of the image: Python, the installed tool, and what they load.

The image begins with nothing, so that it has no shell, no package manager and no file that nobody
needs, whatever the base is. Run in the build, as ``assemble.py BOM ROOT``, by the base's own
Python: ROOT becomes the file system, and the bill of materials in BOM gets the system packages.
"""

import compileall
import json
import os
import platform
import py_compile
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

TOOL: Final = Path("/opt/reconciler")
AUTHORITIES: Final = Path("/etc/ssl/certs/ca-certificates.crt")
HEALTHCHECK: Final = Path(__file__).with_name("healthcheck.py")
BOM: Final = "usr/share/sbom/calendar-reconciler.cdx.json"
ACCOUNT: Final = 65532

LEFT_OUT: Final = (
    *("__pycache__", "config-*", "dist-packages", "ensurepip", "idlelib", "lib2to3"),
    *("pydoc_data", "site-packages", "test", "tests", "_tkinter*", "tkinter", "turtledemo"),
)
"""Patterns of names in Python's library that the tool never imports."""

ACCOUNTS: Final = {
    "passwd": f"""\
root:x:0:0:root:/nonexistent:/nonexistent
reconciler:x:{ACCOUNT}:{ACCOUNT}:calendar reconciler:/nonexistent:/nonexistent
""",
    "group": f"root:x:0:\nreconciler:x:{ACCOUNT}:\n",
}


class Tree:
    """The file system under construction, and the real paths of the files that are in it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.files: set[Path] = set()
        self._links: set[Path] = set()
        # Debian's /lib is a link to /usr/lib; the loader of programs is found by it.
        for folder in (Path("/lib"), Path("/lib64")):
            if folder.is_symlink():
                self._link(folder)

    def add(self, path: Path) -> None:
        """Add a file; of a link, the link and the file that it leads to."""
        place = path.parent.resolve() / path.name
        if place in self.files or place in self._links:
            return
        if place.is_symlink():
            self._links.add(place)
            self._link(place)
            if place.is_file():
                self.add(place.parent / place.readlink())
        else:
            self.files.add(place)
            self._parent(place)
            shutil.copy2(place, self._inside(place))

    def add_folder(self, folder: Path, *left_out: str) -> None:
        """Add all files below ``folder`` but what a pattern in ``left_out`` matches by its name."""
        for here, folders, files in os.walk(folder):
            for names in (folders, files):
                names[:] = [n for n in names if not any(fnmatch(n, each) for each in left_out)]
            for name in (*files, *(each for each in folders if Path(here, each).is_symlink())):
                self.add(Path(here, name))

    def write(self, name: str, text: str) -> None:
        """Write a file of our own."""
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    def folder(self, name: str, mode: int, owner: int = 0, group: int = 0) -> None:
        """Make an empty folder."""
        path = self._root / name
        path.mkdir()
        path.chmod(mode)
        os.chown(path, owner, group)

    def _inside(self, place: Path) -> Path:
        return self._root / place.relative_to("/")

    def _parent(self, place: Path) -> None:
        self._inside(place).parent.mkdir(parents=True, exist_ok=True)

    def _link(self, place: Path) -> None:
        self._parent(place)
        self._inside(place).symlink_to(place.readlink())


def libraries(files: Iterable[Path]) -> Iterator[Path]:
    """The shared libraries that programs and extension modules load, the loader among them.

    Raises:
        SystemExit: one of them is missing, so that the image would not run.
    """
    for file in files:
        with file.open("rb") as opened:
            if opened.read(4) != b"\x7fELF":
                continue
        asked = subprocess.run(["ldd", file], capture_output=True, text=True, check=False)  # noqa: S607 - the base's own
        for line in asked.stdout.splitlines():
            words = line.split()
            if "not found" in line:
                sys.exit(f"{file} needs {words[0]}, which the base does not have")
            yield from (Path(word) for word in words if word.startswith("/"))


def owners(files: Iterable[Path]) -> set[str]:
    """The system packages, as dpkg names them, that ``files`` come from."""
    wanted = {str(file) for file in files}
    real: dict[str, str] = {}
    found = set()
    for contents in Path("/var/lib/dpkg/info").glob("*.list"):
        for line in contents.read_text("utf-8").splitlines():
            folder, _, name = line.rpartition("/")
            if folder not in real:
                real[folder] = os.path.realpath(folder)
            if f"{real[folder]}/{name}" in wanted:
                found.add(contents.stem)
    return found


def described(package: str) -> tuple[str, dict[str, str]]:
    """What dpkg says of ``package``: as it is, and its one-line fields."""
    asked = ["dpkg-query", "--status", package]
    stanza = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    lines = [line.partition(": ") for line in stanza.splitlines() if not line.startswith(" ")]
    return stanza, {name: value for name, _, value in lines}


def component(fields: dict[str, str], distribution: str) -> dict[str, Any]:
    """A system package as the bill of materials has it."""
    name, version, architecture = fields["Package"], fields["Version"], fields["Architecture"]
    where = f"arch={architecture}&distro={distribution}"
    purl = (
        f"pkg:deb/{distribution.partition('-')[0]}/{quote(name)}@{quote(version, safe='')}?{where}"
    )
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def interpreter() -> dict[str, Any]:
    """Python itself, where it is no system package."""
    version = platform.python_version()
    return {
        "type": "application",
        "bom-ref": f"python@{version}",
        "name": "python",
        "version": version,
        "cpe": f"cpe:2.3:a:python:python:{version}:*:*:*:*:*:*:*",
        "purl": f"pkg:generic/python@{version}",
    }


def compile_all(root: Path) -> None:
    """Compile every module, so that no container has to, or has to write anything.

    The compiled files do not depend on the times of the sources, which some engines change.
    """
    unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
    if not compileall.compile_dir(
        root, maxlevels=99, quiet=1, stripdir=str(root), workers=0, invalidation_mode=unchecked
    ):
        sys.exit("some modules cannot be compiled")


def main(bom_path: Path, root: Path) -> None:
    """Write the file system into ``root``."""
    tree = Tree(root)
    tree.add(Path(sys.executable).resolve())
    tree.add_folder(Path(sysconfig.get_path("stdlib")), *LEFT_OUT)
    tree.add_folder(TOOL, "__pycache__")
    tree.add(AUTHORITIES)
    tree.add(HEALTHCHECK)
    for library in set(libraries(sorted(tree.files))):
        tree.add(library)
    # A Python of /usr/local has its library there, where only the loader's cache leads to.
    tree.add(Path("/etc/ld.so.conf"))
    tree.add_folder(Path("/etc/ld.so.conf.d"))
    subprocess.run(["/sbin/ldconfig", "-r", root], check=True)

    bom = json.loads(bom_path.read_text("utf-8"))
    release = platform.freedesktop_os_release()
    distribution = f"{release['ID']}-{release['VERSION_ID']}"
    packages = sorted(owners(tree.files))
    for package in packages:
        stanza, fields = described(package)
        bom["components"].append(component(fields, distribution))
        name = fields["Package"]
        tree.write(f"var/lib/dpkg/status.d/{name}", stanza)  # where scanners of images look
        terms = Path("/usr/share/doc", name, "copyright")
        if terms.exists():
            tree.write(str(terms.resolve().relative_to("/")), terms.read_text("utf-8"))
    if not any(package.startswith("python3") for package in packages):
        bom["components"].append(interpreter())
    tree.write(BOM, json.dumps(bom, indent=1, sort_keys=True) + "\n")
    tree.add(Path("/etc/os-release"))
    for name, text in ACCOUNTS.items():
        tree.write(f"etc/{name}", text)
    tree.folder("tmp", 0o1777)
    tree.folder("work", 0o755)
    tree.folder("ledger", 0o770, ACCOUNT)
    compile_all(root)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
