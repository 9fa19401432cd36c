"""Generated leavers: one fleet as the rows of an HR export, and as the entries of a manifest.

Both declare the same users alike, so that plans from them differ in nothing but where they read.
"""

import csv
import random
from io import StringIO

import msgspec
from msgspec import Struct

from bench.fleet import CHANGED_PER_MILLE
from bench.fleet_user import GOOGLE, NOTHING, FleetUser

TABLE = "hr.csv"
SOURCE = f"""\
apiVersion: reconciler/v1
sources:
  - name: hr-leavers
    file: {TABLE}
    id: work_email
    where: {{status: [terminated, retired]}}
    platforms: []
    reason: "left {{end_date}} ({{ticket}})"
"""

_COLUMNS = (
    *("employee_id", "first_name", "last_name", "work_email", "department", "title"),
    *("location", "manager", "start_date", "end_date", "status", "ticket"),
)


class HrExport(Struct, frozen=True):
    """``declared`` leavers, ``changed`` of them still connected: as a ``table`` in CSV, and as a
    ``manifest``. ``listing`` is the body of the list call's answer."""

    declared: int
    changed: int
    table: str
    manifest: str
    listing: bytes


def generate_hr_export(declared: int) -> HrExport:
    """An export with ``declared`` leavers, the same for the same number.

    It has one row in fifty more, of somebody who has not left.
    """
    chance = random.Random(declared)
    changed = declared * CHANGED_PER_MILLE // 1000
    connected = [GOOGLE] * changed + [NOTHING] * (declared - changed)
    chance.shuffle(connected)
    table = StringIO()
    writer = csv.writer(table, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    entries: list[str] = []
    rows = []
    for number, platforms in enumerate(connected):
        name = f"person.{number:06}@example.com"
        day, ticket = f"2026-10-{1 + number % 31:02}", f"HR-{number}"
        status = "retired" if number % 40 == 0 else "terminated"
        writer.writerow(_employee(number, name, day, status, ticket))
        if number % 50 == 0:
            writer.writerow(_employee(number, f"staff.{name}", "", "active", ""))
        user = FleetUser(("platforms: []", f"reason: left {day} ({ticket})"), platforms)
        entries.append(user.entry(name))
        rows.append(user.row(name, chance))
    manifest = f"apiVersion: reconciler/v1\nusers:\n{''.join(entries)}"
    return HrExport(declared, changed, table.getvalue(), manifest, msgspec.json.encode(rows))


def _employee(number: int, email: str, day: str, status: str, ticket: str) -> tuple[str, ...]:
    return (
        *(f"{number:06}", f"Given{number % 977}", f"Family{number % 1913}", email),
        *("Engineering, Platform" if number % 7 == 0 else "Sales", "Account Executive"),
        *("Zürich", f"manager.{number % 99}@example.com", "2020-01-01", day, status, ticket),
    )
