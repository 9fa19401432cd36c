"""What is said at once when a signal comes, and when a later one ends the process."""

import shlex
from collections.abc import Sequence
from typing import Final

from reconciler.applying.calls_in_doubt import InDoubtCount
from reconciler.reporting.phrase import counted
from reconciler.reporting.untrusted import visible

_AGAIN: Final = "Press again to abort."

WRITING: Final = f"Stopping: writing the result. {_AGAIN}"
"""For a command that has nothing left to do but tell what it found or did."""

NOT_WRITTEN: Final = "Aborted: the result was not written whole."


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


def aborted(run: str, resume: Sequence[str]) -> str:
    """That the process ends at once, in the middle of ``run``, which ``resume`` continues."""
    return f"Aborted in the middle of run {run}. To settle and continue it: {command(resume)}"


def command(words: Sequence[str]) -> str:
    """A command to type, on one line, as a shell takes it."""
    return shlex.join(visible(word) for word in words)
