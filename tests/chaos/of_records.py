"""The invariants of the ledger, each judged when a transaction has become durable."""

from tests.chaos.facts import done, lineage, plan_in_force, readings_of
from tests.chaos.judge import Judge
from tests.chaos.ledger_eye import Step
from tests.chaos.world import Acting

LEASE = 30.0
NEVER_LEFT = frozenset({"not_sent", "not_reached"})
"""What is on record of calls of which nothing arrived."""


class OfRecords(Judge):
    """What may be on record, and who may put it there."""

    def __init__(self) -> None:
        super().__init__()
        self._saved_by: dict[object, set[int]] = {}
        self._beaten: tuple[str | None, float, float] = (None, 0.0, 0.0)

    def the_lock_is_taken_from_the_dead_alone(self, process: Acting) -> None:
        """Nobody begins while another run holds the lock, but when that run's process has ended
        or was silent for a lease, by the database's clock or by one that was not set."""
        run, heartbeat, seen_at = self._beaten
        before = None if run is None else self.world.process_of(run)
        if before is None or before is process or before.dead or before.over:
            return
        self.world.census["takeover from a run that still lives"] += 1
        silent = self.world.times.machine() - heartbeat
        if max(silent, self.world.scheduler.time - seen_at) <= LEASE:
            self.fail(self.the_lock_is_taken_from_the_dead_alone, f"{process.name}, {silent} s")

    def only_the_holder_makes_an_intent(self, process: Acting) -> None:
        """An intent becomes durable only while its run holds the lock."""
        if self.world.eye.holder() != process.run:
            self.fail(self.only_the_holder_makes_an_intent, process.name)

    def nothing_new_begins_once_it_has_to_stop(self, process: Acting) -> None:
        """After a signal, and once a step could not be recorded, no call is intended but by who
        was about to."""
        process.may_begin -= 1
        if process.may_begin < 0:
            self.fail(self.nothing_new_begins_once_it_has_to_stop, process.name)

    def a_used_plan_is_not_used_again(self, process: Acting) -> None:
        """One run acts on a saved plan, and those that resume it."""
        first = lineage(process, self.world)[0]
        if first.saved is None:
            return
        users = self._saved_by.setdefault(first.saved.path, set())
        users.add(first.number)
        if len(users) > 1:
            self.fail(self.a_used_plan_is_not_used_again, f"{first.saved.path.name} {users}")

    def looking_writes_nothing(self, process: Acting, what: str) -> None:
        """``plan`` does not write the ledger."""
        if process.name.startswith("PlanIt"):
            self.fail(self.looking_writes_nothing, what)

    def what_is_accepted_is_what_was_seen(self, process: Acting) -> None:
        """What later runs are measured against is the fleet of a run that was let through."""
        if process.run is None:
            return
        accepted = self.world.eye.accepted(process.run)
        listing = process.planned_by
        seen = None if listing is None else (len(process.force.named), len(listing.rows))
        if accepted != seen:
            self.fail(self.what_is_accepted_is_what_was_seen, f"{accepted}, seen {seen}")
        self.accepted = accepted

    def only_what_was_let_through_is_accepted(self, process: Acting) -> None:
        """A run that was refused, or ended before it acted, is no measure for others."""
        if process.run is not None and not process.opened and self.world.eye.accepted(process.run):
            self.fail(self.only_what_was_let_through_is_accepted, process.name)

    def what_is_reported_as_done_was_read_as_done(self, process: Acting, step: Step) -> None:
        """``verified`` and ``already_absent`` were true when read, after the last call."""
        owner = self.world.process_of(step.run)
        plan = None if owner is None else plan_in_force(owner, self.world)
        if owner is None or plan is None:
            self.fail(self.what_is_reported_as_done_was_read_as_done, f"{step.run} has no plan")
            return
        action = plan.content.actions[step.position]
        family = [*lineage(owner, self.world), process]
        calls = [call for one in family for call in one.calls.get(action.key, [])]
        after = max((call.at for call in calls), default=-1.0)
        readings = [reading for one in family for reading in readings_of(one, action)]
        if not any(r.read_at >= after and done(action, r.row) for r in readings):
            self.fail(
                self.what_is_reported_as_done_was_read_as_done,
                f"{step.outcome} {step.code}: {action.key} in {step.run}",
            )

    def every_call_is_answered_before_its_outcome(self, process: Acting, step: Step) -> None:
        """What came back for a call, or that nothing did, is on record before how it ended."""
        if step.resolved_by is not None or process.writes_failed:
            return
        steps = self._steps_like(step)
        intents = sum(1 for one in steps if one.kind == "intent")
        answers = sum(1 for one in steps if one.kind == "answer")
        if intents != answers:
            self.fail(
                self.every_call_is_answered_before_its_outcome,
                f"{process.name}: {intents} intents, {answers} answers, then {step.outcome}",
            )

    def what_is_said_to_have_done_nothing_did_nothing(self, process: Acting, step: Step) -> None:
        """Of a call that arrived only an answer that is proof says that nothing happened."""
        plan = plan_in_force(process, self.world)
        assert plan is not None
        calls = process.calls.get(plan.content.actions[step.position].key, [])
        if step.code in NEVER_LEFT:
            steps = self._steps_like(step)
            answered = sum(1 for s in steps if s.kind == "answer" and s.code not in NEVER_LEFT)
            false = len(calls) > answered and not process.writes_failed
        else:
            false = not calls or not calls[-1].proven_idle
        if false:
            detail = f"{process.name}: {step.code} after {len(calls)} calls"
            self.fail(self.what_is_said_to_have_done_nothing_did_nothing, detail)

    def _steps_like(self, step: Step) -> list[Step]:
        """All of the same run's action up to ``step``."""
        return [
            one
            for one in self.world.eye.steps(0)
            if (one.run, one.position) == (step.run, step.position) and one.number <= step.number
        ]

    def note_heartbeat(self) -> None:
        run, heartbeat = self.world.eye.heartbeat()
        if (run, heartbeat) != self._beaten[:2]:
            self._beaten = (run, heartbeat, self.world.scheduler.time)
