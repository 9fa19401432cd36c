"""Sources: rows of files and inputs as declarations, and how they agree with entries."""

import pytest

from reconciler.domain import (
    Declarations,
    Handover,
    InvalidInput,
    Platform,
    Preferences,
    SourceLocation,
)
from reconciler.manifest import load_manifests, skip_input
from reconciler.manifest.register import MOST_CONTRADICTIONS
from reconciler.manifest.rows import InputData, RowFormat
from reconciler.manifest.sources import MOST_ERRORS
from tests.manifest.folder import HEAD, Folder

LEAVERS = """\
work_email,status,end_date,ticket
dave@example.com,terminated,2026-10-31,HR-1
erin@example.com,active,,
frank@example.com,retired,2026-11-30,HR-2
"""
SOURCE = """\
sources:
  - name: hr-leavers
    file: leavers.csv
    id: work_email
    where: {status: [terminated, retired]}
    platforms: []
    reason: "left {end_date} ({ticket})"
"""


def load(folder: Folder, text: str, rows: str = LEAVERS) -> Declarations:
    folder.write("leavers.csv", rows)
    return folder.load_text(HEAD + text)


def errors(folder: Folder, text: str, rows: str = LEAVERS) -> list[str]:
    folder.write("leavers.csv", rows)
    return folder.errors_of(HEAD + text)


def test_each_row_that_counts_declares_a_person(folder: Folder) -> None:
    declared = load(folder, SOURCE)
    assert list(declared.users) == ["dave@example.com", "frank@example.com"]
    dave = declared.users["dave@example.com"]
    assert dave.platforms == frozenset()
    assert dave.reason == "left 2026-10-31 (HR-1)"
    assert dave.place == SourceLocation("leavers.csv", 2)
    assert dave.source == "hr-leavers"


def test_what_was_read_is_known_by_its_digest(folder: Folder) -> None:
    (source,) = load(folder, SOURCE).sources
    (longer,) = load(folder, SOURCE, f"{LEAVERS}x@example.com,active,,\n").sources
    assert (source.name, source.rows) == ("hr-leavers", 2)
    assert source.digest.startswith("sha256:")
    assert (longer.rows, longer.definition) == (2, source.definition)
    assert longer.digest != source.digest


def test_a_source_inherits_from_its_group_and_the_defaults(folder: Folder) -> None:
    declared = load(
        folder,
        """\
defaults: {handover: immediate}
groups:
  staff: {platforms: [microsoft], preferences: {bot_name: N}}
sources:
  - {name: directory, file: leavers.csv, id: work_email, group: staff, where: {status: [active]}}
""",
    )
    erin = declared.users["erin@example.com"]
    assert erin.platforms == frozenset({Platform.MICROSOFT})
    assert (erin.handover, erin.group) == (Handover.IMMEDIATE, "staff")
    assert erin.preferences == Preferences(bot_name="N")


def test_an_input_is_read_by_its_name(folder: Folder) -> None:
    folder.write("m.yaml", HEAD + "sources: [{name: d, input: directory, id: mail}]\n")
    asked = []

    def read(name: str) -> InputData:
        asked.append(name)
        return InputData(b'{"mail": "a"}\n{"mail": "b"}\n', RowFormat.JSONL)

    declared = load_manifests([folder.path], inputs=read)
    assert asked == ["directory"]
    assert {str(user.place) for user in declared.users.values()} == {
        "input directory:1",
        "input directory:2",
    }


def test_an_input_that_nobody_defines_is_an_error(folder: Folder) -> None:
    folder.write("m.yaml", HEAD + "sources: [{name: d, input: directory, id: mail}]\n")

    def unknown(name: str) -> InputData:
        raise KeyError(name)

    with pytest.raises(InvalidInput, match="the configuration defines no input `directory`"):
        load_manifests([folder.path], inputs=unknown)
    with pytest.raises(InvalidInput, match="the input `directory` is not read here"):
        load_manifests([folder.path])


def test_an_input_may_be_left_out_where_nothing_is_run(folder: Folder) -> None:
    folder.write("m.yaml", HEAD + "sources: [{name: d, input: directory, id: mail}]\n")
    declared = load_manifests([folder.path], inputs=skip_input)
    assert (declared.users, declared.sources) == ({}, ())


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (
            ("leavers.csv", "leavers.txt"),
            (
                "m.yaml:4:11: `leavers.txt` cannot be read: No such file or directory (check the"
                " path, from the folder of this manifest on)"
            ),
        ),
        (
            ("file: leavers.csv", "input: a\n    file: leavers.csv"),
            "m.yaml:3:5: an item of `sources` must have either `file` or `input`",
        ),
        (
            ("work_email", "mail"),
            (
                "leavers.csv:1: there is no column `mail` (there are: `work_email`, `status`,"
                " `end_date`, `ticket`)"
            ),
        ),
        (
            ("{ticket}", "{tickets}"),
            "leavers.csv:1: there is no column `tickets` (did you mean `ticket`?)",
        ),
        (
            ("{ticket}", "{ticket!r}"),
            (
                "m.yaml:3:5: the reason of `hr-leavers`: between `{` and `}` stands the name of a"
                " column, and only that (write `{{` and `}}` for braces)"
            ),
        ),
        (
            ("{ticket}", "{ticket"),
            (
                "m.yaml:3:5: the reason of `hr-leavers`: expected '}' before end of string (write"
                " `{{` and `}}` for braces)"
            ),
        ),
        (
            ('    reason: "left {end_date} ({ticket})"\n', ""),
            (
                "m.yaml:3:5: the source `hr-leavers` has `platforms: []` and no `reason` (add a"
                " `reason`)"
            ),
        ),
        (
            ("    platforms: []", "    group: none\n    platforms: []"),
            "m.yaml:7:12: the group `none` is defined in no manifest (define it under `groups`)",
        ),
    ],
)
def test_a_source_that_cannot_be_used_is_an_error(
    folder: Folder, change: tuple[str, str], error: str
) -> None:
    assert errors(folder, SOURCE.replace(*change)) == [error]


def test_the_end_of_the_name_says_how_a_file_is_written(folder: Folder) -> None:
    folder.write("people", "work_email\na\n")
    text = "sources: [{name: p, file: people, id: work_email}]\n"
    assert errors(folder, text) == [
        (
            "m.yaml:2:27: the end of `people` does not say how the file is written (add `format`:"
            " csv, json, jsonl, ldif)"
        )
    ]
    assert list(load(folder, text.replace("id:", "format: csv, id:")).users) == ["a"]


def test_a_row_without_a_usable_id_is_an_error_at_its_line(folder: Folder) -> None:
    rows = "work_email,status\n,terminated\na\x07,terminated\n,active\n"
    source = SOURCE.replace("{end_date} ({ticket})", "us")
    assert errors(folder, source, rows) == [
        (
            "leavers.csv:2: the id in column `work_email` is empty (correct the row, or leave it"
            " out with `where`)"
        ),
        (
            "leavers.csv:3: the id in column `work_email` holds a control character: `a\\x07`"
            " (correct the row, or leave it out with `where`)"
        ),
    ]


def test_a_broken_export_does_not_flood_the_reader(folder: Folder) -> None:
    rows = "work_email,status\n" + 1000 * ",terminated\n"
    source = SOURCE.replace("{end_date} ({ticket})", "us")
    assert len(errors(folder, source, rows)) == MOST_ERRORS + 1


def test_a_reason_is_one_line_of_visible_text(folder: Folder) -> None:
    rows = 'work_email,status,end_date,ticket\na,retired,"1\n2",\x1b[31m\n'
    assert load(folder, SOURCE, rows).users["a"].reason == "left 1 2 (\\x1b[31m)"


def test_a_record_that_is_an_error_of_the_export_is_not_passed_over(folder: Folder) -> None:
    folder.write("l.jsonl", '{"id": "a", "s": "left"}\n{"s": "here"}\n{"error": "rate limit"}\n')
    text = "sources: [{name: s, file: l.jsonl, id: id, where: {s: [left]}, platforms: [google]}]\n"
    assert errors(folder, text) == [
        (
            "l.jsonl:3: the record has nothing in any needed column (see what it is: the export may"
            " have ended early)"
        )
    ]
    folder.write("l.csv", "id,s\na,left\n,\n")
    assert list(load(folder, text.replace("jsonl", "csv")).users) == ["a"]


def test_a_row_that_takes_everything_away_gives_a_reason(folder: Folder) -> None:
    source = SOURCE.replace("left {end_date} ({ticket})", "{ticket}")
    rows = f"{LEAVERS}grace@example.com,retired,2026-12-31,\n"
    assert errors(folder, source, rows) == [
        (
            "leavers.csv:5: the source has `platforms: []`, and the row gives no reason: `ticket`"
            " is empty (correct the row, or put words into the source's `reason`)"
        )
    ]
    kept = load(folder, source.replace("platforms: []", "platforms: [google]"), rows)
    assert kept.users["grace@example.com"].reason is None


def test_rows_without_a_reason_do_not_flood_the_reader(folder: Folder) -> None:
    source = SOURCE.replace("left {end_date} ({ticket})", "{ticket}")
    rows = "work_email,status,ticket\n" + 1000 * "a,retired,\n"
    assert len(errors(folder, source, rows)) == MOST_ERRORS + 1


def test_a_reason_may_name_a_column_twice(folder: Folder) -> None:
    declared = load(folder, SOURCE.replace("({ticket})", "({ticket}, see {ticket})"))
    assert declared.users["dave@example.com"].reason == "left 2026-10-31 (HR-1, see HR-1)"


def test_a_reason_may_hold_braces(folder: Folder) -> None:
    declared = load(folder, SOURCE.replace("({ticket})", "{{x}}"))
    assert declared.users["dave@example.com"].reason == "left 2026-10-31 {x}"


def test_names_of_sources_are_given_once(folder: Folder) -> None:
    twice = SOURCE + SOURCE.removeprefix("sources:\n")
    assert errors(folder, twice) == [
        (
            "m.yaml:9:5: the source `hr-leavers` is defined twice, first at m.yaml:3:5 (give each a"
            " name of its own)"
        )
    ]


def test_a_broken_source_hides_no_other_error(folder: Folder) -> None:
    both = SOURCE.replace("id: work_email", "ids: work_email") + "users: [{id: x, handovr: wait}]\n"
    assert len(errors(folder, both)) == 3  # `ids`, no `id`, `handovr`


class TestDeclaredTwice:
    """One person by an entry and a row, or by several rows."""

    def test_entry_and_row_complete_each_other(self, folder: Folder) -> None:
        text = "users: [{id: dave@example.com, preferences: {bot_name: N}}]\n"
        declared = load(folder, text + SOURCE)
        (row,) = declared.others["dave@example.com"]
        assert declared.users["dave@example.com"].source is None
        assert row.source == "hr-leavers"

    def test_what_they_set_differently_is_an_error_at_both_places(self, folder: Folder) -> None:
        text = "users: [{id: dave@example.com, platforms: [google]}]\n"
        assert errors(folder, text + SOURCE) == [
            (
                "leavers.csv:2: `dave@example.com` has other `platforms` at m.yaml:2:9:"
                " `[google]`, not `[]` (correct one of them, or let an entry win with"
                " `sources: override`)"
            )
        ]

    def test_a_row_that_agrees_with_an_entry_is_kept_for_its_source(self, folder: Folder) -> None:
        text = "users: [{id: dave@example.com, platforms: [], reason: left}]\n"
        (row,) = load(folder, text + SOURCE).others["dave@example.com"]
        assert row.source == "hr-leavers"

    @pytest.mark.parametrize(
        ("entry", "field"),
        [
            ("platforms: [], reason: r, handover: immediate", "`handover`"),
            ("preferences: {bot_name: M, record_external: true}", "`preferences.bot_name`"),
        ],
    )
    def test_every_field_counts(self, folder: Folder, entry: str, field: str) -> None:
        text = f"users: [{{id: dave@example.com, {entry}}}]\n{SOURCE}"
        (error,) = errors(folder, f"{text}    preferences: {{bot_name: N}}\n")
        assert f"has other {field} at m.yaml:2:9" in error

    def test_an_export_that_contradicts_everybody_does_not_flood_the_reader(
        self, folder: Folder
    ) -> None:
        people = [f"p{number:02}" for number in range(MOST_CONTRADICTIONS + 5)]
        entries = "".join(f"  - {{id: {name}, platforms: [google]}}\n" for name in people)
        rows = "work_email,status,end_date,ticket\n" + "".join(f"{p},retired,,\n" for p in people)
        first, *named = errors(folder, f"users:\n{entries}{SOURCE}", rows)
        assert first == (
            "5 more rows of `hr-leavers` contradict other declarations (look at the whole export)"
        )
        assert len(named) == MOST_CONTRADICTIONS

    def test_preferences_that_agree_are_no_contradiction(self, folder: Folder) -> None:
        text = "users: [{id: dave@example.com, preferences: {bot_name: N, record_external: true}}]"
        declared = load(folder, f"{text}\n{SOURCE}    preferences: {{bot_name: N}}\n")
        assert len(declared.others["dave@example.com"]) == 1

    def test_an_entry_may_say_that_it_wins(self, folder: Folder) -> None:
        text = "users: [{id: dave@example.com, platforms: [google], sources: override}]\n"
        declared = load(folder, text + SOURCE)
        assert declared.users["dave@example.com"].platforms == frozenset({Platform.GOOGLE})

    def test_rows_that_agree_are_one(self, folder: Folder) -> None:
        rows = f"{LEAVERS}dave@example.com,retired,2026-11-01,HR-9\n"
        declared = load(folder, SOURCE, rows)
        assert declared.users["dave@example.com"].place.line == 2
        assert declared.others == {}
        assert declared.sources[0].rows == 2

    def test_rows_of_two_sources_must_agree(self, folder: Folder) -> None:
        second = "  - {name: staff, file: leavers.csv, id: work_email, platforms: [google]}\n"
        found = errors(folder, SOURCE + second)
        assert [error.partition(" (")[0].partition(" has ") for error in found] == [
            (f"leavers.csv:{line}: `{name}@example.com`", " has ", other)
            for line, name, other in (
                (2, "dave", "other `platforms` at leavers.csv:2: `[]`, not `[google]`"),
                (4, "frank", "other `platforms` at leavers.csv:4: `[]`, not `[google]`"),
            )
        ]

    STAFF = "  - {name: staff, file: leavers.csv, id: work_email, where: {status: [terminated]}"

    @pytest.mark.parametrize("platforms", ["google", "microsoft"])
    @pytest.mark.parametrize("leavers_first", [True, False])
    def test_an_entry_that_wins_decides_where_rows_contradict(
        self, folder: Folder, platforms: str, *, leavers_first: bool
    ) -> None:
        text = "users: [{id: dave@example.com, platforms: [google], sources: override}]\n"
        staff = f"{self.STAFF}, platforms: [{platforms}]}}\n"
        sources = SOURCE + staff if leavers_first else SOURCE.replace("\n", f"\n{staff}", 1)
        user = load(folder, text + sources).users["dave@example.com"]
        assert (user.source, user.platforms) == (None, frozenset({Platform.GOOGLE}))

    @pytest.mark.parametrize(
        "entry",
        [
            "platforms: [google], sources: override, until: 2026-12-31",
            "preferences: {bot_name: M}, sources: override",
        ],
    )
    def test_rows_must_agree_where_no_entry_decides(self, folder: Folder, entry: str) -> None:
        text = f"users: [{{id: dave@example.com, {entry}}}]\n"
        staff = f"{self.STAFF}, platforms: [google], preferences: {{bot_name: N}}}}\n"
        (error,) = errors(folder, f"{text}{SOURCE}    preferences: {{bot_name: O}}\n{staff}")
        assert "has other `platforms` at leavers.csv:2" in error

    def test_an_entry_decides_a_preference_too(self, folder: Folder) -> None:
        text = "users: [{id: dave@example.com, preferences: {bot_name: M}, sources: override}]\n"
        staff = f"{self.STAFF}, preferences: {{bot_name: N}}}}\n"
        sources = f"{SOURCE}    preferences: {{bot_name: O}}\n{staff}"
        user = load(folder, text + sources).users["dave@example.com"]
        assert user.preferences == Preferences(bot_name="M")

    def test_at_different_times_they_may_differ(self, folder: Folder) -> None:
        text = "users: [{id: dave@example.com, platforms: [google], until: 2026-12-31}]\n"
        declared = load(folder, f"{text}{SOURCE}    from: 2027-01-01\n")
        assert len(declared.others["dave@example.com"]) == 1

    def test_a_window_outside_that_of_the_group_never_counts(self, folder: Folder) -> None:
        text = "groups: {g: {until: 2026-12-31}}\nusers:\n" + "".join(
            f"  - {{id: dave@example.com, platforms: [google]{more}}}\n"
            for more in (", group: g, from: 2027-01-01", "")
        )
        assert len(load(folder, text).others["dave@example.com"]) == 1

    def test_many_rows_of_a_broken_entry_do_not_flood_the_reader(self, folder: Folder) -> None:
        text = "users: [{id: dave@example.com, platforms: [gogle]}]\n"
        rows = LEAVERS + 1000 * "dave@example.com,retired,,\n"
        assert len(errors(folder, text + SOURCE, rows)) == 2

    def test_a_broken_entry_is_not_outdone_by_a_row(self, folder: Folder) -> None:
        text = "users: [{id: dave@example.com, platforms: [gogle]}]\n"
        assert len(errors(folder, text + SOURCE)) == 2
