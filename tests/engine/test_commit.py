"""The commit of manifests: the bare one only where what was read is what HEAD holds."""

import hashlib
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from reconciler.engine.commit import DIRTY, Commit
from reconciler.engine.commit import commit_of as asked
from reconciler.manifest import load_manifests
from tests.repository import commit, git

MANIFEST = "apiVersion: reconciler/v1\nusers:\n  - {id: %s, platforms: [google]}\n"
ALICE, BOB = MANIFEST % "alice@example.com", MANIFEST % "bob@example.com"


def commit_of(manifests: Sequence[Path]) -> Commit:
    """The commit of the manifests as they are read now."""
    return asked(manifests, load_manifests(manifests).files)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a repository's manifests; one is committed."""
    folder = tmp_path / "repository/manifests"
    folder.mkdir(parents=True)
    (folder / "people.yaml").write_text(ALICE)
    commit(folder.parent, "manifests")
    return folder


def recommit(folder: Path, *paths: str) -> str:
    """Commit ``paths`` of the repository around ``folder``; the commit."""
    git(folder, "add", *paths)
    git(folder, "commit", "-q", "-m", "as they are now")
    return head(folder)


def head(folder: Path) -> str:
    return git(folder, "rev-parse", "HEAD")


def bare(folder: Path) -> Commit:
    return Commit(head(folder))


def differs(folder: Path, problem: str) -> Commit:
    return Commit(f"{head(folder)}{DIRTY}", problem)


def test_the_commit_is_that_of_the_folder_the_manifests_are_in(folder: Path) -> None:
    (folder.parent / "elsewhere.txt").touch()
    assert commit_of([folder]) == bare(folder)
    assert commit_of([folder / "people.yaml"]) == bare(folder)
    assert commit_of([folder.parent]) == bare(folder)


def test_a_changed_manifest_is_not_as_committed(folder: Path) -> None:
    (folder / "people.yaml").write_text(BOB)
    assert commit_of([folder]) == differs(folder, "`manifests/people.yaml` is not as in HEAD")


def test_what_is_added_and_not_committed_is_not_as_committed(folder: Path) -> None:
    (folder / "people.yaml").write_text(BOB)
    git(folder, "add", "people.yaml")
    assert commit_of([folder]) == differs(folder, "`manifests/people.yaml` is not as in HEAD")


def test_an_ignored_manifest_is_read_and_so_counts(folder: Path) -> None:
    (folder / ".gitignore").write_text("local*.yaml\n")
    recommit(folder, ".gitignore")
    (folder / "local-1.yaml").write_text(BOB)
    assert commit_of([folder]) == differs(folder, "`manifests/local-1.yaml` is not in HEAD")


def test_an_untracked_manifest_counts_where_git_shows_none(folder: Path) -> None:
    git(folder, "config", "status.showUntrackedFiles", "no")
    (folder / "new.yaml").write_text(BOB)
    assert commit_of([folder]) == differs(folder, "`manifests/new.yaml` is not in HEAD")


@pytest.mark.parametrize("shown", ["--assume-unchanged", "--skip-worktree"])
def test_a_change_that_git_was_told_to_overlook_counts(folder: Path, shown: str) -> None:
    git(folder, "update-index", shown, "people.yaml")
    (folder / "people.yaml").write_text(BOB)
    assert commit_of([folder]) == differs(folder, "`manifests/people.yaml` is not as in HEAD")


def test_a_manifest_that_a_sparse_checkout_leaves_out_counts(folder: Path) -> None:
    (folder / "more").mkdir()
    (folder / "more/leavers.yaml").write_text(BOB)
    recommit(folder, "more")
    git(folder.parent, "sparse-checkout", "set", "--no-cone", "/*", "!/manifests/more/")
    assert git(folder, "status", "--porcelain") == ""
    problem = "`manifests/more/leavers.yaml` is in HEAD, and was not read"
    assert commit_of([folder]) == differs(folder, problem)


def test_what_is_no_manifest_does_not_count(folder: Path) -> None:
    (folder / ".drafts").mkdir()
    for name in ("notes.txt", ".hidden.yaml", ".drafts/one.yaml"):
        (folder / name).write_text("committed\n")
    recommit(folder, ".")
    for name in ("notes.txt", ".hidden.yaml", ".drafts/one.yaml"):
        (folder / name).unlink()
    assert commit_of([folder]) == bare(folder)


def test_a_file_that_a_filter_makes_is_not_what_is_committed(folder: Path) -> None:
    git(folder, "config", "filter.pointer.clean", "echo pointer")
    git(folder, "config", "filter.pointer.smudge", "cat")
    (folder.parent / ".gitattributes").write_text("large.yaml filter=pointer\n")
    (folder / "large.yaml").write_text(BOB)
    commit(folder.parent, ".")
    assert git(folder, "status", "--porcelain") == ""
    assert commit_of([folder]) == differs(folder, "`manifests/large.yaml` is not as in HEAD")


def test_line_ends_that_git_converts_are_as_committed(folder: Path) -> None:
    (folder.parent / ".gitattributes").write_text("*.yaml text eol=crlf\n")
    (folder / "people.yaml").write_bytes(ALICE.replace("\n", "\r\n").encode())
    commit(folder.parent, ".")
    assert commit_of([folder]) == bare(folder)
    (folder / "people.yaml").write_bytes(BOB.replace("\n", "\r\n").encode())
    assert commit_of([folder]) == differs(folder, "`manifests/people.yaml` is not as in HEAD")


def test_a_byte_order_mark_is_a_part_of_the_file(folder: Path) -> None:
    (folder / "people.yaml").write_bytes(b"\xef\xbb\xbf" + ALICE.encode())
    assert commit_of([folder]).problem == "`manifests/people.yaml` is not as in HEAD"
    recommit(folder, "people.yaml")
    assert commit_of([folder]) == bare(folder)


def test_a_link_counts_by_where_it_leads_and_by_itself(folder: Path) -> None:
    others = folder.parent / "others"
    others.mkdir()
    (others / "one.yaml").write_text(BOB)
    (others / "two.yaml").write_text(MANIFEST % "carol@example.com")
    (folder / "link.yaml").symlink_to("../others/one.yaml")
    commit(folder.parent, ".")
    assert commit_of([folder]) == bare(folder)
    (others / "one.yaml").write_text(MANIFEST % "dave@example.com")
    assert commit_of([folder]) == differs(folder, "`others/one.yaml` is not as in HEAD")
    git(folder, "checkout", "-q", "..")
    (folder / "link.yaml").unlink()
    (folder / "link.yaml").symlink_to("../others/two.yaml")
    assert commit_of([folder]) == differs(folder, "`manifests/link.yaml` is not as in HEAD")
    (folder / "link.yaml").unlink()
    assert commit_of([folder]) == differs(folder, "`manifests/link.yaml` is not as in HEAD")


def test_a_link_to_a_folder_counts_with_all_that_is_below_it(folder: Path) -> None:
    others = folder.parent / "others/deep"
    others.mkdir(parents=True)
    (others / "one.yaml").write_text(BOB)
    (others / "two.yaml").write_text(MANIFEST % "carol@example.com")
    (folder / "link").symlink_to("../others")
    commit(folder.parent, ".")
    assert commit_of([folder]) == bare(folder)
    (others / "two.yaml").unlink()
    problem = "`others/deep/two.yaml` is in HEAD, and was not read"
    assert commit_of([folder]) == differs(folder, problem)


def test_a_link_out_of_the_repository_is_not_as_committed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text(BOB)
    (folder / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    recommit(folder, ".")
    assert commit_of([folder]) == differs(folder, f"`{tmp_path}/outside.yaml` is not in HEAD")


def test_a_repository_can_be_reached_by_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder.parent)
    assert commit_of([tmp_path / "link/manifests"]) == bare(folder)


def test_of_a_submodule_below_the_manifests_nothing_is_believed(
    folder: Path, tmp_path: Path
) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "leavers.yaml").write_text(BOB)
    commit(inner, "leavers.yaml")
    git(folder, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "in")
    commit(folder.parent, ".")
    problem = "`manifests/in/leavers.yaml` is not in HEAD"
    assert commit_of([folder]) == differs(folder, problem)
    (folder / "in/leavers.yaml").unlink()
    problem = "`manifests/in` is a submodule, of whose files HEAD says nothing"
    assert commit_of([folder]) == differs(folder, problem)


def test_manifests_that_are_all_in_a_submodule_are_of_its_commit(
    folder: Path, tmp_path: Path
) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "-q")
    add = ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add"]
    git(outer, *add, str(folder.parent), "s")
    assert commit_of([outer / "s/manifests"]) == bare(folder)


def test_a_working_tree_of_its_own_has_a_head_of_its_own(folder: Path, tmp_path: Path) -> None:
    first = head(folder)
    (folder / "people.yaml").write_text(BOB)
    recommit(folder, ".")
    git(folder, "worktree", "add", "--quiet", "--detach", str(tmp_path / "tree"), first)
    assert commit_of([tmp_path / "tree/manifests"]) == Commit(first)


def test_a_repository_of_longer_object_names_is_read(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--object-format=sha256")
    (tmp_path / "people.yaml").write_text(ALICE)
    (tmp_path / "link.yml").symlink_to("people.yaml")
    name = commit(tmp_path, ".")
    assert len(name) == 2 * hashlib.sha256().digest_size
    assert commit_of([tmp_path]) == Commit(name)


def test_an_object_that_replaces_another_is_not_believed(folder: Path) -> None:
    first = head(folder)
    (folder / "people.yaml").write_text(BOB)
    second = recommit(folder, ".")
    git(folder, "replace", first, second)
    git(folder, "update-ref", "HEAD", first)
    assert commit_of([folder]) == differs(folder, "`manifests/people.yaml` is not as in HEAD")


def test_a_name_that_is_not_utf_8_is_a_name(folder: Path) -> None:
    git(folder, "config", "core.quotePath", "false")
    strange = Path(os.fsdecode(os.fsencode(folder) + b"/\xff\n.yaml"))
    strange.write_text(BOB)
    assert commit_of([folder]).problem == r"`manifests/\udcff\n.yaml` is not in HEAD"
    recommit(folder, ".")
    assert commit_of([folder]) == bare(folder)


def test_the_environment_does_not_name_another_repository(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "people.yaml").write_text(BOB)
    commit(other, ".")
    expected = bare(folder)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(folder))
    assert commit_of([folder]) == expected


def test_nothing_that_the_repository_names_is_executed(folder: Path) -> None:
    """Of a repository that somebody else set up, nothing is run to read its commit."""
    trap, mark = folder.parent / "trap", folder.parent / "executed"
    trap.write_text(f"#!/bin/sh\ntouch {mark}\ncat\n")
    trap.chmod(0o755)
    (folder / ".gitattributes").write_text("*.yaml filter=trap diff=trap\n")
    recommit(folder, ".gitattributes")
    for name in (
        "core.fsmonitor",
        "filter.trap.clean",
        "filter.trap.process",
        "diff.trap.textconv",
        "diff.external",
        "core.pager",
        "core.sshCommand",
        "alias.ls-tree",
    ):
        git(folder, "config", name, str(trap))
    git(folder, "config", "core.hooksPath", str(folder.parent))
    (folder / "people.yaml").write_text(BOB)
    assert commit_of([folder]).problem == "`manifests/people.yaml` is not as in HEAD"
    assert not mark.exists()


def test_what_a_partial_clone_lacks_is_not_fetched(folder: Path) -> None:
    mark = folder.parent / "executed"
    tree = git(folder, "rev-parse", "HEAD:manifests")
    (folder.parent / ".git/objects" / tree[:2] / tree[2:]).unlink()
    git(folder, "config", "extensions.partialClone", "origin")
    git(folder, "config", "remote.origin.promisor", "true")
    git(folder, "config", "remote.origin.url", f"ext::sh -c touch% {mark}")
    git(folder, "config", "protocol.ext.allow", "always")
    assert commit_of([folder]).name is None
    assert not mark.exists()


def test_a_repository_of_somebody_else_is_refused_with_gits_reason(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = subprocess.CalledProcessError(
        128, "git", stderr=b"fatal: detected dubious ownership in repository at '/r'\nTo add\n"
    )

    def refuse(*_: object, **__: object) -> None:
        raise refusal

    monkeypatch.setattr(subprocess, "run", refuse)
    found = commit_of([folder])
    assert found == Commit(None, "detected dubious ownership in repository at '/r'")


def test_without_git_there_is_no_commit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    assert commit_of([folder]) == Commit(None, "git is not installed")


def test_a_repository_without_a_commit_has_none(tmp_path: Path) -> None:
    (tmp_path / "people.yaml").write_text(ALICE)
    git(tmp_path, "init", "-q")
    assert commit_of([tmp_path]) == Commit(None, "the repository has no commit")


def test_outside_git_there_is_no_commit(tmp_path: Path) -> None:
    (tmp_path / "people.yaml").write_text(ALICE)
    found = commit_of([tmp_path])
    assert found.name is None
    assert found.problem is not None
    assert found.problem.startswith("not a git repository")


def test_manifests_of_two_places_have_no_commit(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(BOB)
    found = commit_of([folder, tmp_path / "other.yaml"])
    assert found.name is None
    assert "is not in the repository" in (found.problem or "")


def test_without_manifests_there_is_no_commit() -> None:
    assert asked([], ()).name is None


def test_a_thousand_manifests_take_as_many_calls_of_git_as_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1000):
        (folder / f"{number}.yaml").write_text(MANIFEST % f"user-{number}@example.com")
    recommit(folder, ".")
    expected, called, run = bare(folder), [], subprocess.run

    def counted(*arguments: object, **options: object) -> object:
        called.append(arguments)
        return run(*arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "run", counted)
    assert commit_of([folder]) == expected
    assert len(called) == 3
