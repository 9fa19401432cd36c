"""Whom the crash tests act on: nine declared users and a stranger, and what goes wrong with them.

``DECLARED`` and ``CONNECTED`` are what the invariants judge by: written down here by hand, and
never asked of the program.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from msgspec import Struct, structs

from reconciler.domain import Platform
from reconciler.sandbox import (
    Behaviour,
    Fault,
    FaultKind,
    Match,
    Seed,
    SeedPreferences,
    SeedUser,
    connections,
    endpoints,
    routes,
    users,
)
from reconciler.sandbox.http_messages import ApiResponse, EndpointCall

KEY: Final = "sk-recognisable-api-key-1234567890"
GOOGLE, MICROSOFT = Platform.GOOGLE, Platform.MICROSOFT
BOTH: Final = frozenset({GOOGLE, MICROSOFT})

BOSS: Final = "boss@example.com"  # protected
BUSY: Final = "busy@example.com"  # the first disconnect is answered 429
FICKLE: Final = "fickle@example.com"  # disconnects the wanted platform as soon as a token is minted
HANDING: Final = "handing@example.com"  # the wanted platform is not connected yet
LEAVER: Final = "leaver@example.com"  # nothing is wanted; answered 503, after the effect
MOVER: Final = "mover@example.com"  # the disconnect shows after a while
QUIET: Final = "quiet@example.com"  # preferences differ
REFUSED: Final = "refused@example.com"  # the first disconnect is answered 400
SETTLED: Final = "settled@example.com"  # all is as it should be
STRANGER: Final = "stranger@example.com"  # in no manifest

SHOWS_AFTER: Final = 0.15
"""Seconds until the mover's disconnect shows."""


class Declared(Struct, frozen=True):
    """What the manifest says of somebody."""

    platforms: frozenset[Platform]
    bot_name: str | None = None


DECLARED: Final[Mapping[str, Declared]] = {
    BOSS: Declared(frozenset({MICROSOFT})),
    BUSY: Declared(frozenset({GOOGLE})),
    FICKLE: Declared(frozenset({MICROSOFT})),
    HANDING: Declared(frozenset({MICROSOFT})),
    LEAVER: Declared(frozenset()),
    MOVER: Declared(frozenset({MICROSOFT})),
    QUIET: Declared(frozenset({GOOGLE}), bot_name="Quiet"),
    REFUSED: Declared(frozenset({GOOGLE})),
    SETTLED: Declared(BOTH),
}

CONNECTED: Final[Mapping[str, frozenset[Platform]]] = {
    **dict.fromkeys([BOSS, BUSY, FICKLE, MOVER, REFUSED, SETTLED, STRANGER], BOTH),
    **dict.fromkeys([HANDING, LEAVER, QUIET], frozenset({GOOGLE})),
}

PROTECTED: Final = frozenset({BOSS})
UNTOUCHED: Final = frozenset({BOSS, FICKLE, HANDING, SETTLED, STRANGER})
"""Those for whom no mutating call is ever right."""

TO_DO: Final = (
    (BUSY, "microsoft"),
    (LEAVER, "google"),
    (MOVER, "google"),
    (QUIET, "preferences"),
    (REFUSED, "microsoft"),
)
"""Every call that is right, as user and platform."""

MANIFEST: Final = "apiVersion: reconciler/v1\nusers:\n" + "".join(
    f"  - id: {user}\n"
    f"    platforms: [{', '.join(sorted(declared.platforms))}]\n"
    f"    reason: test\n"
    + (f"    preferences: {{bot_name: {declared.bot_name}}}\n" if declared.bot_name else "")
    for user, declared in DECLARED.items()
)


def seed() -> Seed:
    """The sandbox that every point begins with."""
    return Seed(
        users=tuple(
            SeedUser(
                external_id=user,
                connected=dict.fromkeys(sorted(platforms), user),
                preferences=SeedPreferences(bot_name="Notetaker"),
            )
            for user, platforms in CONNECTED.items()
        ),
        api_key=KEY,
        behaviour=Behaviour(enforce_limits=False),
        faults=(
            _status(BUSY, 429, headers={"Retry-After": "0"}),
            _status(LEAVER, 503, after_effect=True),
            _status(REFUSED, 400),
        ),
    )


def _status(
    user: str, status: int, *, after_effect: bool = False, headers: Mapping[str, str] | None = None
) -> Fault:
    return Fault(
        kind=FaultKind.STATUS,
        match=Match(endpoint="disconnect", external_id=user),
        status=status,
        after_effect=after_effect,
        headers=headers or {},
    )


@contextmanager
def living_people() -> Iterator[None]:
    """Let the sandboxes of this process treat the mover and the fickle one as they are."""
    by_name = {route.name: route for route in routes.ROUTES}
    disconnect, authenticate = by_name["disconnect"], by_name["authenticate"]

    def slow_disconnect(call: EndpointCall) -> ApiResponse:
        if call.user.external_id == MOVER:
            slow = structs.replace(call.behaviour, disconnect_takes_seconds=SHOWS_AFTER)
            call = structs.replace(call, settings=structs.replace(call.settings, behaviour=slow))
        return endpoints.disconnect(call)

    def upsetting_authenticate(call: EndpointCall) -> ApiResponse:
        response = endpoints.authenticate(call)
        fickle = users.find_by_external_id(call.db, FICKLE)
        if endpoints.subject_of_authenticate(call) == FICKLE and fickle:
            connections.disconnect(call.db, fickle, MICROSOFT, call.behaviour, call.now)
        return response

    disconnect.answer, authenticate.answer = slow_disconnect, upsetting_authenticate
    try:
        yield
    finally:
        disconnect.answer = endpoints.disconnect
        authenticate.answer = endpoints.authenticate
