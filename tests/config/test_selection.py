"""Which workspaces a command is about, and how shards divide them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.config import (
    Configuration,
    Shard,
    UnusableSelection,
    is_pattern,
    select_workspaces,
    shard_of,
)
from reconciler.domain import InvalidInput
from tests.config.file import File

NAMES = ("prod-us", "eu-2", "eu-1", "prod-eu", "Prod-eu")


@pytest.fixture
def configuration(file: File) -> Configuration:
    return file.load(
        "apiVersion: reconciler/v1\ndefaultWorkspace: eu-1\nworkspaces:\n"
        + "".join(f"  {name}: {{sandbox: {{seed: s}}, manifests: [m/]}}\n" for name in NAMES)
    )


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["eu-2", "eu-1"], ("eu-1", "eu-2")),
        (["eu-1", "eu-1"], ("eu-1",)),
        (["*"], ("Prod-eu", "eu-1", "eu-2", "prod-eu", "prod-us")),
        (["prod-*"], ("prod-eu", "prod-us")),
        (["eu-?"], ("eu-1", "eu-2")),
        (["eu-[13]"], ("eu-1",)),
        (["[Pp]rod-eu"], ("Prod-eu", "prod-eu")),
        (["*-eu", "eu-2", "eu-*"], ("Prod-eu", "eu-1", "eu-2", "prod-eu")),
    ],
)
def test_workspaces_are_named_exactly_or_by_pattern(
    configuration: Configuration, patterns: list[str], expected: tuple[str, ...]
) -> None:
    assert select_workspaces(configuration, patterns) == expected


def test_all_workspaces_are_sorted_by_name(configuration: Configuration) -> None:
    assert select_workspaces(configuration, (), everything=True) == tuple(sorted(NAMES))


def test_the_default_workspace_is_chosen_where_none_is_named(configuration: Configuration) -> None:
    assert select_workspaces(configuration, ()) == ("eu-1",)


@pytest.mark.parametrize(
    ("pattern", "error"),
    [
        ("eu-3", "there is no workspace `eu-3`; %s (did you mean `eu-2`?)"),
        ("EU-1", "there is no workspace `EU-1`; %s (did you mean `eu-1`?)"),
        ("prod-us?", "no workspace matches `prod-us?`; %s (did you mean `prod-us`?)"),
        ("x[", "no workspace matches `x[`; %s"),
        ("", "there is no workspace ``; %s"),
    ],
)
def test_each_pattern_must_match_something(
    configuration: Configuration, pattern: str, error: str
) -> None:
    names = "there are: Prod-eu, eu-1, eu-2, prod-eu, prod-us"
    with pytest.raises(InvalidInput) as caught:
        select_workspaces(configuration, ["eu-1", pattern])
    assert str(caught.value) == f"reconciler.yaml: {error % names}"


def test_every_pattern_that_matches_nothing_is_reported(configuration: Configuration) -> None:
    with pytest.raises(InvalidInput) as caught:
        select_workspaces(configuration, ["x", "eu-*", "y*"])
    assert [error.message.partition(";")[0] for error in caught.value.diagnostics] == [
        "there is no workspace `x`",
        "no workspace matches `y*`",
    ]


def test_of_many_workspaces_an_error_names_the_first_few(file: File) -> None:
    many = "".join(f"  w{n:03}: {{sandbox: {{seed: s}}, manifests: [m/]}}\n" for n in range(23))
    configuration = file.load(f"apiVersion: reconciler/v1\nworkspaces:\n{many}")
    with pytest.raises(InvalidInput, match=r"there are: w000, .*, w019 and 3 more \(use "):
        select_workspaces(configuration, ())


def test_all_and_some_workspaces_cannot_be_asked_for_at_once(configuration: Configuration) -> None:
    with pytest.raises(UnusableSelection, match="not both"):
        select_workspaces(configuration, ["eu-1"], everything=True)


def test_a_shard_holds_the_names_at_its_places(configuration: Configuration) -> None:
    def of(shard: str) -> tuple[str, ...]:
        return select_workspaces(configuration, (), everything=True, shard=shard_of(shard, {}))

    assert of("0/1") == tuple(sorted(NAMES))
    assert of("0/2") == ("Prod-eu", "eu-2", "prod-us")
    assert of("1/2") == ("eu-1", "prod-eu")
    assert of("4/5") == ("prod-us",)


def test_a_shard_counts_only_what_is_named(configuration: Configuration) -> None:
    assert select_workspaces(configuration, ["eu-*"], shard=Shard(1, 2)) == ("eu-2",)


def test_a_shard_may_be_empty(configuration: Configuration) -> None:
    assert select_workspaces(configuration, ["eu-1"], shard=Shard(3, 4)) == ()


def test_a_shard_of_the_default_workspace_makes_no_sense(configuration: Configuration) -> None:
    with pytest.raises(UnusableSelection, match=r"the shard 1/4 .* use --all-workspaces, or"):
        select_workspaces(configuration, (), shard=Shard(1, 4))


@given(st.sets(st.text("abcXYZ019.-", min_size=1), max_size=40), st.integers(1, 50))
def test_shards_cover_all_names_exactly_once(names: set[str], count: int) -> None:
    ordered = sorted(names)
    shards = [Shard(index, count).of(ordered) for index in range(count)]
    assert sorted(name for shard in shards for name in shard) == ordered
    assert max(map(len, shards)) - min(map(len, shards)) <= 1


@pytest.mark.parametrize(
    ("option", "environ", "expected"),
    [
        (None, {}, None),
        ("1/3", {}, Shard(1, 3)),
        ("0/1", {"RECONCILER_SHARD": "2/3"}, Shard(0, 1)),
        (
            None,
            {
                "RECONCILER_SHARD": "2/3",
                "JOB_COMPLETION_INDEX": "7",
                "RECONCILER_SHARDS": "8",
            },
            Shard(2, 3),
        ),
        (None, {"JOB_COMPLETION_INDEX": "7", "RECONCILER_SHARDS": "8"}, Shard(7, 8)),
        (None, {"JOB_COMPLETION_INDEX": "7"}, None),
        (None, {"RECONCILER_SHARDS": "8"}, None),
    ],
)
def test_a_shard_comes_from_the_option_or_the_environment(
    option: str | None, environ: dict[str, str], expected: Shard | None
) -> None:
    assert shard_of(option, environ) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1/",
        "/2",
        "1/2/3",
        "-1/2",
        "+1/2",
        "01/2",
        " 1/2",
        "1/2\n",
        "a/b",
        "1.0/2",
        "\u0661/2",
    ],
)
def test_what_is_no_shard_is_an_error(text: str) -> None:
    with pytest.raises(UnusableSelection, match=r"^--shard `.*` is no shard: write INDEX/COUNT"):
        shard_of(text, {})
    with pytest.raises(UnusableSelection, match=r"^RECONCILER_SHARD `"):
        shard_of(None, {"RECONCILER_SHARD": text})


@pytest.mark.parametrize(
    ("text", "why"),
    [("2/2", "the last of 2 is 1/2"), ("9/4", "the last of 4 is 3/4"), ("0/0", "at least one")],
)
def test_a_shard_beyond_the_last_one_is_an_error(text: str, why: str) -> None:
    with pytest.raises(UnusableSelection, match=rf"indices begin with 0, and .*{why}"):
        shard_of(text, {})


def test_an_index_beyond_the_shards_of_the_environment_is_an_error() -> None:
    environ = {"JOB_COMPLETION_INDEX": "8", "RECONCILER_SHARDS": "8"}
    with pytest.raises(UnusableSelection, match=r"^JOB_COMPLETION_INDEX/RECONCILER_SHARDS `8/8`"):
        shard_of(None, environ)


def test_a_pattern_is_no_name() -> None:
    assert [is_pattern(text) for text in ("a*", "a?", "[ab]", "a.b-c_d")] == [True] * 3 + [False]
