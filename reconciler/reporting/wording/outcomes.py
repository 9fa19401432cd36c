"""How an action ended, why, and what to do next; and how a run stops."""

import shlex
import traceback
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from reconciler.planning import Action, Disconnect, PreconditionResult
from reconciler.reporting.phrase import Foreign, Phrase, counted, prose, visible
from reconciler.runs.journal import ActionResult, Cause, HaltCause, InDoubtCount, Outcome

OUTCOMES: Final[Mapping[Outcome, str]] = {
    Outcome.VERIFIED: "verified",
    Outcome.ALREADY_ABSENT: "already done",
    Outcome.SKIPPED_STALE: "skipped as stale",
    Outcome.FAILED: "failed",
    Outcome.UNKNOWN: "unknown",
    Outcome.NOT_ATTEMPTED: "not attempted",
}

CAUSES: Final[Mapping[str, str]] = {
    Cause.READ_BACK: "{done}",
    Cause.ROW_ABSENT: "the platform has no row any more, which counts as disconnected",
    Cause.RECONNECTED: (
        "the planned connection is gone, but the person has connected again with another one"
    ),
    Cause.FOUND_DONE: "the re-read before the call showed that {done}",
    Cause.SEEN_IN_LIST: "the list of a later run shows that {done}",
    Cause.NOT_SEEN_IN_TIME: "sent, but no read-back before the deadline showed that {done}",
    Cause.NOT_READABLE: "sent, but no read-back succeeded",
    Cause.INCOMPLETE_LIST: "the list came back incomplete",
    Cause.STOPPED: "the run stopped before this action was done",
    Cause.NOT_HANDED_OVER: "left out of the update by a target, an exclusion or an option",
}
"""By code of :class:`Cause`; ``{done}`` is the clause that the action makes true."""

STANDINGS: Final[Mapping[str, str]] = {
    PreconditionResult.READY: "the preconditions hold",
    PreconditionResult.DONE: "{done} already",
    PreconditionResult.USER_GONE: "Recall.ai no longer lists the user",
    PreconditionResult.USER_REPLACED: "the id now belongs to another calendar user",
    PreconditionResult.AMBIGUOUS_IDENTITY: (
        "several calendar users now share this id, or the user has several connections of one "
        "platform"
    ),
    PreconditionResult.PROTECTED: "`protected` in the configuration now matches the user",
    PreconditionResult.EMAIL_NOT_KNOWN: (
        "the e-mail of a connection is unknown now, and a `protected` pattern may match it"
    ),
    PreconditionResult.UNKNOWN_PLATFORM: (
        "a platform is connected now that this version does not know; it may be this one under "
        "another name"
    ),
    PreconditionResult.ROWS_MISSING: (
        "the platform has no row now, and neither has one that was to stay: the answer is "
        "incomplete"
    ),
    PreconditionResult.CONNECTION_CHANGED: (
        "the person has connected again since (another connection id)"
    ),
    PreconditionResult.WANTED_NOT_CONNECTED: "a wanted platform is no longer connected",
    PreconditionResult.PREFERENCES_CHANGED: "somebody else changed the preferences since",
    PreconditionResult.RULE_NO_LONGER_MATCHES: (
        "a rule that asked for it no longer matches the user"
    ),
    PreconditionResult.NOT_PLANNED_ANY_MORE: "a new plan would not contain this action",
}
"""By code of :class:`PreconditionResult`: why an action is stale."""

REFUSALS: Final[Mapping[str, str]] = {
    "credentials_refused": "the API key was refused",
    "user_token_refused": "the user's token was refused",
    "out_of_credit": "the Recall.ai account is out of credit",
    "blocked": "a firewall in front of the API refused the call",
    "not_found": "the API has no such user or address",
    "rejected": "the API rejected the request",
    "conflict": "another operation on this user was in progress",
    "throttled": "the rate limit is used up",
    "throttled_beyond_cap": "the API asked for a longer wait than this tool accepts",
    "not_reached": "the API could not be reached",
    "tls_failed": "no TLS connection to the API or the proxy could be made",
    "not_sent_in_time": "not sent: too long since the lock was checked",
    "no_answer": "the call was sent, but no complete answer came",
    "too_slow": "the call was sent, but its answer took too long",
    "server_error": "the API reported an error of its own",
    "unexpected_answer": "the answer is not what the API documents",
}
"""By code of what the API, or the network on the way to it, answered."""

HALTS: Final[Mapping[HaltCause, str]] = {
    HaltCause.INTERRUPTED: "it was interrupted",
    HaltCause.MAX_FAILURES: "more actions failed or are unknown than `--max-failures` allows",
    HaltCause.OUT_OF_CREDIT: "the Recall.ai account is out of credit",
    HaltCause.CREDENTIALS_REFUSED: "the API key was refused",
    HaltCause.RETRY_AFTER_BEYOND_CAP: "the API asked for a longer wait than this tool accepts",
    HaltCause.JOURNAL_FAILED: "the ledger could not be written, so nothing more was started",
    HaltCause.DAILY_LIMIT: "the limit of a day is reached, so nothing more was started",
    HaltCause.DEFECT: "a defect in this tool",
}
"""Why a run starts no new action; each completes "The run stopped early: …"."""

SIGNALS: Final[Mapping[int, str]] = {1: "SIGHUP", 2: "SIGINT", 15: "SIGTERM"}

CARRIED: Final = " (in the run that this one resumes)"

AGAIN: Final = "plan and apply again"
"""How the command line starts over."""

NEXT: Final[Mapping[Outcome, str]] = {
    Outcome.SKIPPED_STALE: "plan again: things changed since the plan was made",
    Outcome.FAILED: "nothing was changed; fix the cause, then {again}",
    Outcome.UNKNOWN: (
        "it may or may not have taken effect. Run `reconciler plan`: it shows what is still missing"
    ),
    Outcome.NOT_ATTEMPTED: "nothing was changed; {again}",
}

NEXT_BY_CAUSE: Final[Mapping[str, str]] = {
    "credentials_refused": "check the API key, and that it belongs to this region",
    "user_token_refused": "{again}: each run gets a new token",
    "out_of_credit": "top up the Recall.ai account, then {again}",
    "blocked": "ask Recall.ai, or the administrators of your network, about the firewall",
    "not_found": "check the address of the API, then plan again",
    "throttled_beyond_cap": "wait as long as the API asked, then {again}",
    "not_reached": "check the address, the network and HTTPS_PROXY, then {again}",
    "tls_failed": "check SSL_CERT_FILE and the server's certificate, then {again}",
    "not_sent_in_time": "check the network and HTTPS_PROXY, then {again}",
}
"""Where the cause says more than the outcome about what helps; ``{again}`` starts over."""

_HALTED = {code.value: f"the run stopped early ({text})" for code, text in HALTS.items()}
_ALL: Final[Mapping[str, str]] = {**_HALTED, **CAUSES, **STANDINGS, **REFUSALS}


def cause(result: ActionResult) -> Phrase:
    """Why ``result`` is what it is."""
    return meaning(result.cause, result.action)


def meaning(code: str, action: Action) -> Phrase:
    """What ``code`` says of ``action``. A code without a sentence is shown as it is."""
    text = _ALL.get(code)
    if text is None:
        return (Foreign(code),)
    return (text.replace("{done}", done(action)),)


def done(action: Action) -> str:
    """The clause that ``action`` makes true."""
    if isinstance(action, Disconnect):
        return "the platform is disconnected"
    return "preferences match the manifest"


def next_step(result: ActionResult, again: str = AGAIN) -> str | None:
    """What the reader can do about ``result``; None where all is well.

    ``again`` is how the front in use starts over.
    """
    step = NEXT.get(result.outcome)
    if result.outcome is Outcome.SKIPPED_STALE and result.cause == PreconditionResult.DONE:
        return "nothing to do: it is already as planned; was this plan applied before?"
    if result.outcome in (Outcome.FAILED, Outcome.NOT_ATTEMPTED):
        step = NEXT_BY_CAUSE.get(result.cause, step)
    return step and step.replace("{again}", again)


def next_steps(results: Iterable[ActionResult], again: str = AGAIN) -> tuple[str, ...]:
    """What can be done about ``results``, each step once, with how many actions it is for."""
    order = list(Outcome)
    steps = ((order.index(r.outcome), next_step(r, again)) for r in results)
    counts = Counter((outcome, step) for outcome, step in steps if step)
    return tuple(
        f"{counts[outcome, step]} {OUTCOMES[order[outcome]]}: {step}"
        for outcome, step in sorted(counts)
    )


def halt(cause: HaltCause, detail: str | None, signal: int | None) -> Phrase:
    """Why a run stopped early; ``signal`` is the number of the one that stopped it."""
    name = SIGNALS.get(signal, f"signal {signal}") if signal else None
    by = f" by {name}" if name else ""
    more: Phrase = (": ", prose(detail)) if detail else ()
    return (f"The run stopped early: {HALTS[cause]}{by}", *more, ".")


_AGAIN: Final = "Press again to abort."

WRITING: Final = f"Stopping: writing the result. {_AGAIN}"
"""For a command that has nothing left to do but report."""

NOT_WRITTEN: Final = "Aborted: the result is incomplete."


TO_CONTINUE: Final = "To continue with what was not attempted:"
"""Before the command to type, at the end of a run that a signal stopped."""


def stopping(in_doubt: InDoubtCount, *, answer_within: float, look_for: float) -> str:
    """What a run does before it stops: it waits ``answer_within`` seconds at most for answers, and
    looks for effects for ``look_for`` seconds at most."""
    parts = []
    if in_doubt.unanswered:
        answers = counted(in_doubt.unanswered, "answer")
        parts.append(f"waiting for {answers}, up to {answer_within:g} s")
    if in_doubt.unverified:
        calls = counted(in_doubt.unverified, "call")
        parts.append(f"reading back {calls}, up to {look_for:g} s")
    doing = ", and ".join(parts) or "no call is in doubt, nothing new starts"
    return f"Stopping: {doing}. {_AGAIN}"


STOPPING_ALL: Final = (
    "Stopping: no workspace starts anything new; calls that were sent are still read back."
)
ABORTED_ALL: Final = (
    "Aborted. `reconciler runs` shows which runs died; the next run of each workspace finds out"
    " what became of their calls."
)


def aborted(run: str, resume: Sequence[str]) -> str:
    """That the process ends at once, in the middle of ``run``, which ``resume`` continues."""
    return f"Aborted in the middle of run {run}. To continue it: {command(resume)}"


def defect(error: BaseException) -> str:
    """A defect of this tool and where it was raised: ``KeyError: 'a' (planner.py:12)``."""
    # Not ``extract_tb``: it heeds ``sys.tracebacklimit``, which Pulumi's provider sets to nothing.
    *_, (frame, line) = traceback.walk_tb(error.__traceback__)
    file = frame.f_code.co_filename.rpartition("/")[2]
    return f"{type(error).__name__}: {error} ({file}:{line})"


def command(words: Sequence[str]) -> str:
    """A command to type, on one line, as a shell takes it."""
    return shlex.join(visible(word) for word in words)
