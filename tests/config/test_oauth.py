"""What connect links are made with, and every way in which it can be wrong."""

import pytest

from reconciler.domain import OAuthClient, OAuthSettings, Platform
from tests.config.file import File


def test_without_the_field_there_is_no_client(file: File) -> None:
    assert file.workspace("").oauth == OAuthSettings({}, None, None)


def test_every_field_is_read_as_it_is_written(file: File) -> None:
    workspace = file.workspace(
        "    oauth:\n"
        "      google: {clientId: 12-a.apps.googleusercontent.com}\n"
        "      microsoft: {clientId: 6c1b, redirectUri: 'https://App.example.com:443/cb?a=b'}\n"
        "      successUrl: http://127.0.0.1:8080/done\n"
        "      errorUrl: https://app.example.com/failed\n"
    )
    assert workspace.oauth == OAuthSettings(
        {
            Platform.GOOGLE: OAuthClient("12-a.apps.googleusercontent.com", None),
            Platform.MICROSOFT: OAuthClient("6c1b", "https://App.example.com:443/cb?a=b"),
        },
        "http://127.0.0.1:8080/done",
        "https://app.example.com/failed",
    )


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://app.example.com/", "is http and not on loopback"),
        ("ftp://app.example.com/", "does not begin with https://"),
        ("javascript:alert(1)", "does not begin with https://"),
        ("https://user:hunter2@host/", "holds a user or a password"),
        ("https://host/#hunter2", "holds a fragment"),
        ("https://host/#", "holds a fragment"),
        ("https://", "names no host"),
        ("https://host:99999/", "is no URL"),
        ("https://host/a b", "holds spaces"),
        ("https://höst/", "holds spaces or characters that are not ASCII"),
    ],
)
@pytest.mark.parametrize("name", ["successUrl", "errorUrl", "redirectUri"])
def test_a_url_for_a_browser_that_cannot_be_used_is_an_error_that_does_not_show_it(
    file: File, name: str, url: str, problem: str
) -> None:
    field = f'{name}: "{url}"'
    settings = f"google: {{clientId: x, {field}}}" if name == "redirectUri" else field
    error = file.error_of(f"    oauth: {{{settings}}}\n")
    assert error.startswith("reconciler.yaml:7:")
    assert f"`{name}` {problem}" in error
    assert "hunter2" not in error


@pytest.mark.parametrize("client_id", ["", "a b", "ä", "a\\tb"])
def test_a_client_id_is_printable_ascii(file: File, client_id: str) -> None:
    error = file.error_of(f'    oauth: {{google: {{clientId: "{client_id}"}}}}\n')
    assert error.startswith("reconciler.yaml:7:32:")


def test_a_client_secret_in_the_place_of_the_id_is_an_error_that_does_not_show_it(
    file: File,
) -> None:
    error = file.error_of("    oauth: {google: {clientId: GOCSPX-hunter2}}\n")
    assert "`clientId` is a client secret" in error
    assert "hunter2" not in error


@pytest.mark.parametrize("field", ["clientSecret: hunter2", "client_id: hunter2"])
def test_a_field_that_is_not_known_is_an_error(file: File, field: str) -> None:
    error = file.error_of(f"    oauth: {{google: {{clientId: x, {field}}}}}\n")
    assert field.partition(":")[0] in error
    assert "hunter2" not in error


def test_a_client_without_an_id_is_an_error(file: File) -> None:
    assert "clientId" in file.error_of("    oauth: {microsoft: {redirectUri: https://h/}}\n")
