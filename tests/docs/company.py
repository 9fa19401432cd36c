"""A fictitious company of 5 000 people: its directory, its HR exports, and its sandbox."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

DEPARTMENTS: Final = {"Finance": 60, "Sales": 140, "Support": 200, "Engineering": 4500}
CONTRACTORS: Final = 100
_CONNECT_FIRST: Final = {"Finance": 45, "Sales": 50, "Support": 40}
"""How many of a department connect Microsoft before its wave begins."""

CONFIGURATION: Final = """\
apiVersion: reconciler/v1
defaultWorkspace: example
inputs:
  directory: {command: [cat, exports/directory.jsonl], format: jsonl, maxRows: 20000}
workspaces:
  example:
    sandbox: {seed: seed.json}
    manifests: [manifests/]
    timeZone: Europe/Berlin
    limits: {maxDisconnects: 60}
    rateLimits: {list: 6000, authenticate: 60000, user: 6000}
"""

PEOPLE: Final = """\
apiVersion: reconciler/v1
groups:
  wave-1: {platforms: [microsoft], from: 2027-01-18}
  wave-2: {platforms: [microsoft], from: 2027-02-01}
  wave-3: {platforms: [microsoft], from: 2027-02-15}
sources:
  - name: staff
    input: directory
    id: mail
    where: {department: [Engineering]}
    platforms: [google]
  - {name: finance, input: directory, id: mail, where: {department: [Finance]}, group: wave-1}
  - {name: sales, input: directory, id: mail, where: {department: [Sales]}, group: wave-2}
  - {name: support, input: directory, id: mail, where: {department: [Support]}, group: wave-3}
  - name: hr-leavers
    file: hr/leavers.csv
    id: work_email
    where: {status: [terminated, retired]}
    platforms: []
    reason: "left {end_date} ({ticket})"
"""

RULES: Final = """\
apiVersion: reconciler/v1
rules:
  - name: contractors-keep-no-notetaker
    match: {email: "*@contractor.example.com"}
    except: [lead@contractor.example.com]
    platforms: []
    reason: SEC-12
    mode: report
"""


class Person(Struct, frozen=True):
    """An employee, with what the calendar user has connected at first."""

    mail: str
    name: str
    department: str
    microsoft: bool

    def record(self) -> Mapping[str, str]:
        """The person in the export of the directory."""
        return {
            "mail": self.mail,
            "displayName": self.name,
            "department": self.department,
            "employeeType": "regular",
            "office": "Berlin",
        }


def employees() -> list[Person]:
    """Everybody who is employed on the first day, by department."""
    return [
        Person(
            f"{department.lower()}.{number:04}@example.com",
            f"{department} {number}",
            department,
            number <= _CONNECT_FIRST.get(department, 0),
        )
        for department, size in DEPARTMENTS.items()
        for number in range(1, size + 1)
    ]


LEAVE_FIRST: Final = range(1001, 1010)
REHIRED_ENTRY: Final = """\
users:
  - id: engineering.1003@example.com
    platforms: [google]
    reason: hired again on 2027-02-22 (HR-1400)
    sources: override
"""
REHIRED: Final = "engineering.1003@example.com"


def build(folder: Path) -> None:
    """Write the company's repository and its exports into ``folder``."""
    people = employees()
    gone = {f"engineering.{number:04}@example.com" for number in LEAVE_FIRST}
    _write(folder / "reconciler.yaml", CONFIGURATION)
    _write(folder / "manifests/people.yaml", PEOPLE)
    _write(folder / "rules/contractors.yaml", RULES)
    _export(folder / "exports/2027-01-04", people, ())
    _export(folder / "exports/2027-01-11", (p for p in people if p.mail not in gone), gone)
    back = [p for p in people if p.mail not in gone or p.mail == REHIRED]
    _export(folder / "exports/2027-02-22", back, gone)
    _write(folder / "exports/rehired.yaml", REHIRED_ENTRY)
    _write(folder / "exports/2027-03-01/leavers.csv", _HEADER)
    _leavers(folder / "exports/2027-03-02/leavers.csv", sorted([*gone, *gone]))
    undeclared = [f"former.{number:03}@example.com" for number in range(1, 81)]
    _leavers(folder / "exports/2027-03-08/leavers.csv", sorted([*gone, *undeclared]))
    _write(folder / "seed.json", json.dumps(_seed(people)))


_HEADER: Final = "work_email,status,end_date,ticket\n"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _export(folder: Path, people: Iterable[Person], gone: Iterable[str]) -> None:
    lines = (json.dumps(person.record()) for person in people)
    _write(folder / "directory.jsonl", "".join(f"{line}\n" for line in lines))
    _leavers(folder / "leavers.csv", sorted(gone))


def _leavers(path: Path, gone: Iterable[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(_HEADER)
        rows = csv.writer(file)
        # Somebody left before the tool came: an export is never empty.
        rows.writerow(["founder@example.com", "retired", "2026-06-30", "HR-900"])
        for number, mail in enumerate(gone, 1001):
            rows.writerow([mail, "terminated", "2027-01-08", f"HR-{number}"])


def _seed(people: Iterable[Person]) -> Mapping[str, object]:
    return {
        "apiVersion": "reconciler/sandbox/v1",
        "behaviour": {"enforceLimits": False},
        "users": list(_calendar_users(people)),
    }


def _calendar_users(people: Iterable[Person]) -> Iterator[Mapping[str, object]]:
    for person in people:
        connected = {"google": person.mail}
        if person.microsoft:
            connected["microsoft"] = person.mail
        yield {"external_id": person.mail, "connected": connected}
    yield {"external_id": "founder@example.com"}
    for number in range(1, 81):
        mail = f"former.{number:03}@example.com"
        yield {"external_id": mail, "connected": {"google": mail}}
    for number in range(1, CONTRACTORS + 1):
        name = "lead" if number == 1 else f"c{number:03}"
        mail = f"{name}@contractor.example.com"
        yield {"external_id": f"contractor-{number:03}", "connected": {"google": mail}}
