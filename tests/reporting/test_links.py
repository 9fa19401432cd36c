"""A place of a manifest becomes a link only where the link surely leads to the right line."""

import pytest

from reconciler.reporting import Format, InvalidLinkBase, Links, check_link_base, render
from reconciler.reporting.documents import PlanReport
from tests.reporting import samples

BASE = "https://git.test/team/fleet/blob/{commit}/{file}#L{line}"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_a_place_is_a_link_to_its_line_at_the_commit() -> None:
    expected = f"https://git.test/team/fleet/blob/{COMMIT}/manifests/a.yaml#L12"
    assert Links(BASE).of("manifests/a.yaml:12:3", COMMIT) == expected


def test_a_row_of_a_file_has_a_line_and_no_column() -> None:
    found = Links(BASE).of("exports/leavers.csv:17", COMMIT)
    assert found is not None
    assert found.endswith("/exports/leavers.csv#L17")


def test_a_file_without_a_line_is_linked_at_its_first() -> None:
    assert str(Links(BASE).of("a.yaml", COMMIT)).endswith("/a.yaml#L1")


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("manifests/a.yaml:2:1", "eu/manifests/a.yaml"),
        ("../shared/b.yaml:2:1", "shared/b.yaml"),
        ("/repo/eu/c.yaml:2:1", "eu/c.yaml"),
    ],
)
def test_a_file_is_named_as_the_repository_has_it(place: str, expected: str) -> None:
    links = Links("https://git.test/{file}", "/repo", "/repo/eu")
    assert links.of(place, None) == f"https://git.test/{expected}"


@pytest.mark.parametrize("place", ["../../a.yaml:1:1", "/etc/passwd:1:1", "../../repository/a:1"])
def test_a_file_outside_of_the_repository_has_no_link(place: str) -> None:
    assert Links(BASE, "/repo", "/repo/eu").of(place, COMMIT) is None


def test_a_row_of_an_input_has_no_link() -> None:
    assert Links(BASE).of("input directory:17", COMMIT) is None


@pytest.mark.parametrize("commit", [None, "", f"{COMMIT}-dirty", "javascript:", "HEAD"])
def test_a_commit_that_is_dirty_or_unknown_gives_no_link(commit: str | None) -> None:
    assert Links(BASE).of("a.yaml:1:1", commit) is None


def test_a_link_base_without_a_commit_needs_none() -> None:
    links = Links("https://git.test/blob/main/{file}?at={line}")
    assert links.of("a.yaml:3:1", None) == "https://git.test/blob/main/a.yaml?at=3"


def test_what_a_file_is_called_cannot_change_the_rest_of_the_link() -> None:
    found = Links(BASE).of('a?b#c {line}"<>|)%/../d ü.yaml:3:1', COMMIT)
    assert found == f"https://git.test/team/fleet/blob/{COMMIT}/d%20%C3%BC.yaml#L3"
    found = Links(BASE).of('a?b#c {line}"<>|)%.yaml:3:1', COMMIT)
    assert str(found).endswith("/a%3Fb%23c%20%7Bline%7D%22%3C%3E%7C%29%25.yaml#L3")


def test_half_a_surrogate_pair_gives_no_link() -> None:
    assert Links(BASE).of("a\udc80.yaml:3:1", COMMIT) is None


@pytest.mark.parametrize(
    ("base", "why"),
    [
        ("javascript:alert(1)//{file}", "neither https:// nor http://"),
        ("ftp://git.test/{file}", "neither"),
        ("https://git.test/{commit}", r"\{file\} is missing"),
        ("https://git.test/{file}/{branch}", r"\{branch\} is unknown"),
        ("https://git.test/{file!r}", "unknown"),
        ("https://git.test/{file}{", "character"),
        ("https://git.test/{file} x", "character"),
        ('https://git.test/{file}"x', "character"),
        ("https://git.test/{file}<x", "character"),
        ("https://{file}/x", "no host"),
        ("https:///{file}", "no host"),
        ("https://[::1/{file}", "character"),
    ],
)
def test_a_link_base_that_cannot_be_used_is_refused_and_says_why(base: str, why: str) -> None:
    with pytest.raises(InvalidLinkBase, match=why):
        check_link_base(base)


@pytest.mark.parametrize("base", [BASE, "http://git.test:8080/x/{file}", "https://h/?f={file}&a=b"])
def test_a_link_base_that_names_a_file_is_accepted(base: str) -> None:
    check_link_base(base)


def test_markdown_links_the_sources_of_a_plan() -> None:
    report = PlanReport(samples.rich_plan(), 0)
    links = Links("https://git.test/{file}#L{line}")
    place = report.plan.envelope.sources["alice"]
    file, line, _ = place.split(":")
    assert f"[`{place}`](https://git.test/{file}#L{line})" in render(
        report, Format.MARKDOWN, links=links
    )
