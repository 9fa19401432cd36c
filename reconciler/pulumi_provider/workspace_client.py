"""What all resources of one workspace share in the provider's process.

They share one client, one set of rate limits and one list call. Once there is something to do, they
also share one place in the run that the program opened.
"""

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, TypeVar

from reconciler.config import load_configuration
from reconciler.domain import CalendarUser, Declarations, DesiredState, DesiredUser, ObservedState
from reconciler.engine import (
    Observation,
    PlanInputs,
    Session,
    SharedRun,
    apply_settings,
    join_acting,
    judged_content,
    load_declarations,
    observe,
    open_session,
    plan_inputs,
    protection_of,
    remember,
)
from reconciler.engine.approval import overrides_of
from reconciler.planning import (
    Action,
    Content,
    GuardName,
    History,
    UserIndex,
    judge_list,
    make_plan,
)
from reconciler.planning.diff import matches_declaration
from reconciler.pulumi_provider.cancellation import CANCELLATION, CLOCK, turn_to_act
from reconciler.pulumi_provider.cli_process import cli_of
from reconciler.pulumi_provider.errors import Failed, provider_errors
from reconciler.pulumi_provider.inputs import Properties
from reconciler.pulumi_provider.pinned_plan import Pin, pinned_actions
from reconciler.reporting import LedgerAccess
from reconciler.reporting.wording import stacks
from reconciler.runs import ActionResult, Who

T = TypeVar("T")


class Lazy(Generic[T]):
    """A value that many threads need, made by the first that asks. Failing is shared too."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: list[T] = []
        self._failed = False

    def get(self) -> T:
        """The value. Raises :class:`Failed`.

        The first caller gets the reason, so that people read it once and not for each of a
        thousand resources.
        """
        with self._lock:
            if self._failed:
                raise Failed(stacks.FOR_THE_SAME_REASON)
            if not self._made:
                try:
                    self._made.append(self._make())
                except Failed:
                    self._failed = True
                    raise
            return self._made[0]


_clients: Final[dict[tuple[str, str], Lazy["WorkspaceClient"]]] = {}
_open_until_exit: Final = ExitStack()
"""What stays open as long as the process lives."""


def client_of(properties: Properties) -> "WorkspaceClient":
    """The client of the workspace that ``properties`` belong to. Raises :class:`Failed`."""
    place = (str(properties["configuration"]), str(properties["workspace"]))
    client = _clients.setdefault(place, Lazy(lambda: _open(*place))).get()
    address = client.session.endpoint.address
    if properties["address"] != address:
        raise Failed(
            f"workspace {place[1]} is at {address}, but the stack holds it at"
            f" {properties['address']}; nothing was done"
        )
    return client


def close_clients() -> None:
    """Close every client, in a process that ends by itself. The provider's does not."""
    _open_until_exit.close()


def _open(configuration: str, workspace: str) -> "WorkspaceClient":
    with provider_errors():
        chosen = load_configuration(Path.cwd() / configuration).workspace(workspace)
        session = open_session(chosen, os.environ, clock=CLOCK, cancellation=CANCELLATION)
        return WorkspaceClient(_open_until_exit.enter_context(session))


class WorkspaceClient:
    """Reads a workspace and acts in its open run. Each part is made once. Thread-safe."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._observation = Lazy(self._observe)
        self._history_checked = Lazy(self._check_history)
        self._users = Lazy(lambda: UserIndex(self._observation.get().state))
        self._declarations = Lazy(self._load)
        self._run = Lazy(self._join)

    def check_history(self) -> None:
        """Check the list against the history in the ledger too. Raises :class:`Failed`.

        Only an operation that may forget users asks for this. An update does not need it, because
        its program did it before it registered anything. Nor does a refresh that finds every user.
        That saves loading the ledger. A ledger that cannot be read, or that an older version wrote,
        fails the operation: nobody can tell then whether the list has shrunk.
        """
        self._history_checked.get()

    def user(self, name: str) -> CalendarUser | None:
        """The calendar user ``name`` in a complete list, None if there is none.

        If two have that name, the first. Raises :class:`Failed`.
        """
        rows = self._users.get().rows(name)
        return rows[0] if rows else None

    def drift(self, user: DesiredUser) -> tuple[Action, ...]:
        """The actions that ``user`` would need and that nothing holds. Raises :class:`Failed`."""
        rows = self._users.get().rows(user.id)
        if len(rows) == 1 and matches_declaration(user, rows[0]):
            return ()
        workspace = self.session.workspace
        return make_plan(
            self.session.target,
            DesiredState({user.id: user}, Declarations({user.id: user})),
            ObservedState(rows),
            limits=workspace.limits,
            protection=protection_of(workspace),
            history=History(),
        ).actions

    def plan(self) -> Content:
        """The plan that the manifests and the list make now. Raises :class:`Failed`."""
        return judged_content(self.session, self._inputs())

    def desired(self) -> DesiredState:
        """What the manifests ask for now. Raises :class:`Failed`."""
        return self._inputs().desired

    def act(self, pins: Mapping[str, Pin]) -> tuple[str, tuple[ActionResult, ...]]:
        """Do what the pin of each user asks for, in the run of the program: its id, the results.

        Raises :class:`Failed` if nothing of it may be done.
        """
        with turn_to_act():
            run = self._run.get()
            with self._errors():
                actions = [
                    action
                    for user, pin in pins.items()
                    for action in pinned_actions(user, pin, run.by_user.get(user, ()))
                ]
                return run.joined.id, run.joined.act(actions)

    def _inputs(self) -> PlanInputs:
        observation, declarations = self._observation.get(), self._declarations.get()
        return plan_inputs(self.session, declarations, observation, History())

    def _observe(self) -> Observation:
        with self._errors():
            observation = observe(self.session)
        self._check(observation, History())
        return observation

    def _check_history(self) -> None:
        session, observation = self.session, self._observation.get()
        with self._errors():
            remembered = remember(session.workspace, session.endpoint.address, None)
            allowed = overrides_of(os.environ).guards
        # A ledger that cannot be read does not mean that there was no run yet.
        if (
            remembered.ledger.state is LedgerAccess.UNREADABLE
            and session.workspace.limits.max_fleet_shrink_percent is not None
            and GuardName.OBSERVED_FLEET_SHRINK not in allowed
        ):
            raise Failed(stacks.history_unreadable(session.target, remembered.ledger))
        self._check(observation, remembered.history)

    def _check(self, observation: Observation, history: History) -> None:
        """Raise :class:`Failed` unless the list is complete and plausible."""
        session = self.session
        with self._errors():
            verdicts = judge_list(
                observation.state,
                session.workspace.limits,
                history,
                overrides_of(os.environ).guards,
            )
        if refusal := stacks.list_refused(session.target, observation.state, verdicts):
            raise Failed(refusal)

    def _load(self) -> Declarations:
        with self._errors():
            return load_declarations(self.session.workspace, self.session.inputs)

    def _join(self) -> "_ProgramRun":
        declarations, observation = self._declarations.get(), self._observation.get()
        with self._errors():
            joining = join_acting(
                self.session,
                declarations,
                observation,
                overrides_of(os.environ).guards,
                apply_settings(self.session.workspace),
                opened_by_us=_opened_by_our_command,
            )
            joined = _open_until_exit.enter_context(joining)
        by_user: dict[str, list[Action]] = {}
        for action in joined.plan.content.actions:
            by_user.setdefault(action.user, []).append(action)
        return _ProgramRun(joined, by_user)

    def _errors(self) -> AbstractContextManager[None]:
        return provider_errors(self.session.workspace)


@dataclass(frozen=True)
class _ProgramRun:
    """The run that the program opened, joined, and the actions of its plan by user."""

    joined: SharedRun
    by_user: Mapping[str, Sequence[Action]]


def _opened_by_our_command(opener: Who) -> bool:
    """Whether ``opener`` works for the same Pulumi command as this process."""
    ours = cli_of()
    return ours is not None and cli_of(opener.pid) == ours
