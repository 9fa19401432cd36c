"""What a configuration says, and every way in which it can be wrong."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from reconciler.config import (
    BaseUrl,
    Region,
    SandboxSource,
    SecretFromCommand,
    SecretFromEnvironment,
    SecretFromFile,
    load_configuration,
)
from reconciler.domain import (
    InvalidInput,
    Limits,
    RateLimits,
    SourceLocation,
    Timeouts,
    UndeclaredPolicy,
    UnknownEmail,
)
from tests.config.file import HEAD, REAL, File


def place(line: int, column: int) -> SourceLocation:
    return SourceLocation("reconciler.yaml", line, column)


def test_a_workspace_with_nothing_but_the_necessary_has_the_defaults(file: File) -> None:
    workspace = file.workspace("")
    assert workspace.remote == Region("us-west-2")
    assert workspace.api_key == SecretFromEnvironment("RECALL_API_KEY", place(6, 5))
    assert workspace.manifests == (file.path.parent / "m",)
    assert workspace.limits == Limits(10, 20, 30)
    assert workspace.max_disconnects_source is None
    assert workspace.max_disconnect_percent_source is None
    assert workspace.max_fleet_shrink_percent_source is None
    assert workspace.protected == ()
    assert workspace.protected_unknown_email is UnknownEmail.HOLD
    assert workspace.undeclared is UndeclaredPolicy.REPORT
    assert workspace.rate_limits == RateLimits(share=0.5, list=60, authenticate=300, user=120)
    assert workspace.timeouts == Timeouts(
        connect=10, read=30, list=120, read_back=60, retry_after_cap=120, plan_expiry=24
    )
    assert workspace.source == place(3, 3)


def test_every_setting_is_read(file: File) -> None:
    workspace = file.workspace(
        "    protected: [ceo@example.com, '*@board.example.com']\n"
        "    protectedUnknownEmail: ignore\n"
        "    unmanaged: fail\n"
        "    rateLimits: {share: 1, list: 6, authenticate: 30.0, user: 12}\n"
        "    timeouts:\n"
        "      {connectSeconds: 1, readSeconds: 2, listSeconds: 3, readBackSeconds: 4.5,\n"
        "       retryAfterCapSeconds: 0, planExpiryHours: 6}\n"
    )
    assert workspace.protected == ("ceo@example.com", "*@board.example.com")
    assert workspace.protected_unknown_email is UnknownEmail.IGNORE
    assert workspace.undeclared is UndeclaredPolicy.FAIL
    assert workspace.rate_limits == RateLimits(share=1, list=6, authenticate=30, user=12)
    assert workspace.timeouts == Timeouts(
        connect=1, read=2, list=3, read_back=4.5, retry_after_cap=0, plan_expiry=6
    )


@pytest.mark.parametrize(
    ("limits", "expected", "sources"),
    [
        ("{}", Limits(10, 20, 30), (None, None, None)),
        ("{maxDisconnects: 5}", Limits(5, 20, 30), (place(7, 14), None, None)),
        ("{maxDisconnects: null}", Limits(None, 20, 30), (place(7, 14), None, None)),
        ("{maxDisconnectPercent: 0}", Limits(10, 0, 30), (None, place(7, 14), None)),
        ("{maxFleetShrinkPercent: 0}", Limits(10, 20, 0), (None, None, place(7, 14))),
        ("{maxFleetShrinkPercent: null}", Limits(10, 20, None), (None, None, place(7, 14))),
        (
            "{maxDisconnects: 0, maxDisconnectPercent: ~, maxFleetShrinkPercent: 100}",
            Limits(0, None, 100),
            (place(7, 14), place(7, 33), place(7, 58)),
        ),
    ],
)
def test_limits_know_where_they_are_set(
    file: File, limits: str, expected: Limits, sources: tuple[object, object, object]
) -> None:
    workspace = file.workspace(f"    limits: {limits}\n")
    assert workspace.limits == expected
    assert sources == (
        workspace.max_disconnects_source,
        workspace.max_disconnect_percent_source,
        workspace.max_fleet_shrink_percent_source,
    )


@pytest.mark.parametrize(("limit", "percent"), [("", 30), ("maxSourceShrinkPercent: 5", 5)])
def test_sources_have_a_limit_of_their_own(file: File, limit: str, percent: int) -> None:
    workspace = file.workspace(f"    limits: {{{limit}}}\n")
    assert workspace.limits.source_shrink_percent == percent
    assert workspace.max_source_shrink_percent_source == (place(7, 14) if limit else None)


@pytest.mark.parametrize(
    ("limit", "matches"),
    [("", 50), ("maxRuleMatches: 50", 50), ("maxRuleMatches: ~", None), ("maxRuleMatches: 0", 0)],
)
def test_rules_have_a_limit_of_their_own(file: File, limit: str, matches: int | None) -> None:
    workspace = file.workspace(f"    limits: {{{limit}}}\n")
    assert workspace.limits.rule_matches == matches
    assert (workspace.limits == Limits()) == (matches == 50)
    assert workspace.max_rule_matches_source == (place(7, 14) if limit else None)


def test_days_are_those_of_utc_unless_a_zone_is_named(file: File) -> None:
    assert file.workspace("").time_zone == ZoneInfo("UTC")
    assert file.workspace("    timeZone: Europe/Berlin\n").time_zone == ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize("name", ["Europe/Berlln", "../etc/passwd", "/etc/passwd", "Europe"])
def test_a_time_zone_that_does_not_exist_is_an_error(file: File, name: str) -> None:
    assert file.error_of(f"    timeZone: {name}\n") == (
        f"reconciler.yaml:7:15: there is no time zone `{name}` (write one such as `Europe/Berlin`;"
        " without it, days are UTC)"
    )


def test_a_whole_number_with_a_point_is_a_whole_number(file: File) -> None:
    limits = file.workspace("    limits: {maxDisconnects: 7.0}\n").limits
    assert limits.max_disconnects == 7
    assert isinstance(limits.max_disconnects, int)


def test_paths_are_relative_to_the_file_that_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sub").mkdir()
    path = tmp_path / "sub" / "c.yaml"
    path.write_text(
        "apiVersion: reconciler/v1\nworkspaces:\n  s:\n    manifests: [m, /abs]\n"
        "    sandbox: {seed: fleet.yaml}\n    apiKey: {file: key}\n"
    )
    monkeypatch.chdir(tmp_path)
    configuration = load_configuration(Path("sub/c.yaml"))
    workspace = configuration.workspace("s")
    folder = tmp_path / "sub"
    assert configuration.path == path
    assert workspace.manifests == (folder / "m", Path("/abs"))
    assert workspace.remote == SandboxSource(
        folder / "fleet.yaml", folder / ".reconciler/sandbox-s.db"
    )
    assert workspace.api_key == SecretFromFile(folder / "key", SourceLocation("sub/c.yaml", 6, 5))


def test_a_sandbox_needs_no_key_and_may_name_its_state(file: File) -> None:
    workspace = file.load(HEAD + "    sandbox: {seed: f.yaml, state: s.db}\n").workspace("w")
    folder = file.path.parent
    assert workspace.remote == SandboxSource(folder / "f.yaml", folder / "s.db")
    assert workspace.api_key is None


def test_a_command_for_the_key_is_run_in_the_files_folder(file: File) -> None:
    text = HEAD + "    region: us-west-2\n    apiKey: {command: [vault, read]}\n"
    assert file.load(text).workspace("w").api_key == SecretFromCommand(
        ("vault", "read"), file.path.parent, place(6, 5)
    )


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://Recall.Example.com/", "https://recall.example.com"),
        ("HTTPS://host:443", "https://host"),
        ("https://host:8443", "https://host:8443"),
        ("http://localhost:8080/", "http://localhost:8080"),
        ("http://127.1.2.3:80", "http://127.1.2.3"),
        ("http://[::1]:9", "http://[::1]:9"),
        ("https://192.0.2.1", "https://192.0.2.1"),
    ],
)
def test_a_base_url_is_brought_to_one_form(file: File, text: str, url: str) -> None:
    settings = f'    baseUrl: "{text}"\n    apiKey: {{env: K}}\n'
    assert file.load(HEAD + settings).workspace("w").remote == BaseUrl(url)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("http://recall.example.com", "is http and not on loopback"),
        ("http://192.0.2.1", "is http and not on loopback"),
        ("ftp://host", "does not begin with https://"),
        ("recall.example.com", "does not begin with https://"),
        ("https://user:hunter2@host", "holds a user or a password"),
        ("https://host/hunter2", "holds a path, a query or a fragment"),
        ("https://host?key=hunter2", "holds a path, a query or a fragment"),
        ("https://host#hunter2", "holds a path, a query or a fragment"),
        ("https://", "names no host"),
        ("https://.", "names no host"),
        ("https://256.1.1.1", "names no host"),
        ("https://1.2.3", "names no host"),
        ("https://host.0x7f", "names no host"),
        ("https://host:port", "is no URL"),
        ("https://host:99999", "is no URL"),
        ("https://[::1", "is no URL"),
        ("https://a b", "holds spaces or characters that are not ASCII"),
        ("https://hö.st", "holds spaces or characters that are not ASCII"),
        ("https://a\\tb", "holds spaces or characters that are not ASCII"),
    ],
)
def test_an_unusable_base_url_is_an_error_that_does_not_tell_it(
    file: File, text: str, problem: str
) -> None:
    (error,) = file.errors(HEAD + f'    baseUrl: "{text}"\n    apiKey: {{env: K}}\n')
    assert error.startswith(f"reconciler.yaml:5:14: `baseUrl` {problem}")
    assert error.endswith("(write https://host or https://host:port)")
    assert "hunter2" not in error


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ("    regoin: x\n", "7:5: unknown field `regoin` (did you mean `region`?)"),
        (
            "    limits: {maxDisconnect: 1}\n",
            "7:14: unknown field `maxDisconnect` (did you mean `maxDisconnects`?)",
        ),
        (
            "    limits: {maxDisconnects: -1}\n",
            "7:30: `maxDisconnects` cannot be `-1` (write at least 0)",
        ),
        (
            "    limits: {maxDisconnectPercent: 101}\n",
            "7:36: `maxDisconnectPercent` cannot be `101` (write at most 100)",
        ),
        (
            "    limits: {maxFleetShrinkPercent: 101}\n",
            "7:37: `maxFleetShrinkPercent` cannot be `101` (write at most 100)",
        ),
        (
            "    limits: {maxFleetShrinkPercent: -1}\n",
            "7:37: `maxFleetShrinkPercent` cannot be `-1` (write at least 0)",
        ),
        (
            "    limits: {maxDisconnects: 1.5}\n",
            "7:30: `maxDisconnects` must be a whole number or null, not `1.5`",
        ),
        (
            "    limits: {maxDisconnects: true}\n",
            "7:30: `maxDisconnects` must be a whole number or null, not `true`",
        ),
        ("    limits:\n", "7:12: `limits` has no value (write a mapping, or leave it out)"),
        ("    rateLimits: {share: 0}\n", "7:25: `share` cannot be `0` (write more than 0)"),
        ("    rateLimits: {share: 1.1}\n", "7:25: `share` cannot be `1.1` (write at most 1)"),
        ("    rateLimits: {list: 0}\n", "7:24: `list` cannot be `0` (write at least 1)"),
        (
            "    timeouts: {readSeconds: 0}\n",
            "7:29: `readSeconds` cannot be `0` (write more than 0)",
        ),
        ("    timeouts: {readSeconds: x}\n", "7:29: `readSeconds` must be a number, not `x`"),
        (
            "    protectedUnknownEmail: false\n",
            "7:28: `protectedUnknownEmail` cannot be `false` (write `hold` or `ignore`)",
        ),
        (
            "    protected: [5]\n",
            (
                "7:17: an item of `protected` must be text, and YAML reads `5` as an integer"
                ' (quote it: "5")'
            ),
        ),
        ("    protected: [a, a]\n", "7:20: `a` appears twice in `protected` (remove one of them)"),
        (
            '    protected: [""]\n',
            "7:17: an item of `protected` is empty (write something, or leave it out)",
        ),
        (
            "    manifests: [x]\n",
            (
                "7:5: this key appears twice in one mapping, first at reconciler.yaml:4:5"
                " (remove one of them)"
            ),
        ),
    ],
)
def test_a_broken_setting_is_one_error_at_its_place(file: File, settings: str, error: str) -> None:
    assert file.error_of(settings) == f"reconciler.yaml:{error}"


def test_an_unknown_region_is_an_error_with_a_near_miss(file: File) -> None:
    (error,) = file.errors(HEAD + "    region: us-west-1\n    apiKey: {env: K}\n")
    assert error == (
        "reconciler.yaml:5:13: `region` cannot be `us-west-1` (did you mean `us-west-2`?)"
    )


@pytest.mark.parametrize("remote", ["", "    baseUrl: https://h\n    region: us-west-2\n"])
def test_a_workspace_is_in_exactly_one_place(file: File, remote: str) -> None:
    (error,) = file.errors(HEAD + remote + "    apiKey: {env: K}\n")
    assert (
        error == "reconciler.yaml:4:5: `w` needs exactly one of `region`, `baseUrl` and `sandbox`"
    )


def test_the_real_api_needs_a_key(file: File) -> None:
    (error,) = file.errors(HEAD + "    region: us-west-2\n")
    assert error == "reconciler.yaml:4:5: `apiKey` is missing (add `apiKey`)"


@pytest.mark.parametrize(
    "body",
    [
        "workspaces: {w: {region: us-west-2, apiKey: {env: K}}}",
        "workspaces: {}",
        "ledger: sqlite:///x",
    ],
)
def test_what_is_necessary_is_asked_for(file: File, body: str) -> None:
    (error,) = file.errors(f"apiVersion: reconciler/v1\n{body}\n")
    assert error.split(": ", 1)[1].split(" (")[0] in {
        "`manifests` is missing",
        "`workspaces` is empty",
        "`workspaces` is missing",
    }


@pytest.mark.parametrize("name", ["../up", "a b", ".x", "é"])
def test_a_workspaces_name_is_fit_for_a_file_name(file: File, name: str) -> None:
    text = HEAD.replace("  w:", f'  "{name}":') + REAL
    errors = file.errors(text)
    assert errors == [
        (
            f"reconciler.yaml:3:3: a name in `workspaces` `{name}` must begin with"
            " a letter or digit and hold only those, `.`, `_` and `-`"
        )
    ]


def test_the_default_workspace_must_be_there(file: File) -> None:
    assert file.errors(HEAD + REAL + "defaultWorkspace: ww\n") == [
        "reconciler.yaml:7:19: there is no workspace `ww` (did you mean `w`?)"
    ]
    assert file.errors(HEAD + REAL + "defaultWorkspace: prod\n") == [
        "reconciler.yaml:7:19: there is no workspace `prod` (there are: w)"
    ]


def test_a_configuration_is_one_document(file: File) -> None:
    errors = file.errors(HEAD + REAL + "---\n" + HEAD + REAL)
    assert errors == ["reconciler.yaml:8:1: a second document (a configuration is one document)"]


def test_an_empty_file_and_one_that_is_no_yaml_are_errors(file: File) -> None:
    assert file.errors("") == ["reconciler.yaml: the file is empty (write a document into it)"]
    assert file.errors("a: [")[0].startswith("reconciler.yaml:2:1: not YAML")
    assert file.errors(b"\xff")[0].startswith("reconciler.yaml:1:1: not UTF-8")


def test_all_errors_are_reported(file: File) -> None:
    errors = file.errors(
        "apiVersion: v1\nworkspaces:\n  w: {region: x, apiKey: 1}\n  v: {manifests: []}\nx: y\n"
    )
    assert [error.split(": ")[0] for error in errors] == [
        "reconciler.yaml:1:13",
        "reconciler.yaml:3:6",
        "reconciler.yaml:3:15",
        "reconciler.yaml:3:26",
        "reconciler.yaml:4:6",
        "reconciler.yaml:4:6",
        "reconciler.yaml:4:18",
        "reconciler.yaml:5:1",
    ]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ('manifests: [m, "m\\0"]\n' + REAL, "4:20"),
        ('manifests: [m]\n    sandbox: {seed: "s\\0"}\n', "5:21"),
        ('manifests: [m]\n    sandbox: {seed: s, state: "s\\0"}\n', "5:31"),
        ('manifests: [m]\n    region: us-west-2\n    apiKey: {file: "k\\0"}\n', "6:20"),
        ('manifests: [m]\n    region: us-west-2\n    apiKey: {command: [a, "k\\0"]}\n', "6:27"),
    ],
)
def test_a_null_character_where_the_system_takes_none_is_an_error_at_its_place(
    file: File, body: str, place: str
) -> None:
    assert file.errors(f"apiVersion: reconciler/v1\nworkspaces:\n  w:\n    {body}") == [
        f"reconciler.yaml:{place}: the text holds a null character (remove it)"
    ]


@pytest.mark.parametrize("field", ["rateLimits: {list", "limits: {maxDisconnects"])
def test_a_whole_number_that_no_machine_word_holds_is_an_error(file: File, field: str) -> None:
    shown = file.error_of(f"    {field}: 1.0e+19}}\n")
    name = field.partition("{")[2]
    assert shown.endswith(f"`{name}` is beyond 2^63 (write a smaller number)")


class TestSecretsAreNeverShown:
    HINT = (
        "must say where it is found, in exactly one way: {env: VARIABLE}, {file: PATH}"
        " or {command: [PROGRAM, ARGUMENT, …]}"
    )

    @pytest.mark.parametrize(
        "value", ["hunter2", "'hunter2'", "[hunter2]", "20251031", "2025-10-31"]
    )
    def test_a_key_in_place_of_its_source(self, file: File, value: str) -> None:
        errors = file.errors(HEAD + f"    region: us-west-2\n    apiKey: {value}\n")
        assert any("`apiKey` must be a mapping, not" in error for error in errors)
        assert any(error.endswith(f"({self.HINT})") for error in errors)
        assert not any("hunter2" in error or "2025" in error for error in errors)

    @pytest.mark.parametrize(
        "value",
        [
            "{hunter2: }",
            "{value: hunter2}",
            "{env: hunter-2}",
            "{env: hunter2-}",
            "{env: [hunter2]}",
            "{env: 20251031}",
            "{file: 20251031}",
            "{command: hunter2}",
            "{command: [a, 20251031]}",
            "{command: [a, 2025-10-31]}",
            "{env: K, hunter2: x, hunter2: y}",
            "{env: A, file: hunter2}",
            "{env: !hunter hunter2}",
            "!hunter2",
            "!hunter2 {env: K}",
            "{env: !hunter2 K}",
            "*hunter2",
            "{2025-10-31: x}",
            "",
            "{}",
        ],
    )
    def test_a_key_where_none_belongs(self, file: File, value: str) -> None:
        errors = file.errors(HEAD + f"    region: us-west-2\n    apiKey: {value}\n")
        assert errors
        assert not any("hunter2" in error or "hunter-2" in error for error in errors)
        assert not any("2025" in error for error in errors)


def test_a_workspace_is_chosen_by_name_or_default(file: File) -> None:
    text = HEAD + REAL + "  v:\n    manifests: [n/]\n    sandbox: {seed: s}\n"
    configuration = file.load(text + "defaultWorkspace: v\n")
    assert configuration.workspace("w").name == "w"
    assert configuration.workspace(None).name == "v"


def test_an_empty_name_of_a_workspace_is_not_the_default_one(file: File) -> None:
    configuration = file.load(HEAD + REAL + "defaultWorkspace: w\n")
    with pytest.raises(InvalidInput, match="there is no workspace ``"):
        configuration.workspace("")


def test_an_unknown_workspace_is_an_error_with_the_names_there_are(file: File) -> None:
    configuration = file.load(HEAD.replace("  w:", "  prod:") + REAL)
    with pytest.raises(InvalidInput) as caught:
        configuration.workspace("prd")
    assert str(caught.value) == (
        "reconciler.yaml: there is no workspace `prd`; there are: prod (did you mean `prod`?)"
    )


def test_no_workspace_at_all_is_an_error_with_the_names_there_are(file: File) -> None:
    with pytest.raises(InvalidInput) as caught:
        file.load(HEAD + REAL).workspace(None)
    assert str(caught.value) == (
        "reconciler.yaml: no workspace is named and there is no `defaultWorkspace`; there are: w"
        " (use --workspace or RECONCILER_WORKSPACE)"
    )
