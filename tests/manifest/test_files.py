"""Which files are read, and files that cannot be."""

import gc
import os
from pathlib import Path

import pytest

from reconciler.domain import InvalidInput
from reconciler.manifest import load_manifests, source
from tests.manifest.folder import HEAD, Folder


def users(*ids: str) -> str:
    return HEAD + "users: [" + ", ".join(f"{{id: {i}}}" for i in ids) + "]\n"


def test_a_folder_is_read_recursively_by_suffix(folder: Folder) -> None:
    folder.write("a.yaml", users("a"))
    folder.write("deep/er/b.yml", users("b"))
    folder.write("notes.txt", "not a manifest: [")
    folder.write("c.yaml.bak", "[")
    assert list(folder.load().users) == ["a", "b"]
    assert folder.load().users["b"].place.file == "deep/er/b.yml"


def test_names_that_begin_with_a_dot_are_passed_over_in_folders(folder: Folder) -> None:
    folder.write("a.yaml", users("a"))
    folder.write(".hidden/b.yaml", "[")
    folder.write(".b.yaml", "[")
    assert list(folder.load().users) == ["a"]


def test_a_file_is_read_whatever_its_name(folder: Folder) -> None:
    folder.write(".people", users("a"))
    assert list(folder.load(".people").users) == ["a"]


def test_a_file_reached_twice_is_read_once(folder: Folder) -> None:
    folder.write("x/a.yaml", users("a"))
    (folder.path / "x/b.yaml").symlink_to("a.yaml")
    os.link(folder.path / "x/a.yaml", folder.path / "x/c.yaml")
    assert list(folder.load("x", "x/a.yaml", "x/../x").users) == ["a"]


def test_a_folder_that_leads_back_into_itself_is_read_once(folder: Folder) -> None:
    folder.write("x/a.yaml", users("a"))
    (folder.path / "x/loop").symlink_to(folder.path / "x")
    assert list(folder.load().users) == ["a"]


def test_a_symlink_to_itself_is_an_error(folder: Folder) -> None:
    (folder.path / "loop.yaml").symlink_to("loop.yaml")
    (error,) = folder.errors()
    assert error == "loop.yaml: cannot be read: Too many levels of symbolic links"


def test_a_symlink_to_nothing_is_an_error_and_hides_no_other(folder: Folder) -> None:
    folder.write("b.yaml", "[")
    (folder.path / "a.yaml").symlink_to("gone")
    errors = folder.errors()
    assert errors[0].startswith("a.yaml: cannot be read: No such file or directory (check the path")
    assert errors[1].startswith("b.yaml:2:1: not YAML")


def test_a_folder_without_manifests_is_an_error(folder: Folder) -> None:
    (folder.path / "empty").mkdir()
    assert folder.errors("empty") == [
        "empty: the folder has no manifests (manifests are files that end in .yaml or .yml)"
    ]


def test_a_missing_path_is_an_error(folder: Folder) -> None:
    (error,) = folder.errors("gone")
    assert error.startswith("gone: cannot be read: No such file or directory")


def test_no_paths_at_all_are_an_error() -> None:
    with pytest.raises(InvalidInput, match="no manifests given"):
        load_manifests([])


def test_an_unreadable_file_is_an_error(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder.write("a.yaml", users("a"))
    really_open = os.open

    def refuse(name: Path, flags: int) -> int:
        if name == path:
            raise PermissionError(13, "Permission denied", str(name))
        return really_open(name, flags)

    monkeypatch.setattr(os, "open", refuse)  # the permissions themselves do not bind root
    (error,) = folder.errors()
    assert error.startswith("a.yaml: cannot be read: Permission denied (check the permissions")


def test_an_error_of_the_system_without_words_is_reported_by_its_kind(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write("a.yaml", users("a"))

    def refuse(*_: object) -> int:
        raise TimeoutError

    monkeypatch.setattr(os, "open", refuse)
    assert folder.errors() == ["a.yaml: cannot be read: TimeoutError"]


def test_an_unreadable_folder_is_an_error_and_hides_no_other(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write("x/shut/a.yaml", users("a"))
    folder.write("x/open/b.yaml", "")
    really_scan = os.scandir

    def refuse(path: Path) -> object:
        if path.name == "shut":
            raise PermissionError(13, "Permission denied", str(path))
        return really_scan(path)

    monkeypatch.setattr(os, "scandir", refuse)  # the permissions themselves do not bind root
    assert [error.split(" (")[0] for error in folder.errors("x")] == [
        "x/open/b.yaml: the file is empty",
        "x/shut: cannot be read: Permission denied",
    ]
    assert len(folder.errors("x/shut")) == 1


def test_a_named_pipe_is_an_error_and_not_waited_for(folder: Folder) -> None:
    os.mkfifo(folder.path / "pipe.yaml")
    assert folder.errors() == ["pipe.yaml: is not a regular file (name a file or a folder)"]


def test_a_file_beyond_the_bound_is_an_error(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "MAX_BYTES", 2 << 20)
    folder.write("a.yaml", b"#" * (2 << 20))
    folder.write("b.yaml", b"#" * ((2 << 20) + 1))
    assert folder.errors() == [
        "a.yaml: the file is empty (write a document into it)",
        "b.yaml: is larger than 2 MiB (split it into several files)",
    ]


def test_a_byte_that_is_not_utf8_is_reported_with_its_place(folder: Folder) -> None:
    assert folder.errors_of(HEAD.encode() + "# ü".encode() + b"\xe9\n") == [
        "m.yaml:2:4: not UTF-8: byte 0xe9 at offset 30 (save the file as UTF-8)"
    ]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_is_an_error(folder: Folder, encoding: str) -> None:
    bom = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    (error,) = folder.errors_of(bom + HEAD.encode(encoding))
    assert error.endswith("(the file is UTF-16: save it as UTF-8)")


def test_a_byte_order_mark_is_tolerated(folder: Folder) -> None:
    user = folder.load_text(b"\xef\xbb\xbf" + users("a").encode()).users["a"]
    assert (user.place.line, user.place.column) == (2, 9)


def test_line_ends_of_windows_are_read(folder: Folder) -> None:
    user = folder.load_text(users("a").replace("\n", "\r\n")).users["a"]
    assert (user.place.line, user.place.column) == (2, 9)


def test_files_outside_the_folder_keep_the_name_they_were_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Folder(tmp_path).write("a.yaml", users("a"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    for path in (Path("../a.yaml"), tmp_path / "a.yaml"):
        assert load_manifests([path]).users["a"].place.file == str(path)


def test_files_are_named_relative_to_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Folder(tmp_path).write("m/a.yaml", users("a"))
    monkeypatch.chdir(tmp_path)
    for given in (path, Path("m/a.yaml"), Path("./m/../m")):
        assert load_manifests([given]).users["a"].place.file == "m/a.yaml"


def test_the_name_of_a_file_is_made_visible(folder: Folder) -> None:
    folder.write("a\x1b[2J.yaml", "")
    assert folder.errors() == ["a\\x1b[2J.yaml: the file is empty (write a document into it)"]


def test_progress_is_told_every_thousand_users(folder: Folder) -> None:
    folder.write("a.yaml", users(*(f"u{n}" for n in range(1500))))
    folder.write("b.yaml", users(*(f"v{n}" for n in range(1500))))
    shown: list[int] = []
    load_manifests([folder.path], on_progress=shown.append)
    assert shown == [1000, 2000, 3000]


@pytest.mark.parametrize("enabled", [True, False])
def test_the_garbage_collector_is_left_as_it_was(folder: Folder, *, enabled: bool) -> None:
    folder.write("bad.yaml", "[")
    was = gc.isenabled()
    try:
        gc.enable() if enabled else gc.disable()
        folder.errors()
        assert gc.isenabled() is enabled
    finally:
        gc.enable() if was else gc.disable()


def test_folders_nested_deeper_than_calls_can_be_are_read(folder: Folder) -> None:
    deep = folder.path
    for _ in range(1200):
        deep /= "d"
        deep.mkdir()
    manifest = deep / "a.yaml"
    manifest.write_text(users("a"))
    try:
        assert list(folder.load().users) == ["a"]
    finally:  # whoever clears the temporary folder calls itself once a level
        manifest.unlink()
        while deep != folder.path:
            deep.rmdir()
            deep = deep.parent


def test_a_path_that_the_system_refuses_is_an_error(folder: Folder) -> None:
    (error,) = folder.errors("x" * 300)
    assert error.endswith(": cannot be read: File name too long")


def test_a_link_that_cannot_be_followed_is_an_error_whatever_its_name(folder: Folder) -> None:
    folder.write("a.yaml", users("a"))
    (folder.path / "people").symlink_to("x" * 300)
    assert folder.errors() == ["people: cannot be read: File name too long"]
