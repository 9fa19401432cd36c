"""Load → observe → plan: the half that every command shares and that cannot change anything."""

import subprocess
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from msgspec import Struct

import reconciler
from reconciler.domain import DesiredState, ObservedState
from reconciler.engine.configured import protection_of
from reconciler.engine.session import Session
from reconciler.planning import Content, Envelope, History, Plan, make_plan, rfc3339

DIRTY: Final = "-dirty"
"""Said of a commit, as git itself does."""

_HEAD: Final = "# branch.oid "


class Observation(Struct, frozen=True):
    """A list of the workspace's users, and when it was asked for (monotonic seconds)."""

    state: ObservedState
    asked_at: float


class IncompleteList(Exception):
    """The list could not be read whole, and what was asked for cannot be done with a part."""


def observe(session: Session, on_progress: Callable[[int], None] | None = None) -> Observation:
    """One list call. Raises ``recall.RecallError`` where nothing can be said of the fleet."""
    asked_at = session.clock.monotonic()
    return Observation(session.reader.list_users(session.patience(), on_progress), asked_at)


def preview(
    session: Session,
    desired: DesiredState,
    observation: Observation,
    history: History,
    selectors: Sequence[str] | None = None,
) -> Plan:
    """The plan that would make ``desired`` of what was observed, judged by the guards.

    Raises ``planning.UnmatchedSelector``.
    """
    workspace = session.workspace
    content = make_plan(
        session.target,
        desired,
        observation.state,
        limits=workspace.limits,
        protection=protection_of(workspace),
        selectors=selectors,
        history=history,
    )
    return Plan(content, _envelope(session, desired, content))


def _envelope(session: Session, desired: DesiredState, content: Content) -> Envelope:
    made = session.clock.now()
    lifetime = timedelta(hours=session.workspace.timeouts.plan_expiry)
    named = (
        {action.user for action in content.actions}
        | {pending.user for pending in content.pending}
        | {blocked.action.user for blocked in content.blocked}
        | {undetermined.user for undetermined in content.undetermined}
        | {contested.user for contested in content.contested or ()}
    )
    return Envelope(
        made=rfc3339(made),
        expires=rfc3339(made + lifetime),
        commit=commit_of(session.workspace.manifests),
        tool_version=reconciler.__version__,
        key_fingerprint=session.endpoint.fingerprint(),
        sources={user: str(desired.users[user].source) for user in sorted(named)},
    )


def commit_of(manifests: Sequence[Path]) -> str | None:
    """The git commit that the manifests stand in, followed by :data:`DIRTY` where they are not as
    committed; None outside git, in several repositories, or without it."""
    if not manifests:
        return None
    folder = manifests[0] if manifests[0].is_dir() else manifests[0].parent
    paths = [str(path.absolute()) for path in manifests]
    command = ["git", "--no-optional-locks", "-C", str(folder), "status", "--porcelain=v2"]
    try:
        answer = subprocess.run(
            [*command, "--branch", "--", *paths],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    lines = answer.stdout.splitlines()
    head = next(line for line in lines if line.startswith(_HEAD)).removeprefix(_HEAD)
    if head == "(initial)":  # a repository without a commit
        return None
    return head if all(line.startswith("#") for line in lines) else f"{head}{DIRTY}"
