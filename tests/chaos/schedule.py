"""A fault schedule as plain data: the whole of it, so that a failing one can be played again."""

import base64
import zlib
from typing import Literal

import msgspec
from msgspec import Struct

PlatformName = Literal["google", "microsoft"]
Connected = Literal["none", "one", "null_id", "two", "board"]


class Person(Struct, frozen=True):
    """A calendar user to begin with. ``twin`` is a second one with the same external id."""

    name: str
    google: Connected = "none"
    microsoft: Connected = "none"
    twin: bool = False


class Declared(Struct, frozen=True):
    """A user of a manifest, ``by`` an entry, a row of a source or a rule; ``group`` takes the
    platforms from a group instead."""

    name: str
    platforms: tuple[PlatformName, ...] | None = None
    immediate: bool = False
    bot_name: str | None = None
    group: bool = False
    by: Literal["entry", "row", "rule"] = "entry"

    @property
    def kind(self) -> str:
        """What is declared, whoever it is for: the name of the source for such rows."""
        return f"{self.platforms} {self.immediate} {self.bot_name} {self.group}"


class Config(Struct, frozen=True):
    """What of the configuration varies."""

    max_disconnects: int | None = 10
    max_percent: int | None = 20
    max_shrink: int | None = 30
    per_day: int | None = None
    protected: tuple[str, ...] = ()
    share: float = 0.5
    read_back: float = 60
    expiry_hours: float = 24


class Switches(Struct, frozen=True):
    """How the sandbox behaves where the API's documentation leaves it open."""

    disconnect_takes: float = 0
    after_disconnect: Literal["nulls", "row_absent", "details_kept"] = "nulls"
    not_connected: Literal[200, 400, 404] = 200
    list_shape: Literal["array", "page", "page_with_count"] = "array"
    reconnect_id: Literal["new", "same"] = "new"
    recreated_user_id: Literal["new", "same"] = "new"
    disconnect_limit: int = 120


class Fault(Struct, frozen=True):
    """Something that goes wrong with calls. ``refused`` is a connection never established."""

    kind: str
    on: str | None = None
    name: str | None = None
    times: int = 1
    skip: int = 0
    status: int | None = None
    retry_after: str | None = None
    after_effect: bool = False
    latency: float = 0
    answer_delay: float = 0
    keep: int = 1
    seconds: float | None = None


class Change(Struct, frozen=True):
    """What somebody else does."""

    what: Literal["connect", "disconnect", "reconnect", "delete", "recreate", "rename", "prefer"]
    name: str
    platform: PlatformName = "google"
    board: bool = False  # connects with an e-mail address of the board


class Trigger(Struct, frozen=True):
    """The ``nth`` time (from 0) that a process comes to ``seam``; see ``process``."""

    seam: str
    nth: int = 0


class Crash(Struct, frozen=True, tag="crash"):
    """The process is killed, ``after`` so many seconds: the server may be working on its call."""

    after: float = 0.0


class Suspend(Struct, frozen=True, tag="suspend"):
    """The process stands still."""

    seconds: float


class Interrupt(Struct, frozen=True, tag="interrupt"):
    """SIGINT."""


class LedgerFails(Struct, frozen=True, tag="ledger_fails"):
    """The next ``writes`` of this process fail; ``after`` they were made all the same."""

    writes: int = 1
    after: bool = False


class ClockJump(Struct, frozen=True, tag="clock_jump"):
    """The wall clock is set, back or forth."""

    seconds: float


class Outside(Struct, frozen=True, tag="outside"):
    """Others change the world."""

    changes: tuple[Change, ...]


class Faulty(Struct, frozen=True, tag="faulty"):
    """From now on these things go wrong, after those that already do."""

    faults: tuple[Fault, ...]


class Calm(Struct, frozen=True, tag="calm"):
    """Nothing goes wrong any more."""


class Edit(Struct, frozen=True, tag="edit"):
    """Other manifests (an index into the schedule's)."""

    manifests: int


class Configure(Struct, frozen=True, tag="configure"):
    """Another configuration (an index into the schedule's)."""

    config: int


class Wait(Struct, frozen=True, tag="wait"):
    """Time passes."""

    seconds: float


class PlanIt(Struct, frozen=True, tag="plan"):
    """``plan -o`` (or without ``-o``)."""

    save: bool = True


class ApplyIt(Struct, frozen=True, tag="apply"):
    """``apply``, of the saved plan with this number (modulo those there are) or a fresh one."""

    saved: int | None = None
    allow: tuple[str, ...] = ()
    workers: int = 4
    max_failures: int = 5
    lock_timeout: float = 0
    new_ledger: bool = False


class ResumeIt(Struct, frozen=True, tag="resume"):
    """``resume`` of the run so many runs ago."""

    ago: int = 0
    allow: tuple[str, ...] = ()
    workers: int = 4
    max_failures: int = 5
    lock_timeout: float = 0


class UnlockIt(Struct, frozen=True, tag="unlock"):
    """``unlock`` of the run that holds the lock."""


Command = PlanIt | ApplyIt | ResumeIt | UnlockIt


class Rival(Struct, frozen=True, tag="rival"):
    """Another process begins, so many seconds later."""

    command: Command
    delay: float = 0
    incidents: "tuple[Incident, ...]" = ()


Happening = Crash | Suspend | Interrupt | LedgerFails | ClockJump | Outside | Faulty | Calm | Rival


class Incident(Struct, frozen=True):
    """What happens to a process, and where it is then."""

    trigger: Trigger
    what: Happening


class Run(Struct, frozen=True, tag="run"):
    """A command from its beginning to its end, and whatever it leads to."""

    command: Command
    incidents: tuple[Incident, ...] = ()


Step = Run | Edit | Configure | Wait | Outside | Faulty | Calm | ClockJump


class Schedule(Struct, frozen=True):
    """All of it. ``ballast`` users are declared and connected as declared; with ``new_ledger``
    the first acting run has to make the ledger; ``postgresql`` keeps it there, where a server is.
    """

    seed: int
    people: tuple[Person, ...]
    manifests: tuple[tuple[Declared, ...], ...]
    configs: tuple[Config, ...]
    switches: Switches
    steps: tuple[Step, ...]
    ballast: int = 0
    new_ledger: bool = False
    postgresql: bool = False


def to_blob(schedule: Schedule) -> str:
    """The schedule as one word, for a command line."""
    data = msgspec.json.encode(schedule)
    return base64.urlsafe_b64encode(zlib.compress(data, 9)).decode().rstrip("=")


def from_blob(blob: str) -> Schedule:
    """The schedule of :func:`to_blob`."""
    data = zlib.decompress(base64.urlsafe_b64decode(blob + "=" * (-len(blob) % 4)))
    return msgspec.json.decode(data, type=Schedule)
