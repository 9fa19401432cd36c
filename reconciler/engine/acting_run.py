"""A run that may act: it holds the workspace's lock, and all it does is in the ledger."""

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import Struct, structs

import reconciler
from reconciler.applying import ApplySettings, recover
from reconciler.config import Workspace
from reconciler.domain import DesiredState, Observation, rfc3339
from reconciler.engine.approval import Refused
from reconciler.engine.overrides import NEW_LEDGER, OPTION
from reconciler.engine.preview import observe
from reconciler.engine.session import Session, apply_settings
from reconciler.ledger import Claim, LedgerMissing, open_ledger
from reconciler.ledger.machine import who
from reconciler.planning import Action, History, PlanUnusable, users_to_look_up
from reconciler.process import start_of
from reconciler.reporting import LedgerAccess, LedgerView
from reconciler.reporting.wording.history import finding_out
from reconciler.runs import Front, Outcome, ResolvedCall

if TYPE_CHECKING:
    from reconciler.ledger.ledger import Ledger
    from reconciler.ledger.open_run import OpenRun


class RunOptions(Struct, frozen=True):
    """On what terms a run begins: whether a missing ledger may be made although the
    configuration requires one, and how many seconds to wait for the lock.

    ``new_ledger_by`` is how the person says that it may; ``resumes`` is the run that it continues.
    """

    new_ledger: bool = False
    lock_timeout: float = 0.0
    new_ledger_by: str = f"`{OPTION} {NEW_LEDGER}`"
    resumes: str | None = None


@dataclass
class ActingRun:
    """A run that has begun. ``journal`` is where everything is taken down, and holds the lock."""

    session: Session
    journal: "OpenRun"
    made: bool
    settled: tuple[ResolvedCall, ...] = ()
    _doubted: tuple[Action, ...] = ()
    """What was in doubt when the run began, and is not known to be done or proven not to be."""

    @property
    def ledger_view(self) -> LedgerView:
        """What there is to say of the ledger so far."""
        return LedgerView(
            place=str(self.session.workspace.ledger),
            state=LedgerAccess.MADE if self.made else LedgerAccess.WRITTEN,
            dead=self.journal.dead,
            settled=self.settled,
        )

    def history(self, desired: DesiredState) -> History:
        """The memory that this run judges ``desired`` by; after :meth:`settle`.

        A user is in doubt for all of this run if something was in doubt of them when it began and
        turned out neither as done nor as proven to have had no effect; or if any run of the ledger
        intended a call for them so recently that it may still be under way.
        """
        journal = self.journal
        under_way = journal.under_way(apply_settings(self.session.workspace).under_way)
        doubted = (*self._doubted, *(doubt.action for doubt in journal.in_doubt()))
        ids = frozenset(id_ for action in doubted for id_ in (action.user, action.recall_id))
        return structs.replace(journal.history(users_to_look_up(desired)), in_doubt=ids | under_way)

    def settle(
        self, observation: Observation, settings: ApplySettings, remark: Callable[[str], None]
    ) -> Observation:
        """Settle what dead runs left in doubt, before anything is planned.

        Returns the list to plan by: ``observation``, or a new one where settling took time.
        ``remark`` says what is waited for.
        """
        in_doubt = self.journal.in_doubt()
        if not in_doubt:
            return observation
        remark(finding_out(len(in_doubt), settings.under_way))
        session = self.session
        with session.writer() as writer:
            journal = self.journal
            context = session.run_context(journal.id, journal, writer, observation, settings)
            self.settled = recover(in_doubt, observation.state, context)
        known = {
            (settled.run, settled.result.action.key)
            for settled in self.settled
            if settled.result.outcome is not Outcome.UNKNOWN
        }
        self._doubted = tuple(
            doubt.action for doubt in in_doubt if (doubt.run, doubt.action.key) not in known
        )
        return observe(session)


@contextmanager
def acting_run(
    session: Session,
    desired: DesiredState,
    front: Front,
    terms: RunOptions,
    owner: str,
) -> Iterator[ActingRun]:
    """Begin a run for ``desired``: found or made the ledger, take the lock; end it, and give the
    lock back.

    It acts on behalf of ``owner``, to whom those whom it declares belong from then on. What is
    raised inside is on record too. Raises ``ledger.LedgerError`` and ``ledger.LockHeld``.
    """
    workspace = session.workspace
    with _opened(workspace, terms) as ledger:
        claim = Claim(
            run=str(uuid.uuid4()),
            front=front,
            workspace=workspace.name,
            base_url=session.endpoint.address,
            owner=owner,
            who=who(),
            opened=rfc3339(session.clock.now()),
            tool_version=reconciler.__version__,
            commit=session.commit(desired).name,
            resumes=terms.resumes,
            started=start_of(os.getpid()),
        )
        with ledger.begin(
            claim,
            clock=session.clock,
            lock_timeout=terms.lock_timeout,
            pause=session.deadline().wait,
        ) as journal:
            try:
                yield ActingRun(session, journal, ledger.made)
            except Refused as refused:
                journal.refused(str(refused), refused.plan, refused.verdicts, refused.fleet)
                raise
            except PlanUnusable as error:
                journal.refused(str(error), None, (), None)
                raise


@contextmanager
def _opened(workspace: Workspace, terms: RunOptions) -> "Iterator[Ledger]":
    """The ledger; where none is and none may be made, the refusal says what would let one be."""
    create = terms.new_ledger or not workspace.require_ledger
    with ExitStack() as stack:
        try:
            ledger = stack.enter_context(open_ledger(workspace.ledger, create=create))
        except LedgerMissing as missing:
            hint = (
                "the configuration requires one: correct the place,"
                f" or let this run create it with {terms.new_ledger_by}"
            )
            raise LedgerMissing(str(missing), hint) from None
        yield ledger
