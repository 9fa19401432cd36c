"""Random fleets over tiny alphabets, so that ids collide and everything that may be null is."""

from itertools import product
from typing import Final

from hypothesis import settings
from hypothesis import strategies as st
from msgspec import UNSET, Struct, UnsetType

from reconciler.domain import (
    CalendarUser,
    Connection,
    DesiredState,
    DesiredUser,
    Handover,
    Limits,
    ObservedState,
    Platform,
    Preferences,
    SourceLocation,
    UnknownEmail,
)
from reconciler.planning import Content, FleetSize, History, Owned, Ownership, Protection
from tests.planning.fleets import GOOGLE, MICROSOFT, content_of, manifest

QUICK: Final = settings(max_examples=80, deadline=None, database=None, derandomize=True)

IDS = ("a", "b", "A", "ü\n")


class World(Struct, frozen=True):
    """Everything that a plan follows from but the selection."""

    desired: DesiredState
    observed: ObservedState
    protected: tuple[str, ...]
    limits: Limits
    history: History
    unknown_email: UnknownEmail

    @property
    def protection(self) -> Protection:
        return Protection(self.protected, self.unknown_email)

    def content(self, *selectors: str) -> Content:
        return content_of(
            self.desired,
            self.observed,
            limits=self.limits,
            protected=self.protected,
            unknown_email=self.unknown_email,
            selectors=selectors or None,
            history=self.history,
        )


def preferences(*values: bool | None | UnsetType) -> list[Preferences]:
    return [
        Preferences(record_external=external, record_internal=internal)
        for external, internal in product(values, values)
    ]


# Drawing one of a list is far quicker than drawing field by field.
PLATFORMS = (None, frozenset[Platform](), *map(frozenset, ({GOOGLE}, {MICROSOFT}, set(Platform))))
PLACES = (("x.yaml", None), ("y.yaml", "g"))
DECLARED = {
    user: [
        DesiredUser(user, platforms, handover, reason, wanted, group, SourceLocation(file))
        for platforms, handover, reason, wanted, (file, group) in product(
            PLATFORMS, Handover, (None, "left"), (None, *preferences(UNSET, True, False)), PLACES
        )
    ]
    for user in IDS
}


def rows(platform: str) -> list[tuple[Connection, ...]]:
    """How one user can be connected to ``platform``; most often by one calendar."""
    one = [
        Connection(platform, connected=True, email=email, id=account)
        for email, account in ((None, "1"), ("a@x", "1"), ("B@x", "2"), ("c@y", None), (None, ""))
    ]
    gone = Connection(platform, connected=False)
    kept = Connection(platform, connected=False, email="a@x", id="1")
    return [
        (),
        (gone,),
        (kept,),
        *((c,) for c in one),
        (one[1], one[2]),
        (one[0], gone),
        (one[3], one[4]),
    ]


CONNECTIONS = [
    (*google, *microsoft, *other)
    for google, microsoft, other in product(
        rows("google"), rows("microsoft"), ((), (Connection("zoom", connected=True),))
    )
]

declarations = {user: st.sampled_from(choice) for user, choice in DECLARED.items()}
desired_states = (
    st.fixed_dictionaries(declarations) | st.fixed_dictionaries({}, optional=declarations)
).map(lambda users: manifest(*users.values(), groups=["g"]))


def calendar_users(*external_ids: str | None) -> st.SearchStrategy[CalendarUser]:
    return st.builds(
        CalendarUser,
        id=st.sampled_from(("r1", "r2", "r3")),
        external_id=st.sampled_from(external_ids),
        connections=st.sampled_from(CONNECTIONS),
        preferences=st.sampled_from((None, *preferences(UNSET, None, True, False))),
    )


one_each = st.tuples(*(calendar_users(user) for user in IDS))
strays = st.lists(calendar_users("a", "ü\n", "", None), max_size=1).map(tuple)
observed_users = st.builds(
    lambda users, others, missing: users[missing:] + others,
    one_each,
    strays,
    st.sampled_from((0, 0, 0, 1, len(IDS))),
)
complete_observations = st.builds(ObservedState, observed_users)
cut_observations = st.builds(
    ObservedState, observed_users, st.sampled_from((("page 2: timeout",), ("b", "a")))
)

limits = st.builds(
    Limits,
    st.sampled_from((None, 0, 1, 10)),
    st.sampled_from((None, 0, 20)),
    st.sampled_from((None, 0, 30)),
)
owned = st.builds(
    Owned,
    st.just("stack acme/fleet/prod"),
    st.sampled_from(((), (GOOGLE,), (GOOGLE, MICROSOFT))),
)
ownerships = st.builds(
    Ownership,
    st.just("the command line"),
    st.fixed_dictionaries({}, optional=dict.fromkeys((*IDS, "elsewhere"), owned)),
)
histories = st.builds(
    History,
    st.none() | st.builds(FleetSize, st.sampled_from((0, 4)), st.sampled_from((4, 6))),
    ownership=st.none() | ownerships,
)
protected = st.sampled_from(((), (), ("B@X",), ("nobody", "a"), ("*@y",)))

unknown_emails = st.sampled_from(UnknownEmail)

complete_worlds = st.builds(
    World, desired_states, complete_observations, protected, limits, histories, unknown_emails
)
cut_worlds = st.builds(
    World, desired_states, cut_observations, protected, limits, histories, unknown_emails
)
worlds = complete_worlds | cut_worlds
