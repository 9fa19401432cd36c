"""``defaults``: what holds for every workspace that does not say otherwise."""

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from reconciler.config import (
    BaseUrl,
    Region,
    SandboxSource,
    SecretFromCommand,
    SecretFromEnvironment,
    SecretFromFile,
    Workspace,
)
from reconciler.domain import (
    Limits,
    OAuthClient,
    Platform,
    RateLimits,
    SourceLocation,
    Timeouts,
    UndeclaredPolicy,
    UnknownEmail,
)
from reconciler.manifest import schema
from tests.config.file import File

HEAD = "apiVersion: reconciler/v1\ndefaults:\n"
ALL = (
    "  region: us-west-2\n"
    "  apiKey: {env: KEY}\n"
    "  manifests: [m/]\n"
    "  limits: {maxDisconnects: 5, maxDisconnectPercent: 6}\n"
    "  protected: [ceo@example.com]\n"
    "  protectedUnknownEmail: ignore\n"
    "  timeZone: Europe/Berlin\n"
    "  unmanaged: fail\n"
    "  oauth: {google: {clientId: default}}\n"
    "  rateLimits: {share: 0.25, list: 7}\n"
    "  timeouts: {readSeconds: 3, planExpiryHours: 4}\n"
)
ENOUGH = "  region: us-west-2\n  apiKey: {env: KEY}\n  manifests: [m/]\n"


def place(line: int, column: int) -> SourceLocation:
    return SourceLocation("reconciler.yaml", line, column)


def with_defaults(file: File, defaults: str, fields: str = "{}", name: str = "w") -> Workspace:
    """The workspace ``name`` with ``fields``, one of two."""
    text = f"{HEAD}{defaults}workspaces:\n  {name}: {fields}\n  other: {{}}\n"
    return file.load(text).workspace(name)


def errors(file: File, defaults: str, fields: str = "{}", name: str = "w") -> list[str]:
    """The errors of a configuration in which the workspace is on line 7 after ``ENOUGH``."""
    return file.errors(f"{HEAD}{defaults}workspaces:\n  {name}: {fields}\n")


def test_a_workspace_that_says_nothing_has_every_default(file: File) -> None:
    workspace = with_defaults(file, ALL)
    assert workspace.remote == Region("us-west-2")
    assert workspace.api_key == SecretFromEnvironment("KEY", place(4, 3))
    assert workspace.manifests == (file.path.parent / "m",)
    assert workspace.limits == Limits(5, 6, 30)
    assert workspace.protected == ("ceo@example.com",)
    assert workspace.protected_unknown_email is UnknownEmail.IGNORE
    assert workspace.time_zone == ZoneInfo("Europe/Berlin")
    assert workspace.undeclared is UndeclaredPolicy.FAIL
    assert workspace.oauth.clients == {Platform.GOOGLE: OAuthClient("default")}
    assert workspace.rate_limits == RateLimits(share=0.25, list=7)
    assert workspace.timeouts == Timeouts(read=3, plan_expiry=4)
    assert workspace.source == place(15, 3)


def test_limits_rates_and_timeouts_are_merged_key_by_key(file: File) -> None:
    workspace = with_defaults(
        file,
        ALL,
        "{limits: {maxDisconnects: null, maxRuleMatches: 9}, rateLimits: {share: 1},"
        " timeouts: {readSeconds: 8}}",
    )
    assert workspace.limits == Limits(None, 6, 30, max_rule_matches=9)
    assert workspace.rate_limits == RateLimits(share=1, list=7)
    assert workspace.timeouts == Timeouts(read=8, plan_expiry=4)


def test_a_limit_knows_whether_the_workspace_or_the_defaults_set_it(file: File) -> None:
    workspace = with_defaults(file, ALL, "{limits: {maxDisconnects: 1}}")
    assert workspace.max_disconnects_source == place(15, 16)
    assert workspace.max_disconnect_percent_source == place(6, 31)
    assert workspace.max_fleet_shrink_percent_source is None


def test_any_other_field_of_a_workspace_replaces_the_default_as_a_whole(file: File) -> None:
    workspace = with_defaults(
        file,
        ALL,
        "{manifests: [n/], protected: [], timeZone: UTC, unmanaged: report, apiKey: {file: k},"
        " oauth: {microsoft: {clientId: own}}, protectedUnknownEmail: hold}",
    )
    assert workspace.manifests == (file.path.parent / "n",)
    assert workspace.protected == ()
    assert workspace.time_zone == ZoneInfo("UTC")
    assert workspace.undeclared is UndeclaredPolicy.REPORT
    assert workspace.api_key == SecretFromFile(file.path.parent / "k", place(15, 73))
    assert workspace.oauth.clients == {Platform.MICROSOFT: OAuthClient("own")}
    assert workspace.protected_unknown_email is UnknownEmail.HOLD


@pytest.mark.parametrize(
    ("default", "own", "remote"),
    [
        ("region: us-west-2", "region: eu-central-1", Region("eu-central-1")),
        ("region: us-west-2", "baseUrl: https://h", BaseUrl("https://h")),
        ("sandbox: {seed: s}", "region: us-east-1", Region("us-east-1")),
    ],
)
def test_a_workspace_that_says_where_its_api_is_takes_nothing_of_it_from_the_defaults(
    file: File, default: str, own: str, remote: Region | BaseUrl
) -> None:
    defaults = f"  {default}\n  apiKey: {{env: KEY}}\n  manifests: [m/]\n"
    workspace = with_defaults(file, defaults, f"{{{own}}}")
    assert workspace.remote == remote
    assert workspace.api_key == SecretFromEnvironment("KEY", place(4, 3))


def test_a_sandbox_of_its_own_gets_no_key_that_is_for_another_place(file: File) -> None:
    workspace = with_defaults(file, ENOUGH, "{sandbox: {seed: s}}")
    assert isinstance(workspace.remote, SandboxSource)
    assert workspace.api_key is None
    own = with_defaults(file, ENOUGH, "{sandbox: {seed: s}, apiKey: {env: OWN}}")
    assert own.api_key == SecretFromEnvironment("OWN", place(7, 27))


def test_a_default_sandbox_is_used_with_its_key(file: File) -> None:
    defaults = "  sandbox: {seed: s}\n  apiKey: {env: KEY}\n  manifests: [m/]\n"
    workspace = with_defaults(file, defaults)
    folder = file.path.parent
    assert workspace.remote == SandboxSource(folder / "s", folder / ".reconciler/sandbox-w.db")
    assert workspace.api_key == SecretFromEnvironment("KEY", place(4, 3))


@pytest.mark.parametrize(
    ("defaults", "fields", "error"),
    [
        (
            "  region: us-west-2\n  apiKey: {env: KEY}\n",
            "{}",
            "6:6: `manifests` is missing (add `manifests`, here or in `defaults`)",
        ),
        (
            "  apiKey: {env: KEY}\n  manifests: [m/]\n",
            "{}",
            (
                "6:6: `w` needs exactly one of `region`, `baseUrl` and `sandbox`"
                " (add it here or in `defaults`)"
            ),
        ),
        (
            "  region: us-west-2\n  manifests: [m/]\n",
            "{limits: {}}",
            "6:6: `apiKey` is missing (add `apiKey`, here or in `defaults`)",
        ),
        (
            "  sandbox: {seed: s}\n  manifests: [m/]\n",
            "{region: us-west-2}",
            "6:6: `apiKey` is missing (add `apiKey`, here or in `defaults`)",
        ),
        (
            ENOUGH,
            "{region: us-west-2, sandbox: {seed: s}}",
            "7:6: `w` needs exactly one of `region`, `baseUrl` and `sandbox`",
        ),
        (
            ENOUGH,
            "{limits: {maxDisconnect: 1}}",
            "7:16: unknown field `maxDisconnect` (did you mean `maxDisconnects`?)",
        ),
    ],
)
def test_what_is_wrong_with_a_workspace_is_reported_at_its_place(
    file: File, defaults: str, fields: str, error: str
) -> None:
    assert errors(file, defaults, fields) == [f"reconciler.yaml:{error}"]


@pytest.mark.parametrize(
    ("defaults", "error"),
    [
        (
            "  region: us-west-2\n  sandbox: {seed: s}\n",
            "3:3: `defaults` can have only one of `region`, `baseUrl` and `sandbox`",
        ),
        ("  regoin: x\n", "3:3: unknown field `regoin` (did you mean `region`?)"),
        ("  timeZone: Nowhere\n", "3:13: there is no time zone `Nowhere`"),
        ("  limits: {maxDisconnects: -1}\n", "3:28: `maxDisconnects` cannot be `-1`"),
        ("  limits: {maxDisconnects: 1.0e+19}\n", "3:28: `maxDisconnects` is beyond 2^63"),
        ("  timeouts: {readSeconds: 0}\n", "3:27: `readSeconds` cannot be `0`"),
        ('  manifests: ["m\\0"]\n', "3:15: the text holds a null character"),
        ("  name: x\n", "3:3: unknown field `name`"),
        ("  oauth: {successUrl: x}\n", "3:23: `successUrl` "),
    ],
)
def test_what_is_wrong_with_a_default_is_reported_once_at_its_place(
    file: File, defaults: str, error: str
) -> None:
    own = "region: us-west-2, apiKey: {env: K}"
    more = "" if "manifests" in defaults else ", manifests: [m/]"
    workspaces = "".join(f"  {name}: {{{own}{more}}}\n" for name in ("v", "w"))
    (found,) = file.errors(f"{HEAD}{defaults}workspaces:\n{workspaces}")
    assert found.startswith(f"reconciler.yaml:{error}")


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("[]", "2:11: `defaults` must be a mapping, not a list"),
        ("", "2:10: `defaults` has no value (write a mapping, or leave it out)"),
    ],
)
def test_defaults_are_a_mapping(file: File, value: str, error: str) -> None:
    text = f"apiVersion: reconciler/v1\ndefaults: {value}\nworkspaces: {{w: {{}}}}\n"
    assert file.errors(text) == [f"reconciler.yaml:{error}"]


def test_a_base_url_in_defaults_is_checked_there(file: File) -> None:
    (error,) = errors(file, "  baseUrl: ftp://h\n  apiKey: {env: K}\n  manifests: [m/]\n")
    assert error.startswith("reconciler.yaml:3:12: `baseUrl` does not begin with https://")


def test_every_field_of_a_workspace_can_have_a_default() -> None:
    whole: dict[str, Any] = schema("config")
    fields = whole["$defs"]["workspace"]["properties"]
    assert whole["properties"]["defaults"]["properties"] == {
        name: {"$ref": f"#/$defs/workspace/properties/{name}"} for name in fields
    }


def test_no_input_gets_a_key_that_a_default_names(file: File) -> None:
    defaults = "  region: us-west-2\n  apiKey: {env: 'KEY_{workspace}'}\n  manifests: [m/]\n"
    inputs = "inputs: {hr: {command: [x], format: csv, env: [KEY_w]}}\n"
    (error,) = file.errors(f"{HEAD}{defaults}workspaces:\n  v: {{}}\n  w: {{}}\n{inputs}")
    assert error == (
        "reconciler.yaml:9:48: `KEY_w` holds the API key of workspace `w` (remove it: no input gets"
        " an API key)"
    )


class TestThePlaceholder:
    def test_it_stands_for_the_name_in_paths_variables_and_commands(self, file: File) -> None:
        def sandbox(key: str) -> str:
            return (
                '  sandbox: {seed: "{workspace}.yaml", state: "s/{workspace}.db"}\n'
                '  manifests: [all/, "tenants/{workspace}/{workspace}.yaml"]\n'
                f"  apiKey: {key}\n"
            )

        folder = file.path.parent
        by_variable = with_defaults(file, sandbox('{env: "KEY_{workspace}_X"}'), name="acme_1")
        assert by_variable.remote == SandboxSource(folder / "acme_1.yaml", folder / "s/acme_1.db")
        assert by_variable.manifests == (folder / "all", folder / "tenants/acme_1/acme_1.yaml")
        assert by_variable.api_key == SecretFromEnvironment("KEY_acme_1_X", place(5, 3))
        by_file = with_defaults(file, sandbox('{file: "/keys/{workspace}"}'), name="a.b-c")
        assert by_file.api_key == SecretFromFile(Path("/keys/a.b-c"), place(5, 3))
        by_command = with_defaults(file, sandbox('{command: [get, "x/{workspace}"]}'), name="a.b-c")
        assert by_command.api_key == SecretFromCommand(("get", "x/a.b-c"), folder, place(5, 3))

    @pytest.mark.parametrize("name", ["acme-eu", "acme.eu", "1acme"])
    def test_a_name_that_makes_no_variable_is_an_error_at_the_workspace(
        self, file: File, name: str
    ) -> None:
        defaults = "  region: us-west-2\n  manifests: [m/]\n  apiKey: {env: '{workspace}_KEY'}\n"
        (error,) = errors(file, defaults, name=name)
        assert error == (
            f"reconciler.yaml:7:3: `{name}` in place of `{{workspace}}` at reconciler.yaml:5:17"
            " makes no name of an environment variable (such a name has letters, digits and `_`,"
            " and begins with no digit: rename the workspace, or say in it where its secret is)"
        )

    def test_a_name_may_begin_with_a_digit_in_the_middle_of_a_variable(self, file: File) -> None:
        defaults = "  region: us-west-2\n  manifests: [m/]\n  apiKey: {env: 'KEY_{workspace}'}\n"
        workspace = with_defaults(file, defaults, name="1acme")
        assert workspace.api_key == SecretFromEnvironment("KEY_1acme", place(5, 3))

    def test_names_that_differ_only_in_case_cannot_share_a_path(self, file: File) -> None:
        text = ENOUGH.replace("m/", "'{workspace}'")
        (error,) = file.errors(f"{HEAD}{text}workspaces: {{acme: {{}}, Acme: {{}}, b: {{}}}}\n")
        assert error == (
            "reconciler.yaml:6:24: `Acme` and `acme` differ only in case, and `{workspace}` in the"
            " paths of `defaults` stands for both (rename one of them: not every file system tells"
            " them apart)"
        )
        assert file.load(f"{HEAD}{ENOUGH}workspaces: {{acme: {{}}, Acme: {{}}}}\n").workspaces

    @pytest.mark.parametrize(
        ("text", "at"),
        [
            (
                f"{HEAD}{ENOUGH}  protected: ['{{workspace}}-admin']\nworkspaces: {{w: {{}}}}",
                "6:15",
            ),
            (f"{HEAD}{ENOUGH}  timeZone: '{{workspace}}'\nworkspaces: {{w: {{}}}}", "6:13"),
            (f"{HEAD}{ENOUGH}workspaces: {{w: {{manifests: ['{{workspace}}']}}}}", "6:30"),
            (f"{HEAD}{ENOUGH}workspaces: {{w: {{apiKey: {{env: '{{workspace}}'}}}}}}", "6:32"),
            (f"{HEAD}{ENOUGH}ledger: 'sqlite:///{{workspace}}'\nworkspaces: {{w: {{}}}}", "6:9"),
            (
                (
                    f"{HEAD}{ENOUGH}inputs: {{hr: {{command: ['{{workspace}}'], format: csv}}}}\n"
                    "workspaces: {w: {}}"
                ),
                "6:25",
            ),
        ],
    )
    def test_it_is_an_error_wherever_it_would_stand_for_nothing(
        self, file: File, text: str, at: str
    ) -> None:
        assert f"reconciler.yaml:{at}: `{{workspace}}` has no meaning here (it stands for the" in (
            "".join(file.errors(f"{text}\n"))
        )

    @pytest.mark.parametrize("name", ["{workspac}_KEY", "{workspace", "A{}", "{{workspace}}"])
    def test_there_is_no_other_one(self, file: File, name: str) -> None:
        defaults = f"  region: us-west-2\n  manifests: [m/]\n  apiKey: {{env: '{name}'}}\n"
        (error,) = errors(file, defaults)
        assert error.startswith("reconciler.yaml:5:17: `env` must be the name of an environment")


class TestTheLimitOfOneCommand:
    def test_there_is_none_unless_it_is_set(self, file: File) -> None:
        configuration = file.load(f"{HEAD}{ENOUGH}workspaces: {{w: {{}}}}\n")
        assert configuration.max_disconnects_per_command is None
        assert configuration.max_disconnects_per_command_source is None

    @pytest.mark.parametrize(("value", "limit"), [("40", 40), ("0", 0), ("~", None)])
    def test_it_is_read_with_its_place(self, file: File, value: str, limit: int | None) -> None:
        text = f"limits: {{perCommand: {{maxDisconnects: {value}}}}}\n"
        configuration = file.load(f"{HEAD}{ENOUGH}workspaces: {{w: {{}}}}\n{text}")
        assert configuration.max_disconnects_per_command == limit
        assert configuration.max_disconnects_per_command_source == place(7, 23)
        assert configuration.workspace("w").limits == Limits()

    @pytest.mark.parametrize(
        ("limits", "error"),
        [
            (
                "{maxDisconnects: 4}",
                "7:10: unknown field `maxDisconnects` (known here: perC",
            ),
            ("{perCommand: {maxDisconnect: 4}}", "7:23: unknown field `maxDisconnect` (did you"),
            ("{perCommand: {maxDisconnects: -1}}", "7:39: `maxDisconnects` cannot be `-1`"),
            ("{perCommand: {maxDisconnects: 1.0e+19}}", "7:39: `maxDisconnects` is beyond 2^63"),
        ],
    )
    def test_a_broken_one_is_an_error_at_its_place(
        self, file: File, limits: str, error: str
    ) -> None:
        (found,) = file.errors(f"{HEAD}{ENOUGH}workspaces: {{w: {{}}}}\nlimits: {limits}\n")
        assert found.startswith(f"reconciler.yaml:{error}")
