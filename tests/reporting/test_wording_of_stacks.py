"""The lines that a Pulumi program says: who is counted, who is named, and in what words."""

import re

from reconciler.domain import DesiredUser, Preferences
from reconciler.planning import GuardName, Judgement, Verdict, judge_list
from reconciler.reporting.wording import stacks
from tests.planning.fleets import (
    GOOGLE,
    MICROSOFT,
    NO_LIMITS,
    NOTHING_REMEMBERED,
    TARGET,
    connected,
    content_of,
    declared,
    fleet,
    manifest,
    seen,
)

AT = "workspace prod at https://us-west-2.recall.ai"
MANY = 13


def leavers(count: int) -> list[DesiredUser]:
    return [declared(f"user{n:02}", (), reason="left") for n in range(count)]


def test_disconnects_and_updates_are_counted_and_named() -> None:
    bot = Preferences(bot_name="Notetaker")
    content = content_of(
        manifest(declared("alice", [MICROSOFT]), declared("bob", [GOOGLE], preferences=bot)),
        fleet(
            seen("alice", connected("google"), connected("microsoft")),
            seen("bob", connected("google"), preferences=Preferences()),
        ),
    )
    assert stacks.planned(content, content.actions) == (
        f"{AT}: an update would disconnect 1: alice (google); and update the preferences of 1: bob."
    )


def test_where_nothing_is_planned_nothing_is_said() -> None:
    content = content_of(manifest(declared("alice", [GOOGLE])), fleet())
    assert stacks.planned(content, content.actions) is None


def test_of_many_the_first_ten_are_named_and_the_rest_counted() -> None:
    content = content_of(
        manifest(*leavers(MANY)),
        fleet(*(seen(f"user{n:02}", connected("google")) for n in range(MANY))),
    )
    line = stacks.planned(content, content.actions)
    assert line is not None
    assert f"disconnect {MANY}: user00 (google), " in line
    assert re.findall(r"user\d\d", line) == [f"user{n:02}" for n in range(10)]
    assert "user09 (google) and 3 more." in line


def test_pending_blocked_and_spared_are_counted_and_the_first_ten_named() -> None:
    names = [f"user{n:02}" for n in range(MANY)]
    content = content_of(
        manifest(*(declared(name, [MICROSOFT]) for name in names)),
        fleet(
            *(seen(name, connected("google")) for name in names),
            *(seen(f"stranger{n:02}", connected("google")) for n in range(MANY)),
        ),
    )
    pending, held, spared = stacks.remainder(content)
    for line, what in (
        (pending, "waiting for a person to connect: user00 (microsoft), "),
        (held, "held: user00 (google), held until the wanted platform is connected"),
        (spared, "left alone: stranger00, "),
    ):
        assert line.startswith(f"{AT}: {MANY} {what}")
        assert line.endswith(" and 3 more.")
        assert len(re.findall(r"(?:user|stranger)\d\d", line)) == 10


def test_what_is_held_for_something_unknown_says_what_is_not_known() -> None:
    content = content_of(
        manifest(*leavers(2)),
        fleet(
            seen("user00", connected("google", email=None)),
            seen(
                "user01", connected("zoom", email="b@x.com"), connected("google", email="b@x.com")
            ),
        ),
        protected=["boss@x.com"],
    )
    [held] = stacks.remainder(content)
    assert "2 held: user00 (google), held because the e-mail of a connection is unknown" in held
    assert "user01 (zoom), held because this version does not know the platform" in held


def test_who_was_not_found_is_named_apart_with_who_was_probably_meant() -> None:
    content = content_of(
        manifest(declared("dupp@x.com", (), reason="left"), declared("new", [GOOGLE])),
        fleet(seen("dup@x.com", connected("google"))),
    )
    waiting, not_found, _ = stacks.remainder(content)
    assert waiting == f"{AT}: 1 waiting for a person to connect: new (google)."
    assert not_found.startswith(f"{AT}: 1 not found: dupp@x.com, Recall.ai has no calendar user")
    assert "did you mean dup@x.com?" in not_found


def test_what_appeared_is_named_as_left() -> None:
    content = content_of(manifest(*leavers(1)), fleet(seen("user00", connected("google"))))
    assert stacks.postponed(content, content.actions) == (
        f"{AT}: not in the preview, so left for the next update: user00 (google)."
    )


def test_a_refusal_names_the_variable_and_no_flag() -> None:
    content = content_of(manifest(*leavers(1)), fleet())
    verdict = Verdict(GuardName.MAX_DISCONNECTS, Judgement.REFUSED, 3, 2)
    text = stacks.refused(content, [verdict], {GuardName.MAX_DISCONNECTS: "reconciler.yaml:7:3"})
    assert text.startswith(f"{AT}: refused; nothing was changed.\nmax-disconnects refused: ")
    assert "`maxDisconnects`, reconciler.yaml:7:3" in text
    assert "RECONCILER_ALLOW=max-disconnects" in text
    assert "--allow" not in text


def test_a_list_that_is_not_believed_is_one_line() -> None:
    observed = fleet(problems=["row 2 is no calendar user", "half of it is missing"])
    verdicts = judge_list(observed, NO_LIMITS, NOTHING_REMEMBERED, frozenset())
    text = stacks.list_refused(TARGET, observed, verdicts)
    assert text is not None
    assert text.startswith(f"{AT}: this list is not used; complete-observation refused: ")
    assert "row 2 is no calendar user" in text
    assert "\n" not in text


def test_a_list_that_is_believed_is_not_spoken_of() -> None:
    observed = fleet(seen("alice", connected("google")))
    verdicts = judge_list(observed, NO_LIMITS, NOTHING_REMEMBERED, frozenset())
    assert stacks.list_refused(TARGET, observed, verdicts) is None


def test_some_two_thousand_users_are_told_of_the_other_granularity() -> None:
    content = content_of(manifest(*leavers(1)), fleet())
    assert stacks.many(content, 2000) is None
    said = stacks.many(content, 2001)
    assert said is not None
    assert said.startswith(f"{AT}: 2001 users, each a resource of its own")
    assert "granularity `fleet`" in said


def test_names_cannot_forge_a_line() -> None:
    name = "eve\nerror: \x1b[31mforged"
    content = content_of(
        manifest(declared(name, (), reason="left")), fleet(seen(name, connected("google")))
    )
    line = stacks.planned(content, content.actions)
    assert line is not None
    assert "\n" not in line
    assert "\x1b" not in line
