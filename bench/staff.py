"""Generated staff: one fleet as the rows of an HR export, and as the entries of a manifest.

Both declare the same users alike, so that plans from them differ in nothing but where they read.
"""

import csv
import random
from io import StringIO

import msgspec
from msgspec import Struct

from bench.fleet import CHANGED_PER_MILLE
from bench.fleet_user import BOTH, GOOGLE, NOTHING, FleetUser

TABLE = "staff.csv"
SOURCE = f"""\
apiVersion: reconciler/v1
sources:
  - name: staff
    file: {TABLE}
    id: work_email
    where: {{status: [active, on leave]}}
    platforms: [google]
"""

_COLUMNS = (
    *("employee_id", "first_name", "last_name", "work_email", "department", "title"),
    *("location", "manager", "start_date", "end_date", "status", "ticket"),
)
_FIELDS = ("platforms: [google]",)
_AS_DECLARED = FleetUser(_FIELDS, GOOGLE)
_CHANGED = (
    FleetUser(_FIELDS, BOTH),  # a disconnect
    FleetUser(_FIELDS, NOTHING),  # pending
    FleetUser(_FIELDS, None),  # pending, unknown to the API
)


class Staff(Struct, frozen=True):
    """``declared`` users, ``changed`` of them not as declared: as a ``table`` in CSV, and as a
    ``manifest``. ``listing`` is the body of the list call's answer."""

    declared: int
    changed: int
    table: str
    manifest: str
    listing: bytes


def generate_staff(declared: int) -> Staff:
    """Staff of ``declared`` users, the same for the same number. One in fifty of the table's rows
    is of somebody who has left, and does not count."""
    chance = random.Random(declared)
    changed = declared * CHANGED_PER_MILLE // 1000
    users = [_CHANGED[number % len(_CHANGED)] for number in range(changed)]
    users += [_AS_DECLARED] * (declared - changed)
    chance.shuffle(users)
    table = StringIO()
    writer = csv.writer(table, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    entries: list[str] = []
    rows = []
    for number, user in enumerate(users):
        name = f"person.{number:06}@example.com"
        writer.writerow(_employee(number, name, "on leave" if number % 40 == 0 else "active"))
        if number % 50 == 0:
            writer.writerow(_employee(number, f"former.{name}", "terminated"))
        entries.append(user.entry(name))
        rows.append(user.row(name, chance))
    listing = msgspec.json.encode([row for row in rows if row is not None])
    manifest = f"apiVersion: reconciler/v1\nusers:\n{''.join(entries)}"
    return Staff(declared, changed, table.getvalue(), manifest, listing)


def _employee(number: int, email: str, status: str) -> tuple[str, ...]:
    left = status == "terminated"
    return (
        *(f"{number:06}", f"Given{number % 977}", f"Family{number % 1913}", email),
        *("Engineering, Platform" if number % 7 == 0 else "Sales", "Account Executive"),
        *("Zürich", f"manager.{number % 99}@example.com", "2020-01-01"),
        *("2026-10-31" if left else "", status, f"HR-{number}" if left else ""),
    )
