"""The ``oauth`` of a workspace: the applications that connect links name, and where they lead.

A platform sends the person back to a redirect URI only if it is exactly the one that is registered
there. So the URLs are kept as they are written.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from reconciler.domain import OAuthClient, OAuthSettings, Platform, UnusableUrl, check_browser_url

_URL_HINT: Final = "write https://host/path; http is for loopback only"
_GOOGLE_SECRET: Final = "GOCSPX-"  # noqa: S105  # how Google's client secrets begin

Complaint = Callable[[Sequence[str], str, str], None]
"""Takes the path of a field below ``oauth``, what is wrong with it, and what to do."""


def read_oauth(fields: Mapping[str, Any], complain: Complaint) -> OAuthSettings:
    """The settings that ``fields`` hold, which the schema has checked."""
    _check_url(fields, ["successUrl"], complain)
    _check_url(fields, ["errorUrl"], complain)
    clients = {
        platform: _client(fields[platform], platform, complain)
        for platform in Platform
        if platform in fields
    }
    return OAuthSettings(clients, fields.get("successUrl"), fields.get("errorUrl"))


def _client(fields: Mapping[str, Any], platform: Platform, complain: Complaint) -> OAuthClient:
    if fields["clientId"].startswith(_GOOGLE_SECRET):
        complain(
            [platform, "clientId"],
            "`clientId` is a client secret, not a client id",
            "write the id; if this file was ever shared, renew the secret at Google",
        )
    _check_url(fields, [platform, "redirectUri"], complain)
    return OAuthClient(fields["clientId"], fields.get("redirectUri"))


def _check_url(fields: Mapping[str, Any], path: Sequence[str], complain: Complaint) -> None:
    name = path[-1]
    if name not in fields:
        return
    try:
        check_browser_url(fields[name])
    except UnusableUrl as error:
        complain(path, f"`{name}` {error}", _URL_HINT)
