"""A run that may act: it holds the workspace's lock, and all it does is in the ledger."""

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import Struct, structs

import reconciler
from reconciler.applying import ApplySettings, recover
from reconciler.config import Workspace
from reconciler.domain import COMMAND_LINE, Declarations, Observation, Phase, rfc3339
from reconciler.engine.approval import ALLOW_OPTION, NEW_LEDGER, Refused
from reconciler.engine.preview import observe
from reconciler.engine.session import Session
from reconciler.ledger import Claim, LedgerMissing, open_ledger
from reconciler.ledger.opening import current_process
from reconciler.planning import History, PlanUnusable, users_to_look_up
from reconciler.process import start_of
from reconciler.reporting import LedgerAccess, LedgerView
from reconciler.reporting.wording.history import finding_out
from reconciler.runs import Front, InDoubt, Outcome, ResolvedCall

if TYPE_CHECKING:
    from reconciler.ledger.ledger import Ledger
    from reconciler.ledger.open_run import OpenRun


class RunOptions(Struct, frozen=True):
    """How a run begins and acts, and for which owner.

    ``new_ledger``: whether it may create a missing ledger although the configuration requires one;
    ``new_ledger_by`` is how the operator allows that. ``lock_timeout``: seconds to wait for the
    lock. ``resumes``: the run that it continues.
    """

    front: Front
    settings: ApplySettings
    owner: str = COMMAND_LINE
    new_ledger: bool = False
    lock_timeout: float = 0.0
    new_ledger_by: str = f"`{ALLOW_OPTION} {NEW_LEDGER}`"
    resumes: str | None = None


@dataclass
class ActingRun:
    """A run that has begun. ``journal`` records everything and holds the lock."""

    session: Session
    journal: "OpenRun"
    settings: ApplySettings
    made: bool
    resolved: tuple[ResolvedCall, ...] = ()
    _unresolved: tuple[InDoubt, ...] | None = None

    @property
    def ledger_view(self) -> LedgerView:
        """What there is to say of the ledger so far."""
        return LedgerView(
            place=str(self.session.workspace.ledger),
            state=LedgerAccess.MADE if self.made else LedgerAccess.WRITTEN,
            dead=self.journal.dead,
            resolved=self.resolved,
        )

    def history(self, declarations: Declarations) -> History:
        """The history that this run judges ``declarations`` by; after :meth:`recover_calls`.

        A user is in doubt for all of this run if a call for them was in doubt when the run began
        and could not be resolved, or if any run of the ledger intended a call for them so recently
        that it may still be under way.
        """
        under_way = self.journal.under_way(self.settings.under_way)
        doubted = [doubt.action for doubt in self._in_doubt()]
        ids = frozenset(id_ for action in doubted for id_ in (action.user, action.recall_id))
        history = self.journal.history(users_to_look_up(declarations))
        return structs.replace(history, in_doubt=ids | under_way)

    def recover_calls(self, observation: Observation, remark: Callable[[str], None]) -> Observation:
        """Resolve what dead runs left in doubt, before anything is planned.

        Returns the list to plan by: ``observation``, or a new one where resolving took time.
        ``remark`` says what the run waits for.
        """
        in_doubt = self._in_doubt()
        if not in_doubt:
            return observation
        remark(finding_out(len(in_doubt), self.settings.under_way))
        session, journal = self.session, self.journal
        with session.telemetry.phase(Phase.RECOVER), session.writer() as writer:
            context = session.run_context(journal.id, journal, writer, observation, self.settings)
            self.resolved = recover(in_doubt, observation.state, context)
        resolved = {
            (resolved.run, resolved.result.action.key)
            for resolved in self.resolved
            if resolved.result.outcome is not Outcome.UNKNOWN
        }
        self._unresolved = tuple(
            doubt for doubt in in_doubt if (doubt.run, doubt.action.key) not in resolved
        )
        return observe(session)

    def _in_doubt(self) -> tuple[InDoubt, ...]:
        """What dead runs left in doubt and this run did not resolve. While this run holds the lock,
        no other run adds to it."""
        if self._unresolved is None:
            self._unresolved = self.journal.in_doubt()
        return self._unresolved


@contextmanager
def acting_run(
    session: Session,
    declarations: Declarations,
    options: RunOptions,
    ledger: "Ledger | None" = None,
) -> Iterator[ActingRun]:
    """Begin a run for ``declarations``: open the ledger, take the lock; at the end, close both.

    The users that it declares belong to its owner from then on. ``ledger`` is given where the
    caller has it open. An exception raised inside is recorded too. Raises ``ledger.LedgerError``
    and ``ledger.LockHeld``.
    """
    workspace = session.workspace
    with nullcontext(ledger) if ledger else _opened(workspace, options) as opened:
        claim = Claim(
            run=str(uuid.uuid4()),
            front=options.front,
            workspace=workspace.name,
            base_url=session.endpoint.address,
            owner=options.owner,
            who=current_process(),
            opened=rfc3339(session.clock.now()),
            tool_version=reconciler.__version__,
            commit=session.commit(declarations).name,
            resumes=options.resumes,
            started=start_of(os.getpid()),
        )
        with opened.begin(
            claim,
            clock=session.clock,
            lock_timeout=options.lock_timeout,
            pause=session.deadline().wait,
        ) as journal:
            try:
                yield ActingRun(session, journal, options.settings, opened.made)
            except Refused as refused:
                journal.refused(str(refused), refused.plan, refused.verdicts, refused.fleet)
                raise
            except PlanUnusable as error:
                journal.refused(str(error), None, (), None)
                raise


@contextmanager
def _opened(workspace: Workspace, options: RunOptions) -> "Iterator[Ledger]":
    """The ledger. If it is missing and may not be created, the error says how to allow that."""
    create = options.new_ledger or not workspace.require_ledger
    with ExitStack() as stack:
        try:
            ledger = stack.enter_context(open_ledger(workspace.ledger, create=create))
        except LedgerMissing as missing:
            hint = (
                "the configuration requires one: correct the place,"
                f" or let this run create it with {options.new_ledger_by}"
            )
            raise LedgerMissing(str(missing), hint) from None
        yield ledger
