"""The invariants of what is sent, each judged at the moment at which the sandbox gets it.

Nothing here takes the tool's word: what a process knew is what the sandbox sent it, what is on
record is what is in the tables. The exceptions are those that the documentation names, no others.
"""

from reconciler.planning import Action, Disconnect
from tests.chaos.facts import (
    acting,
    asked_for,
    brief,
    family,
    forbids,
    known_rows,
    lineage,
    plan_in_force,
    protected_by,
    same,
)
from tests.chaos.judge import Judge
from tests.chaos.network import Exchange
from tests.chaos.readings import connected
from tests.chaos.world import Acting, wanted

REREAD_AGE = 5.0
INTENT_AGE = 2.0
LIST_AGE = 10.0
LIST_AGE_EVER = 300.0
TIMES_AS_LONG = 5
SOURCE_SHRINK = 30
DAY = 86_400.0
A_LITTLE = 600.0
"""Longer than any pause between an intent and its call."""


class OfCalls(Judge):
    """Who may be sent what, when."""

    def only_the_planned_is_done(self, exchange: Exchange) -> Action | None:
        """Nobody is touched whom the plan in force does not name; returns what it names."""
        process = acting(exchange)
        plan = plan_in_force(process, self.world)
        if plan is not None:
            for action in plan.content.actions:
                if action.recall_id == exchange.subject and same(action, exchange):
                    return action
        self.fail(self.only_the_planned_is_done, brief(exchange))
        return None

    def only_a_plan_that_still_holds_acts(self, exchange: Exchange) -> None:
        """A plan acts only with the manifests that it was made from, and until it expires."""
        process = acting(exchange)
        first = lineage(process, self.world)[0]
        maker, made_at = first, first.approved_at
        if first.saved is not None:
            maker, made_at = first.saved.maker, first.saved.made_at
        if asked_for(maker.force) != asked_for(process.force):
            self.fail(self.only_a_plan_that_still_holds_acts, f"others: {brief(exchange)}")
        if maker.clock_was_set or process.clock_was_set:
            return  # and who knows then what time it was
        age = process.begun_at - made_at
        if age > maker.force.config.expiry_hours * 3600:
            self.fail(self.only_a_plan_that_still_holds_acts, f"{age:.0f} s old: {brief(exchange)}")

    def nobody_loses_what_is_declared(self, exchange: Exchange, action: Action) -> None:
        """Nobody's desired platform is disconnected, by the manifests in force."""
        declared = acting(exchange).force.declared(action.user)
        if declared is None:
            self.fail(self.nobody_loses_what_is_declared, f"{action.user} is not declared")
            return
        if isinstance(action, Disconnect):
            platforms = wanted(declared)
            if platforms is None or action.platform.value in platforms:
                self.fail(self.nobody_loses_what_is_declared, brief(exchange))
        elif action.preferences.present() != {"bot_name": declared.bot_name}:
            self.fail(self.nobody_loses_what_is_declared, brief(exchange))

    def the_reread_is_young_and_shows_it_may_be_done(
        self, exchange: Exchange, action: Action
    ) -> None:
        """What the process read last of the user lets the call be made, and nobody is left with
        nothing but by declaration. (What changes after that reading, the API cannot be asked.)"""
        process = acting(exchange)
        reading = process.readings.last(action.recall_id)
        if reading is None:
            self.fail(self.the_reread_is_young_and_shows_it_may_be_done, "never read")
            return
        age = exchange.left_at - reading.asked_at
        if age > REREAD_AGE + 0.001:
            self.fail(
                self.the_reread_is_young_and_shows_it_may_be_done,
                f"{age} s old: {brief(exchange)}",
            )
        why = forbids(reading.row, action, process)
        if why is not None:
            self.fail(
                self.the_reread_is_young_and_shows_it_may_be_done, f"{why}: {brief(exchange)}"
            )

    def nobody_else_is_touched(self, exchange: Exchange) -> None:
        """Nobody protected or ambiguous, as the list and the re-read show them."""
        process = acting(exchange)
        rows = known_rows(process, exchange.subject)
        patterns = process.force.config.protected
        if any(protected_by(row, patterns) for row in rows):
            self.fail(self.nobody_else_is_touched, f"protected: {brief(exchange)}")
        listing = process.planned_by
        names = {row["external_id"] for row in rows}
        if listing is not None and any(len(listing.of(name)) != 1 for name in names):
            self.fail(self.nobody_else_is_touched, f"not one row: {brief(exchange)}")

    def a_token_is_minted_for_whom_the_list_shows(self, exchange: Exchange) -> None:
        """A token is minted for one declared, unprotected user of a list young enough, or for one
        of whom something is in doubt; minting for another id would create that user."""
        process = acting(exchange)
        name = str(exchange.sent().get("user_id"))
        listing = process.readings.listing
        rows = [] if listing is None else listing.of(name)
        if listing is None or len(rows) != 1:
            self.fail(self.a_token_is_minted_for_whom_the_list_shows, f"{name}: {len(rows)} rows")
            return
        # Pages that wait for their rate budget make a list take long too.
        took = listing.read_at - listing.asked_at
        oldest = LIST_AGE_EVER if _lists_were_slow(process) else max(LIST_AGE, TIMES_AS_LONG * took)
        if (
            exchange.left_at - listing.asked_at > min(oldest, LIST_AGE_EVER)
            and exchange.at == exchange.left_at
        ):
            self.fail(self.a_token_is_minted_for_whom_the_list_shows, f"{name}: an old list")
        if protected_by(rows[0], process.force.config.protected):
            self.fail(self.a_token_is_minted_for_whom_the_list_shows, f"{name} is protected")
        declared = process.force.declared(name)
        managed = declared is not None and (wanted(declared) is not None or declared.bot_name)
        if not managed and not self._runs_in_doubt_of(name):
            self.fail(self.a_token_is_minted_for_whom_the_list_shows, f"{name} is not managed")

    def a_refused_token_is_replaced_by_a_new_list(self, exchange: Exchange) -> None:
        """A token that is refused may be that of somebody who is gone: before another is minted
        for him, which would create him anew, a list from after the refusal shows him."""
        process = acting(exchange)
        name = str(exchange.sent().get("user_id"))
        listing = process.readings.listing
        seq = 0 if listing is None else listing.seq
        if any(
            earlier.status == 401
            and earlier.subject is not None
            and earlier.external_id == name
            and earlier.read_at is not None
            and earlier.seq > seq
            for earlier in process.exchanges
        ):
            self.fail(self.a_refused_token_is_replaced_by_a_new_list, name)

    def _runs_in_doubt_of(self, name: str) -> list[str]:
        """The runs of which a call for the user is in doubt."""
        found = []
        for run, position, _ in self.world.eye.in_doubt():
            owner = self.world.process_of(run)
            plan = None if owner is None else plan_in_force(owner, self.world)
            if plan is not None and plan.content.actions[position].user == name:
                found.append(run)
        return found

    def nobody_in_doubt_is_called_for(self, exchange: Exchange, action: Action) -> None:
        """What earlier runs may have sent for a user is settled before anything else is sent. (What
        leaves after the lock was lost, :meth:`only_the_holder_of_the_lock_acts` judges: it cannot
        know what the run that took the lock has sent.)"""
        process = acting(exchange)
        if self.world.eye.holder() != process.run:
            return
        if any(run != process.run for run in self._runs_in_doubt_of(action.user)):
            self.fail(self.nobody_in_doubt_is_called_for, brief(exchange))

    def nothing_is_sent_twice(self, exchange: Exchange, action: Action) -> None:
        """A call is sent again only after an answer that proves that the one before did nothing,
        in the run and in all others of its plan."""
        before = [
            earlier
            for process in family(acting(exchange), self.world)
            for earlier in process.calls.get(action.key, [])
        ]
        unproven = [one for one in before if not one.proven_idle]
        if unproven or len(before) >= 5:
            self.fail(self.nothing_is_sent_twice, f"{len(before)} before: {brief(exchange)}")

    def nothing_is_sent_while_an_earlier_call_is_under_way(self, exchange: Exchange) -> None:
        """Nothing is sent for a user while the server still works on a call of another process for
        them, whether that process lives or not. (A process that was suspended between its last
        check and the sending is the exception: its call is late, and nobody can know of it. And the
        time since a call cannot be told where the wall clock was set.)"""
        process = acting(exchange)
        if self.world.eye.holder() != process.run or process.clock_was_set:
            return
        for other in self.world.processes:
            if other is process or other.clock_was_set:
                continue
            for call in other.sent:
                if call.under_way and call.subject == exchange.subject and call.at == call.left_at:
                    self.fail(
                        self.nothing_is_sent_while_an_earlier_call_is_under_way,
                        f"{brief(exchange)}, {exchange.at - call.at:.1f} s after {brief(call)}",
                    )

    def an_intent_is_on_record_before_its_call(self, exchange: Exchange, action: Action) -> None:
        """The tables hold an intent for this call that was not taken back."""
        process = acting(exchange)
        plan = plan_in_force(process, self.world)
        assert plan is not None
        position = plan.content.actions.index(action)
        steps = [
            step
            for step in self.world.eye.steps(0)
            if step.run == process.run and step.position == position
        ]
        intents = sum(1 for step in steps if step.kind == "intent")
        taken_back = sum(1 for step in steps if step.kind == "answer" and step.code == "not_sent")
        sent = len(process.calls.get(action.key, []))
        refused = sum(1 for step in steps if step.kind == "answer" and step.code == "not_reached")
        if intents - taken_back - refused < sent + 1:
            self.fail(self.an_intent_is_on_record_before_its_call, brief(exchange))

    def only_the_holder_of_the_lock_acts(self, exchange: Exchange) -> None:
        """The run holds the lock, or did at most 2 s before the call left. A process suspended
        between its last check and the sending is late with one call a worker."""
        process = acting(exchange)
        if self.world.eye.holder() == process.run:
            return
        self.world.census["call after the lock was lost"] += 1
        if exchange.at > exchange.left_at:
            process.late_calls += 1
            workers = getattr(process.command, "workers", 0)
            if process.late_calls <= workers:
                return
        elif process.intents and exchange.left_at - process.intents[-1] <= INTENT_AGE:
            return
        self.fail(self.only_the_holder_of_the_lock_acts, brief(exchange))

    def limits_hold(self, exchange: Exchange) -> None:
        """No run disconnects more than both limits allow, unless the operator said so."""
        process = acting(exchange)
        config, listing = process.force.config, process.planned_by
        if exchange.endpoint != "disconnect" or listing is None:
            return
        count = sum(1 for key in process.calls if key.startswith("disconnect"))
        allowed = getattr(process.command, "allow", ())
        most = config.max_disconnects
        if most is not None and count > most and "max-disconnects" not in allowed:
            self.fail(self.limits_hold, f"{count} > {most}")
        total = sum(
            len(connected(row, platform))
            for row in listing.rows
            if row["external_id"] in process.force.names
            for platform in ("google", "microsoft")
        )
        percent = config.max_percent
        if percent is None or "max-disconnect-percent" in allowed:
            return
        if (total >= 25 or percent == 0) and 100 * count > percent * total:
            self.fail(self.limits_hold, f"{count} of {total} > {percent} %")

    def the_limit_of_the_day_holds(self, exchange: Exchange, action: Action) -> None:
        """Whatever runs there were, within 24 hours they disconnect no more than the limit, unless
        the operator of this one said so. (A call that is late, after its run lost the lock, cannot
        know what others sent; and what a day is cannot be told where the wall clock was set. The
        ledger counts from the intent, which is a little before the call.)"""
        process, world = acting(exchange), self.world
        most = process.force.config.per_day
        if not isinstance(action, Disconnect) or most is None or world.clock_was_set:
            return
        if world.eye.holder() != process.run:
            return
        if "max-disconnects-per-day" in getattr(process.command, "allow", ()):
            return
        before = [
            call
            for other in world.processes
            for key, calls in other.calls.items()
            for call in calls
            if key.startswith("disconnect") and (call.effect or call.under_way)
            if call is not exchange and (other is not process or key != action.key)
            if exchange.at - call.at < DAY - A_LITTLE
        ]
        world.census["a disconnect under a limit of the day"] += 1
        if len(before) >= most:
            detail = f"{len(before)} before, limit {most}: {brief(exchange)}"
            self.fail(self.the_limit_of_the_day_holds, detail)

    def only_a_whole_list_lets_act(self, exchange: Exchange) -> None:
        """An incomplete, empty or shrunken list, and shrunken manifests, disconnect nobody."""
        process = acting(exchange)
        listing = process.planned_by
        if listing is None or not process.readings.lists:
            self.fail(self.only_a_whole_list_lets_act, "no whole list was read")
            return
        if process.last_list is not listing:
            self.fail(self.only_a_whole_list_lets_act, "the last list was not whole")
        allowed = getattr(process.command, "allow", ())
        most, before = process.force.config.max_shrink, process.baseline
        fleet = (len(process.force.named), len(listing.rows))
        names = ("desired-fleet-shrink", "observed-fleet-shrink")
        for now, then, name in zip(fleet, before or fleet, names, strict=True):
            if most is not None and 100 * (then - now) > most * then and name not in allowed:
                self.fail(self.only_a_whole_list_lets_act, f"{name}: {then} to {now}")
        for source, rows in process.force.rows.items():
            then = process.rows_before.get(source, 0)
            if 100 * (then - rows) > SOURCE_SHRINK * then and "source-shrink" not in allowed:
                self.fail(self.only_a_whole_list_lets_act, f"{source}: {then} to {rows}")


def _lists_were_slow(process: Acting) -> bool:
    """Whether a list of the process took longer than a list that has to be young may take: by what
    the server did, by attempts that failed, or because the process stood still."""
    lists = [e for e in process.exchanges if e.endpoint == "list_users"]
    return bool(process.suspended) or any(
        e.fault is not None or e.read_at is None or e.read_at - e.left_at > LIST_AGE / TIMES_AS_LONG
        for e in lists
    )
