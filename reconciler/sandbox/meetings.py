"""The upcoming meetings of connected platforms, and the endpoints that show and change them."""

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime

from msgspec import Struct

from reconciler.domain import Platform
from reconciler.sandbox.http_messages import (
    ApiResponse,
    EndpointCall,
    RequestRefused,
    boolean,
    fields_of,
    invalid,
    json_response,
    not_found,
)
from reconciler.sandbox.settings import derived_id

HOUR = 3_600.0
DAY = 24 * HOUR


class Meeting(Struct, frozen=True):
    """A stored meeting; ``override`` is the user's ``override_should_record``."""

    id: str
    platform: str
    number: int
    email: str | None
    start: float
    override: bool | None

    @property
    def ical_uid(self) -> str:
        return f"{self.id.replace('-', '')}@sandbox.example.com"

    def document(self, preferences: Mapping[str, object] | None) -> dict[str, object]:
        """The CalendarMeeting that the API answers. ``preferences`` decide what is recorded."""
        external = self.number % 2 == 0
        records, reason = self._recording(preferences or {}, external=external)
        google = self.platform == Platform.GOOGLE
        organizer = self.email or "organizer@example.com"
        guest = "guest@customer.example.com" if external else "colleague@example.com"
        meeting_platform = "google_meet" if google else "microsoft_teams"
        return {
            "id": self.id,
            "override_should_record": self.override,
            "title": f"Meeting {self.number + 1}",
            "description": "",
            "will_record": records,
            "will_record_reason": reason,
            "start_time": _time(self.start),
            "end_time": _time(self.start + HOUR / 2),
            "platform": "google_calendar" if google else "microsoft_outlook",
            "platform_id": self.id.replace("-", ""),
            "meeting_platform": meeting_platform,
            "calendar_platform": self.platform,
            "zoom_invite": None,
            "teams_invite": None if google else _teams_invite(self.id),
            "meet_invite": {"meeting_id": "abc-defg-hij"} if google else None,
            "webex_invite": None,
            "goto_meeting_invite": None,
            "bot_id": derived_id(self.id, "bot") if records else None,
            "is_external": external,
            "is_hosted_by_me": True,
            "is_recurring": False,
            "organizer_email": organizer,
            "attendee_emails": [organizer, guest],
            "attendees": [
                {"name": "", "email": organizer, "is_organizer": True, "status": "accepted"},
                {"name": "", "email": guest, "is_organizer": False, "status": "accepted"},
            ],
            "ical_uid": self.ical_uid,
            "visibility": "default",
        }

    def _recording(self, preferences: Mapping[str, object], *, external: bool) -> tuple[bool, str]:
        if self.override is not None:
            return self.override, "override_should_record"
        wanted = "record_external" if external else "record_internal"
        return (True, wanted) if preferences.get(wanted) is True else (False, "preferences")


def _teams_invite(meeting_id: str) -> dict[str, object]:
    return {
        "organizer_id": derived_id(meeting_id, "organizer"),
        "tenant_id": derived_id(meeting_id, "tenant"),
        "message_id": "0",
        "thread_id": "19:meeting_sandbox@thread.v2",
    }


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def add(
    db: sqlite3.Connection,
    user_id: str,
    platform: Platform,
    email: str | None,
    count: int,
    now: float,
) -> None:
    """Give the user ``count`` meetings of ``platform``, one a day from the next full hour on."""
    start = (now // HOUR + 1) * HOUR
    db.executemany(
        "INSERT OR REPLACE INTO meetings VALUES (?, ?, ?, ?, ?, ?, NULL)",
        (
            (
                derived_id(user_id, platform.value, "meeting", str(number)),
                user_id,
                platform.value,
                number,
                email,
                start + number * DAY,
            )
            for number in range(count)
        ),
    )


def remove(db: sqlite3.Connection, user_id: str, platform: Platform) -> None:
    """Delete the user's meetings of ``platform``."""
    db.execute("DELETE FROM meetings WHERE user_id = ? AND platform = ?", (user_id, platform.value))


def of_user(db: sqlite3.Connection, user_id: str) -> list[Meeting]:
    """The user's meetings by start time."""
    rows = db.execute(
        "SELECT id, platform, number, email, start, override FROM meetings WHERE user_id = ?"
        " ORDER BY start, platform",
        (user_id,),
    )
    return [
        Meeting(i, platform, number, email, start, None if override is None else bool(override))
        for i, platform, number, email, start, override in rows
    ]


def set_override(db: sqlite3.Connection, meeting_id: str, override: bool | None) -> None:  # noqa: FBT001  # the value itself
    """Store the user's wish for one meeting."""
    db.execute("UPDATE meetings SET override = ? WHERE id = ?", (override, meeting_id))


def list_meetings(call: EndpointCall) -> ApiResponse:
    """The user's meetings, filtered by the prefix ``ical_uid`` and bounds of the start time.

    A time without a zone is in UTC.
    """
    query = call.request.query
    after = _moment(query.get("start_time_after"), "start_time_after")
    before = _moment(query.get("start_time_before"), "start_time_before")
    found = [
        meeting.document(call.user.preferences)
        for meeting in of_user(call.db, call.user.id)
        if meeting.ical_uid.startswith(query.get("ical_uid", ""))
        and (after is None or meeting.start >= after)
        and (before is None or meeting.start <= before)
    ]
    return json_response(200, found)


def _moment(text: str | None, name: str) -> float | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(**{name: "Enter a valid date/time."}) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def refresh_meetings(call: EndpointCall) -> ApiResponse:
    """The user's meetings; the sandbox's are always fresh."""
    if not call.user.anything_connected:
        detail = {"code": "unprocessable_entity", "detail": "No calendar is connected."}
        raise RequestRefused(json_response(422, detail))
    found = of_user(call.db, call.user.id)
    return json_response(200, [meeting.document(call.user.preferences) for meeting in found])


def _meeting(call: EndpointCall) -> Meeting:
    for meeting in of_user(call.db, call.user.id):
        if meeting.id == call.meeting_id:
            return meeting
    raise not_found()


def get_meeting(call: EndpointCall) -> ApiResponse:
    """One meeting of the user."""
    return json_response(200, _meeting(call).document(call.user.preferences))


def update_meeting(call: EndpointCall) -> ApiResponse:
    """Set the user's wish to record one meeting, or lift it with null."""
    before = _meeting(call)
    body = fields_of(call.request, call.behaviour)
    override = boolean(body.get("override_should_record", before.override))
    if override in ("", "null"):  # how a form spells null
        override = None
    if override is not None and not isinstance(override, bool):
        raise invalid(override_should_record="Must be a valid boolean.")
    effect = "changed override_should_record" if override is not before.override else None
    set_override(call.db, before.id, override)
    return json_response(200, _meeting(call).document(call.user.preferences), effect)
