"""Where the ledger is, by its URL, and every URL that is none."""

from pathlib import Path

import pytest
from sqlalchemy import make_url

from reconciler.config import Workspace, load_configuration
from reconciler.domain import LedgerPlace, PostgresqlDatabase, SourceLocation, SqliteFile
from tests.config.file import HEAD, REAL, File

TWO = HEAD + REAL + "  v:\n    manifests: [n/]\n    sandbox: {seed: s}\n"


def workspace(file: File, url: str) -> Workspace:
    return file.load(HEAD + REAL + f'ledger: "{url}"\n').workspace("w")


def test_without_one_the_ledger_is_a_file_beside_the_configuration(file: File) -> None:
    found = file.workspace("")
    assert found.ledger == SqliteFile(file.path.parent / ".reconciler/ledger.db")
    assert found.ledger_source is None


def test_a_named_ledger_is_that_of_every_workspace_and_knows_where_it_is_named(file: File) -> None:
    configuration = file.load(TWO + "ledger: sqlite:///x.db\n")
    for name in ("w", "v"):
        found = configuration.workspace(name)
        assert found.ledger == SqliteFile(file.path.parent / "x.db")
        assert found.ledger_source == SourceLocation("reconciler.yaml", 10, 1)


@pytest.mark.parametrize(
    ("text", "required"),
    [("", False), ("requireLedger: false", False), ("requireLedger: true", True)],
)
def test_a_ledger_is_required_where_that_is_asked_for(
    file: File, text: str, required: bool
) -> None:
    configuration = file.load(f"{TWO}{text}\n")
    assert configuration.workspace("w").require_ledger is required
    assert configuration.workspace("v").require_ledger is required


@pytest.mark.parametrize("value", ["1", "'true'", "[]", ""])
def test_nothing_but_true_and_false_says_whether_a_ledger_is_required(
    file: File, value: str
) -> None:
    (error,) = file.errors(HEAD + REAL + f"requireLedger: {value}\n")
    assert error.startswith("reconciler.yaml:7:1")
    assert "`requireLedger`" in error
    assert "true or false" in error


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///ledger.db", "sub/ledger.db"),
        ("sqlite:///.reconciler/ledger.db", "sub/.reconciler/ledger.db"),
        ("sqlite:///../ü b%20#.db", "sub/../ü b%20#.db"),
        ("sqlite:////var/lib/ledger.db", "/var/lib/ledger.db"),
    ],
)
def test_three_slashes_are_from_the_folder_of_the_file_and_four_from_the_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, path: str
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/c.yaml").write_text(HEAD + REAL + f'ledger: "{url}"\n')
    monkeypatch.chdir(tmp_path)
    found = load_configuration(Path("sub/c.yaml")).workspace("w").ledger
    assert found == SqliteFile(tmp_path / path)


@pytest.mark.parametrize(
    ("url", "normalised"),
    [
        ("postgresql+psycopg://h/d", "postgresql+psycopg://h/d"),
        ("postgresql://h/d", "postgresql+psycopg://h/d"),
        ("postgresql://DB.Example.com:05432/d?", "postgresql+psycopg://db.example.com:5432/d"),
        ("postgresql://u%40server@h:/d-1.x", "postgresql+psycopg://u%40server@h/d-1.x"),
        ("postgresql://u@[::1]:5433/d", "postgresql+psycopg://u@[::1]:5433/d"),
        ("postgresql://192.0.2.1/d", "postgresql+psycopg://192.0.2.1/d"),
        ("postgresql:///d", "postgresql+psycopg:///d"),
        (
            "postgresql:///d?host=%2Frun%2Fpg&port=5433",
            "postgresql+psycopg:///d?host=/run/pg&port=5433",
        ),
        ("postgresql://?service=my%20db", "postgresql+psycopg:///?service=my+db"),
        (
            "postgresql://h/d?sslmode=verify-full&sslrootcert=system&connect_timeout=5",
            "postgresql+psycopg://h/d?sslmode=verify-full&sslrootcert=system&connect_timeout=5",
        ),
    ],
)
def test_a_database_is_known_by_one_form_of_its_url(file: File, url: str, normalised: str) -> None:
    assert workspace(file, url).ledger == PostgresqlDatabase(normalised)
    assert workspace(file, normalised).ledger == PostgresqlDatabase(normalised)


def test_whoever_opens_the_database_reads_its_url_as_it_was_meant(file: File) -> None:
    url = "postgresql://u%40s@H:5433/d?application_name=a%20b%26c&sslkey=/k%2Bey"
    place: LedgerPlace = workspace(file, url).ledger
    assert isinstance(place, PostgresqlDatabase)
    read = make_url(place.url)
    assert (read.drivername, read.username, read.password) == ("postgresql+psycopg", "u@s", None)
    assert (read.host, read.port, read.database) == ("h", 5433, "d")
    assert read.query == {"application_name": "a b&c", "sslkey": "/k+ey"}


def error_of(file: File, url: str) -> str:
    (error,) = file.errors(HEAD + REAL + f'ledger: "{url}"\n')
    assert error.startswith("reconciler.yaml:7:9: `ledger` ")
    return error.removeprefix("reconciler.yaml:7:9: `ledger` ")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:hunter2@h/d",
        "postgresql+psycopg://u:hunter2@h/d",
        "postgresql://u:@h/d",
        "postgresql://:hunter2@h/d",
        "postgresql://u%3Ahunter2@h/d",
        "postgresql://u:hun/ter2@h/d",
        "postgresql://u:hun?ter2@h/d",
        "postgresql://u:hun#ter2@h/d",
        "postgresql://u:hun@ter2@h/d",
        "postgresql://h:5432/hunter2@x",  # to SQLAlchemy a user h with a password
        "postgresql://h/d?password=hunter2",
        "postgresql://h/d?PASSWORD=hunter2",
        "postgresql://h/d?pass%77ord=hunter2",
        "postgresql://h/d?sslmode=require&password=hunter2",
        "postgresql://h/d?passfile=/hunter2",
        "postgresql://h/d?sslpassword=hunter2",
        "postgresql://h/d?scram_client_key=hunter2",
        "postgresql://h/d?oauth_client_secret=hunter2",
        "postgresql://h/d?hunter2_password=",
    ],
)
def test_a_password_is_an_error_that_says_where_it_belongs_and_does_not_tell_it(
    file: File, url: str
) -> None:
    error = error_of(file, url)
    assert error.startswith("holds a password")
    for place in ("PGPASSWORD", "PGPASSFILE", "service file"):
        assert place in error
    assert "hunter2" not in error
    assert "ter2" not in error


HOST = "holds no usable host and port (write postgresql+psycopg://USER@HOST:PORT/DATABASE)"
DATABASE = "holds no usable database name (write postgresql+psycopg://USER@HOST:PORT/DATABASE;"
SQLITE_HINT = "(write sqlite:///PATH, from the folder of this file, or sqlite:////PATH, from /)"
NO_FILE = f"names no file (a database in memory does not last) {SQLITE_HINT}"


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("sqlite://", NO_FILE),
        ("sqlite:///", NO_FILE),
        ("sqlite:///:memory:", NO_FILE),
        ("sqlite:///?mode=memory", NO_FILE),
        ("sqlite:///x.db?mode=ro", f"holds options: a `?` and what follows it {SQLITE_HINT}"),
        ("sqlite:///x.db?", f"holds options: a `?` and what follows it {SQLITE_HINT}"),
        ("sqlite://x.db", f"has two slashes where three or four belong {SQLITE_HINT}"),
        ("sqlite://u:hunter2@/x.db", f"has two slashes where three or four belong {SQLITE_HINT}"),
        ("sqlite:////", "names a folder (name a file in it, ledger.db for example)"),
        ("sqlite:///x/", "names a folder (name a file in it, ledger.db for example)"),
        ("sqlite:///x/..", "names a folder (name a file in it, ledger.db for example)"),
        ("sqlite:///x\\0", "holds characters that do not print (remove them)"),
        ("sqlite:///x\\n", "holds characters that do not print (remove them)"),
        ("sqlite:///\\e]0;x", "holds characters that do not print (remove them)"),
        ("sqlite:///\\u202ebd.x", "holds characters that do not print (remove them)"),
        ("postgresql://h:0/d", HOST),
        ("postgresql://h:65536/d", HOST),
        ("postgresql://h:hunter2/d", HOST),
        ("postgresql://h:-1/d", HOST),
        ("postgresql://[::1/d", HOST),
        ("postgresql://h,i/d", HOST),
        ("postgresql://%2Frun/d", HOST),
        ("postgresql://1.2.3/d", HOST),
        ("postgresql://h", DATABASE),
        ("postgresql://h/", DATABASE),
        ("postgresql://", DATABASE),
        ("postgresql://h/a/b", DATABASE),
        ("postgresql://h//d", DATABASE),
        ("postgresql://h/d%00", DATABASE),
        ("postgresql://h/d#x", DATABASE),
        ("postgresql://h/d#?service=x", DATABASE),
        ("postgresql://@h/d", "holds no user name before the `@` (write "),
        ("postgresql://u%00@h/d", "holds no user name before the `@` (write "),
        ("postgresql://u%1b@h/d", "holds no user name before the `@` (write "),
        ("postgresql://u/x@h/d", "holds no user name before the `@` (write "),
        ("postgresql://h/d?application_name=a@b", "holds no user name before the `@` (write "),
        ("postgresql://u%@h/d", "holds no user name before the `@` (write "),
        ("postgresql://h/d\\0", "holds spaces or characters that are not ASCII (write "),
        ("postgresql://h/d\\x7f", "holds spaces or characters that are not ASCII (write "),
        ("postgresql://h/d d", "holds spaces or characters that are not ASCII (write "),
        ("postgresql://h/dä", "holds spaces or characters that are not ASCII (write "),
        ("postgresql://h/d?host=/run", "names its host or port twice (leave one of them out)"),
        ("postgresql://:1/d?port=2", "names its host or port twice (leave one of them out)"),
        ("postgresql://h/d?port=1&port=2", "holds an option twice (leave one of them out)"),
        (
            "postgresql://h/d?hunter2",
            "holds an unknown option (known here: application_name, ",
        ),
        (
            "postgresql://h/d?options=-csynchronous_commit%3Doff",
            "holds an unknown option (known here: application_name, ",
        ),
        ("postgresql:///d?port=65536", "has a malformed option `port` ("),
        ("postgresql:///d?port=٣", "holds spaces or characters that are not ASCII (write "),
        ("postgresql:///d?port=1%D9%A3", "has a malformed option `port` ("),
        ("postgresql:///d?host=/a,/b", "has a malformed option `host` ("),
        ("postgresql:///d?host=elsewhere", "has a malformed option `host` ("),
        ("postgresql://h/d?sslrootcert=ca.pem", "has a malformed option `sslrootcert`"),
        ("postgresql://h/d?sslmode=", "has a malformed option `sslmode` ("),
        ("postgresql://?service=a%00", "has a malformed option `service` ("),
        ("postgresql://?service=%1b]0;", "has a malformed option `service` ("),
        ("postgresql://?service=", "has a malformed option `service` ("),
    ],
)
def test_a_url_that_names_no_ledger_is_an_error_with_what_to_write(
    file: File, url: str, error: str
) -> None:
    found = error_of(file, url)
    assert found.startswith(error)
    assert found.endswith(")")
    assert "hunter2" not in found


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:hunter2@h/d",
        "postgres://h/hunter2",
        "postgresql+asyncpg://h/hunter2",
        "sqlite+pysqlite:///hunter2",
        "SQLITE:///hunter2",
        "hunter2.db",
        "/hunter2.db",
        "",
    ],
)
def test_an_unknown_kind_of_ledger_is_an_error_with_the_kinds_there_are(
    file: File, url: str
) -> None:
    assert error_of(file, url) == (
        "must begin with `sqlite:///`, `postgresql+psycopg://` or `postgresql://`"
    )


@pytest.mark.parametrize("value", ["5", "[hunter2]", "{url: hunter2}", "", "20251031"])
def test_a_ledger_that_is_no_text_is_an_error_that_does_not_tell_it(file: File, value: str) -> None:
    (error,) = file.errors(HEAD + REAL + f"ledger: {value}\n")
    assert error.startswith("reconciler.yaml:7:")
    assert "hunter2" not in error
    assert "2025" not in error


def test_a_broken_ledger_is_told_once_for_all_workspaces_and_beside_other_errors(
    file: File,
) -> None:
    errors = file.errors(TWO + "ledger: sqlite://\ndefaultWorkspace: x\n")
    assert [error.split(": ")[0] for error in errors] == [
        "reconciler.yaml:10:9",
        "reconciler.yaml:11:19",
    ]
