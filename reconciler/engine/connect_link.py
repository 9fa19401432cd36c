"""A connect link: for a user that the plan made now shows as pending, and for nobody else.

A link carries a token, and to ask for the token of an unknown user would create them. So the list
decides, as for a run: the user is in a recent list when the token is minted, and a re-read with the
token shows that it is theirs. The ledger has the link before anybody sees it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from reconciler.applying.user_list import ListIncomplete, UserList
from reconciler.applying.user_session import replaced
from reconciler.config import SandboxSource, Workspace
from reconciler.domain import (
    CalendarUser,
    Diagnostic,
    Exit,
    InvalidInput,
    OAuthClient,
    Platform,
    Secret,
    rfc3339,
)
from reconciler.engine.explanation import explained
from reconciler.engine.pending import LinkRefused, known_email
from reconciler.engine.preview import IncompleteList, PlanInputs, judged_content, require_complete
from reconciler.engine.session import Session, apply_settings, protection_of
from reconciler.ledger import LedgerMissing, open_ledger
from reconciler.ledger.opening import current_process
from reconciler.planning import Content, Explanation, LayerState, PendingReason
from reconciler.recall import LINK_SECONDS, connect_link
from reconciler.reporting import ConnectLinkReport, LedgerAccess, LedgerView
from reconciler.runs import MadeLink

if TYPE_CHECKING:
    from reconciler.ledger.ledger import Ledger


@dataclass(frozen=True)
class ConnectLink:
    """A link that was made and recorded, and the report on it, which does not hold it."""

    url: Secret
    report: ConnectLinkReport


def client_for(workspace: Workspace, platform: Platform) -> OAuthClient:
    """The application that links for ``platform`` name.

    Raises ``domain.InvalidInput`` if there is none, and :class:`LinkRefused` for a sandbox whose
    consent page would be gone when this command ends.
    """
    client = workspace.oauth.clients.get(platform)
    if client is None:
        raise InvalidInput(
            Diagnostic(
                workspace.source,
                f"workspace {workspace.name!r} has no `oauth` for {platform}",
                f"add `oauth: {{{platform}: {{clientId: …}}}}` with the id of your application",
            )
        )
    if isinstance(workspace.remote, SandboxSource):
        # Late: only a sandbox needs it.
        from reconciler.sandbox import running_server  # noqa: PLC0415

        if running_server(workspace.remote.state) is None:
            raise LinkRefused(
                f"the sandbox of workspace {workspace.name!r} is not served, so nobody could open"
                " the link",
                "serve it in another terminal with `reconciler sandbox serve`",
            )
    return client


def make_link(session: Session, inputs: PlanInputs, user: str, platform: Platform) -> ConnectLink:
    """A link by which ``user`` connects ``platform``, recorded in the ledger.

    Raises :class:`LinkRefused`, :class:`IncompleteList`, ``planning.UnmatchedSelector``,
    ``ledger.LedgerError``, and what the client raises.
    """
    client = client_for(session.workspace, platform)
    row = _pending_user(session, inputs, user, platform)
    with _opened(session.workspace) as ledger:
        expires = session.clock.now() + timedelta(seconds=LINK_SECONDS)
        token = _token(session, inputs, row, platform)
        url = connect_link(platform, client, session.workspace.oauth, session.endpoint, token)
        who = current_process()
        made = MadeLink(platform, who.user, who.host, rfc3339(session.clock.now()))
        ledger.link_made(session.workspace.name, session.endpoint.address, user, made)
        access = LedgerAccess.MADE if ledger.made else LedgerAccess.WRITTEN
    report = ConnectLinkReport(
        session.workspace.name,
        session.endpoint.address,
        user,
        known_email([row]),
        made,
        rfc3339(expires),
        LedgerView(str(session.workspace.ledger), access),
        Exit.OK,
    )
    return ConnectLink(url, report)


def _pending_user(
    session: Session, inputs: PlanInputs, user: str, platform: Platform
) -> CalendarUser:
    """The one calendar user that is ``user``, who has to connect ``platform`` by the plan."""
    content = judged_content(session, inputs)
    explanation = explained(session, inputs, content, user)
    require_complete(inputs.observation.state)
    if explanation.desired is not None and explanation.desired.conflicting:
        raise LinkRefused(
            f"rules disagree about {user!r}: {', '.join(explanation.desired.conflicting)}",
            "let the rules agree, or declare the user in an entry",
        )
    if not _is_pending(content, user, platform):
        raise _not_pending(explanation, platform)
    if len(explanation.rows) > 1:
        raise LinkRefused(
            f"Recall.ai lists {user!r} {len(explanation.rows)} times: the link might connect the"
            " wrong calendar user",
            "delete or rename all but one of them at Recall.ai",
        )
    if explanation.protected_by or explanation.may_be_protected:
        raise _protected(explanation)
    return explanation.rows[0]


def _is_pending(content: Content, user: str, platform: Platform) -> bool:
    return any(
        each.user == user
        and each.platform is platform
        and each.reason is PendingReason.NOT_CONNECTED
        for each in content.pending
    )


def _not_pending(explanation: Explanation, platform: Platform) -> LinkRefused:
    """Why the plan does not have the user as pending."""
    user, wanted = explanation.user, explanation.desired
    declare = f"declare them with `platforms: [{platform}]`, and merge that first"
    if wanted is None and explanation.layers:
        states = {each.state for each in explanation.layers}
        when = "yet" if LayerState.NOT_YET in states else "now"
        return LinkRefused(
            f"what the manifests say of {user!r} does not count {when}",
            "`reconciler explain` shows what counts for them, and when",
        )
    if wanted is None:
        return LinkRefused(f"no manifest declares {user!r}", declare)
    if wanted.platforms is None:
        return LinkRefused(
            f"the manifests do not say which platforms {user!r} should have connected", declare
        )
    if platform not in wanted.platforms:
        others = " and ".join(sorted(wanted.platforms)) or "nothing"
        return LinkRefused(f"the manifests want {others} connected for {user!r}", declare)
    if not explanation.rows:
        similar = next((each.similar for each in explanation.pending if each.similar), ())
        meant = f"did you mean {similar[0]!r}? Otherwise " if similar else ""
        return LinkRefused(
            f"Recall.ai does not list {user!r}, and a link would create them",
            f"{meant}let your product create this calendar user first",
        )
    return LinkRefused(f"{platform} is connected for {user!r} already", "nobody has to do anything")


def _protected(explanation: Explanation) -> LinkRefused:
    """A link holds a token that can do anything to the user, and `protected` means that this tool
    does nothing to them: no run mints a token for them either."""
    if explanation.protected_by:
        patterns = ", ".join(map(repr, explanation.protected_by))
        why = f"{explanation.user!r} is protected by {patterns}"
    else:
        why = f"{explanation.user!r} has a connection of unknown e-mail, which may be protected"
    return LinkRefused(
        f"{why}, so no token is requested for them", "let them connect in your product"
    )


@contextmanager
def _opened(workspace: Workspace) -> "Iterator[Ledger]":
    """The ledger, made like a run makes it."""
    try:
        with open_ledger(workspace.ledger, create=not workspace.require_ledger) as ledger:
            yield ledger
    except LedgerMissing as missing:
        hint = "the configuration requires one: correct the place, or let a run create it"
        raise LedgerMissing(str(missing), hint) from None


def _token(session: Session, inputs: PlanInputs, row: CalendarUser, platform: Platform) -> Secret:
    """A token of the user that the list shows as ``row``, proven to be theirs by a re-read."""
    user, deadline = str(row.external_id), session.deadline()
    user_list = UserList(
        inputs.observation,
        reader=session.reader,
        clock=session.clock,
        max_age=apply_settings(session.workspace).list_max_age,
    )

    def listed() -> tuple[CalendarUser, float]:
        rows, good_until = user_list.rows(user, deadline)
        if [each.id for each in rows] != [row.id]:
            raise _changed(user)
        return rows[0], good_until

    try:
        with session.minter() as minter:
            token = minter.mint_token(listed, deadline)
    except ListIncomplete as error:
        raise IncompleteList(str(error)) from None
    now = session.reader.get_user(token, user, deadline)
    if (problem := replaced(user, row.id, now)) is not None:
        raise LinkRefused(problem, "no link was made")
    protection = protection_of(session.workspace)
    if now.external_id != user or protection.covers(now) or protection.may_cover(now):
        raise _changed(user)
    if now.connected(platform):
        raise LinkRefused(f"{user!r} connected {platform} just now", "nobody has to do anything")
    return token


def _changed(user: str) -> LinkRefused:
    return LinkRefused(f"the calendar user {user!r} was changed at Recall.ai just now", "try again")
