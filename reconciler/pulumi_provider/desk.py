"""What all resources of one workspace share in the provider's process.

One client, one set of rate budgets, one list call, and, once something is to be done, one place
in the run that the program opened.
"""

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.config import load_configuration
from reconciler.domain import CalendarUser, DesiredState, DesiredUser, ObservedState
from reconciler.engine import (
    Observation,
    Session,
    SharedRun,
    apply_settings,
    join_acting,
    judged_content,
    observe,
    open_session,
    protection_of,
    remember,
)
from reconciler.engine.overrides import overrides_of
from reconciler.manifest import load_manifests
from reconciler.planning import Action, Content, History, UserIndex, judge_list, make_plan
from reconciler.planning.diff import as_declared
from reconciler.pulumi_provider.cli_process import cli_of
from reconciler.pulumi_provider.inputs import Properties
from reconciler.pulumi_provider.once import Once
from reconciler.pulumi_provider.pins import Pin, planned
from reconciler.pulumi_provider.saying import Failed, told_by_provider
from reconciler.pulumi_provider.stopping import CLOCK, STOP, at_work
from reconciler.reporting.wording import stacks
from reconciler.runs import ActionResult, Who

_desks: Final[dict[tuple[str, str], Once["Desk"]]] = {}
_for_ever: Final = ExitStack()
"""What is open for as long as the process lives."""


def desk_of(properties: Properties) -> "Desk":
    """The desk of the workspace that ``properties`` belong to. Raises :class:`Failed`."""
    place = (str(properties["configuration"]), str(properties["workspace"]))
    desk = _desks.setdefault(place, Once(lambda: _open(*place))).get()
    today = desk.session.endpoint.address
    if properties["address"] != today:
        raise Failed(
            f"workspace {place[1]} is at {today}, and the stack holds it at"
            f" {properties['address']}; nothing was done"
        )
    return desk


def _open(configuration: str, workspace: str) -> "Desk":
    with told_by_provider():
        chosen = load_configuration(Path.cwd() / configuration).workspace(workspace)
        session = open_session(chosen, os.environ, clock=CLOCK, stop=STOP)
        return Desk(_for_ever.enter_context(session))


def close_desks() -> None:
    """Close what is open, in a process that ends by itself, other than the provider's."""
    _for_ever.close()


class Desk:
    """What is made here is made once, by whoever needs it first. Thread-safe."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._observation = Once(self._observe)
        self._belief = Once(self._remember)
        self._roster = Once(lambda: UserIndex(self._observation.get().state))
        self._desired = Once(self._load)
        self._place = Once(self._join)

    def believe(self) -> None:
        """Hold the list also against what the ledger remembers of the fleet: for who would forget
        whom it does not show. Raises :class:`Failed`.

        An update has no need of it, whose program did so before anything was registered, and
        neither has a refresh that finds everybody: it is spared the loading of the ledger.
        """
        self._belief.get()

    def user(self, name: str) -> CalendarUser | None:
        """The calendar user ``name``, from a complete list; None: there is none.

        Of two who answer to the name, the first. Raises :class:`Failed`.
        """
        rows = self._roster.get().rows(name)
        return rows[0] if rows else None

    def drift(self, user: DesiredUser) -> tuple[Action, ...]:
        """What would have to be done to ``user``, and is not held. Raises :class:`Failed`."""
        rows = self._roster.get().rows(user.id)
        if len(rows) == 1 and as_declared(user, rows[0]):
            return ()
        workspace = self.session.workspace
        return make_plan(
            self.session.target,
            DesiredState({user.id: user}),
            ObservedState(rows),
            limits=workspace.limits,
            protection=protection_of(workspace),
            history=History(),
        ).actions

    def plan(self) -> Content:
        """What the manifests and the list would make a plan of now. Raises :class:`Failed`."""
        observation, desired = self._observation.get(), self._desired.get()
        return judged_content(self.session, desired, observation, History())

    def act(self, pins: Mapping[str, Pin]) -> tuple[str, tuple[ActionResult, ...]]:
        """Do what ``pins`` ask for of each user, in the program's run: its id, and the results.

        Raises :class:`Failed` when nothing of it may be done.
        """
        with at_work():
            place = self._place.get()
            with self._told():
                actions = [
                    action
                    for user, pin in pins.items()
                    for action in planned(user, pin, place.of_user.get(user, ()))
                ]
                return place.acting.id, place.acting.act(actions)

    def _observe(self) -> Observation:
        """The list, if it is complete."""
        with self._told():
            observation = observe(self.session)
        self._judge(observation, History())
        return observation

    def _remember(self) -> None:
        session, observation = self.session, self._observation.get()
        with self._told():
            history = remember(session.workspace, session.endpoint.address, None).history
        self._judge(observation, history)

    def _judge(self, observation: Observation, history: History) -> None:
        session = self.session
        with self._told():
            verdicts = judge_list(
                observation.state,
                session.workspace.limits,
                history,
                overrides_of(os.environ).guards,
            )
        if refusal := stacks.unbelievable(session.target, observation.state, verdicts):
            raise Failed(refusal)

    def _load(self) -> DesiredState:
        with self._told():
            return load_manifests(self.session.workspace.manifests)

    def _join(self) -> "_Place":
        desired, observation = self._desired.get(), self._observation.get()
        with self._told():
            joining = join_acting(
                self.session,
                desired,
                observation,
                overrides_of(os.environ).guards,
                apply_settings(self.session.workspace),
                opened_by_us=_opened_by_us,
            )
            acting = _for_ever.enter_context(joining)
        of_user: dict[str, list[Action]] = {}
        for action in acting.plan.content.actions:
            of_user.setdefault(action.user, []).append(action)
        return _Place(acting, of_user)

    def _told(self) -> AbstractContextManager[None]:
        return told_by_provider(self.session.workspace)


@dataclass(frozen=True)
class _Place:
    """Our place in the program's run, and the actions of its plan by user."""

    acting: SharedRun
    of_user: Mapping[str, Sequence[Action]]


def _opened_by_us(opener: Who) -> bool:
    """Whether the run was opened under the command that this process works for."""
    ours = cli_of()
    return ours is not None and cli_of(opener.pid) == ours
