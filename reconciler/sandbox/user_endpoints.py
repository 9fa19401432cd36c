"""The endpoints of one calendar user, which take that user's token."""

from datetime import UTC, datetime

from reconciler.domain import PREFERENCE_FIELDS, Platform
from reconciler.sandbox import connecting, meetings, people
from reconciler.sandbox.body import boolean, fields_of, text_field, text_problem
from reconciler.sandbox.call import Call
from reconciler.sandbox.people import Person
from reconciler.sandbox.wire import (
    Answer,
    Refused,
    invalid,
    json_answer,
    json_bytes,
    not_found,
)

DEFAULTS: dict[str, object] = {
    name: people.DEFAULT_BOT_NAME if name == "bot_name" else False for name in PREFERENCE_FIELDS
}


def get_user(_call: Call, person: Person) -> Answer:
    """The calendar user."""
    return json_bytes(200, person.document())


def update_user(call: Call, person: Person) -> Answer:
    """Change preferences (and the external id); what is not sent stays, unless switched."""
    body = fields_of(call.request, call.behaviour)
    effects: list[str] = []
    external_id, preferences = person.external_id, person.preferences
    if "external_id" in body:
        external_id = text_field(body["external_id"], "external_id")
    if "preferences" in body:
        preferences = _preferences(call, person, body["preferences"])
    if external_id is not None and external_id != person.external_id:
        taken = people.find_by_external_id(call.db, external_id) is not None
        if taken and call.behaviour.taken_external_id == "refused":
            raise invalid(external_id="This field must be unique.")
        effects.append("changed external_id")
    if preferences != person.preferences:
        before = person.preferences or {}
        changed = [k for k, v in (preferences or {}).items() if before.get(k) != v and k != "id"]
        effects.append(f"changed preferences: {', '.join(changed)}")
    person.external_id, person.preferences = external_id, preferences
    if effects:
        people.save(call.db, person, call.now)
    return json_bytes(200, person.document(), "; ".join(effects) or None)


def _preferences(call: Call, person: Person, value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        text = f"Invalid data. Expected a dictionary, but got {type(value).__name__}."
        raise invalid(preferences=text if value is not None else "This field may not be null.")
    sent = {
        name: value[name] if name == "bot_name" else boolean(value[name])
        for name in PREFERENCE_FIELDS
        if name in value
    }
    problems = {name: _problem(name, setting) for name, setting in sent.items()}
    wrong = {name: [problem] for name, problem in problems.items() if problem}
    whole = call.request.method == "PUT"
    if whole and call.behaviour.put_preferences == "require_all":
        missing = [n for n in PREFERENCE_FIELDS if n not in sent and n != "bot_name"]
        wrong.update({name: ["This field is required."] for name in missing})
    if wrong:
        raise Refused(json_answer(400, {"preferences": wrong}))
    if whole and call.behaviour.put_preferences == "replace":
        sent = {**DEFAULTS, **sent}
    return people.merged_preferences(person, sent)


def _problem(name: str, setting: object) -> str | None:
    if name != "bot_name":
        return None if isinstance(setting, bool) else "Must be a valid boolean."
    return text_problem(setting) if isinstance(setting, str) else "Not a valid string."


def delete_user(call: Call, person: Person) -> Answer:
    """Remove the user with all connections."""
    people.delete(call.db, person, call.now)
    return Answer(204, effect="deleted user")


def disconnect(call: Call, person: Person) -> Answer:
    """Disconnect one platform. Takes effect at once, unless switched."""
    body = fields_of(call.request, call.behaviour)
    if "platform" not in body:
        raise invalid(platform="This field is required.")
    value = body["platform"]
    if value is None:
        raise invalid(platform="This field may not be null.")
    if value not in list(Platform):
        raise invalid(platform=f'"{str(value)[:200]}" is not a valid choice.')
    platform = Platform(str(value))
    if not person.connected_rows(platform):
        return _nothing_to_disconnect(call, person, platform)
    if platform in person.pending:
        return json_bytes(200, person.document())
    delay = call.behaviour.disconnect_takes_seconds
    if delay:
        person.pending[platform] = call.now + delay
        people.save(call.db, person, call.now)
        return json_bytes(200, person.document(), f"disconnects {platform} in {delay:g} s")
    connecting.disconnect(call.db, person, platform, call.behaviour, call.now)
    return json_bytes(200, person.document(), f"disconnected {platform}")


def _nothing_to_disconnect(call: Call, person: Person, platform: Platform) -> Answer:
    match call.behaviour.disconnect_when_not_connected:
        case 200:
            return json_bytes(200, person.document())
        case 400:
            raise invalid(platform=f"{platform} is not connected.")
        case _:
            raise not_found()


def list_meetings(call: Call, person: Person) -> Answer:
    """The user's meetings; filters: ``ical_uid`` (prefix) and the bounds of the start time.

    A time without a zone is one of UTC.
    """
    query = call.request.query
    after = _moment(query.get("start_time_after"), "start_time_after")
    before = _moment(query.get("start_time_before"), "start_time_before")
    found = [
        meeting.document(person.preferences)
        for meeting in meetings.of_user(call.db, person.id)
        if meeting.ical_uid.startswith(query.get("ical_uid", ""))
        and (after is None or meeting.start >= after)
        and (before is None or meeting.start <= before)
    ]
    return json_answer(200, found)


def _moment(text: str | None, name: str) -> float | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(**{name: "Enter a valid date/time."}) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def refresh_meetings(call: Call, person: Person) -> Answer:
    """Read the calendars anew; the sandbox's are always fresh."""
    if not person.anything_connected and call.behaviour.refresh_when_not_connected == 422:
        detail = {"code": "unprocessable_entity", "detail": "No calendar is connected."}
        raise Refused(json_answer(422, detail))
    found = meetings.of_user(call.db, person.id)
    return json_answer(200, [meeting.document(person.preferences) for meeting in found])


def _meeting(call: Call, person: Person) -> meetings.Meeting:
    for meeting in meetings.of_user(call.db, person.id):
        if meeting.id == call.meeting_id:
            return meeting
    raise not_found()


def get_meeting(call: Call, person: Person) -> Answer:
    """One meeting of the user."""
    return json_answer(200, _meeting(call, person).document(person.preferences))


def update_meeting(call: Call, person: Person) -> Answer:
    """Set or lift (null) the person's wish to record one meeting."""
    before = _meeting(call, person)
    body = fields_of(call.request, call.behaviour)
    override = boolean(body.get("override_should_record", before.override))
    if override in ("", "null"):  # how a form spells null
        override = None
    if override is not None and not isinstance(override, bool):
        raise invalid(override_should_record="Must be a valid boolean.")
    effect = "changed override_should_record" if override is not before.override else None
    meetings.set_override(call.db, before.id, override)
    return json_answer(200, _meeting(call, person).document(person.preferences), effect)
