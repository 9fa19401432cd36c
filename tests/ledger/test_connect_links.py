"""Who made which connect link, and for which user: recorded at once, and read back by user."""

import pytest
from sqlalchemy import insert

from reconciler.domain import Platform
from reconciler.ledger import LedgerUnusable
from reconciler.ledger.ledger import Ledger
from reconciler.ledger.schema import connect_links
from reconciler.runs import MadeLink
from tests.ledger.samples import ADDRESS, WORKSPACE, database_of

GOOGLE, MICROSOFT = Platform.GOOGLE, Platform.MICROSOFT


def link(day: int, platform: Platform = MICROSOFT, who: str = "dana") -> MadeLink:
    return MadeLink(platform, who, "laptop", f"2026-10-{day:02}T08:00:00Z")


def links_of(ledger: Ledger, user: str, limit: int = 10) -> tuple[MadeLink, ...]:
    return ledger.connect_links(WORKSPACE, ADDRESS, user, limit)


def test_the_links_of_a_user_come_newest_first_and_nobody_elses(ledger: Ledger) -> None:
    ledger.link_made(WORKSPACE, ADDRESS, "alice", link(1))
    ledger.link_made(WORKSPACE, ADDRESS, "böb", link(2, GOOGLE, "\u202eevil\x00"))
    ledger.link_made(WORKSPACE, ADDRESS, "alice", link(3, GOOGLE))
    assert links_of(ledger, "alice") == (link(3, GOOGLE), link(1))
    (of_bob,) = links_of(ledger, "böb")
    assert of_bob.who.startswith("\u202eevil")
    assert links_of(ledger, "carol") == ()


def test_no_more_links_are_read_than_are_asked_for(ledger: Ledger) -> None:
    for day in (1, 2, 3):
        ledger.link_made(WORKSPACE, ADDRESS, "alice", link(day))
    assert links_of(ledger, "alice", 2) == (link(3), link(2))


def test_another_workspace_or_address_has_links_of_its_own(ledger: Ledger) -> None:
    ledger.link_made("other", ADDRESS, "alice", link(1))
    ledger.link_made(WORKSPACE, "https://eu-central-1.recall.ai", "alice", link(2))
    assert links_of(ledger, "alice") == ()


def test_a_row_that_this_tool_does_not_write_is_refused(ledger: Ledger) -> None:
    with database_of(ledger).write() as connection:
        connection.execute(
            insert(connect_links).values(
                workspace=WORKSPACE,
                address=ADDRESS,
                user="alice",
                platform="teams",
                who="dana",
                host="laptop",
                at="2026-10-01T08:00:00Z",
            )
        )
    with pytest.raises(LedgerUnusable, match="does not write"):
        links_of(ledger, "alice")
