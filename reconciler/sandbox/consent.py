"""The consent pages of Google and Microsoft, as far as a connect link needs them.

A person opens the link, chooses an account, and allows or denies. As at the platforms, an unknown
client or redirect URI ends on a page, so that no code and no ``state`` leaves; any other fault goes
back to the application. Whether ``state`` holds a good token is for Recall to see: only the
suggested account is taken from it.
"""

from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from msgspec import Struct

from reconciler.domain import Platform
from reconciler.domain.urls import in_url, is_host
from reconciler.sandbox import oauth_apps, oauth_codes
from reconciler.sandbox.callbacks import connecting_user, email_for, looks_like_email, state_of
from reconciler.sandbox.http_messages import (
    ApiResponse,
    EndpointCall,
    RequestRefused,
    fields_of,
    redirect,
)
from reconciler.sandbox.oauth_codes import Consent
from reconciler.sandbox.web_page import web_page


class _Provider(Struct, frozen=True):
    """A platform: its name, Recall's callback for it, and which requests ask to come back without
    the person (for a refresh token)."""

    platform: Platform
    name: str
    callback: str
    is_offline: Callable[[Mapping[str, str]], bool]


_GOOGLE: Final = _Provider(
    Platform.GOOGLE,
    "Google",
    "/api/v1/calendar/google_oauth_callback/",
    lambda query: query.get("access_type") == "offline" and query.get("prompt") == "consent",
)
_MICROSOFT: Final = _Provider(
    Platform.MICROSOFT,
    "Microsoft",
    "/api/v1/calendar/ms_oauth_callback/",
    lambda query: "offline_access" in query.get("scope", "").split(),
)


def google_consent(call: EndpointCall) -> ApiResponse:
    """Google's page: who wants what, and the person's answer."""
    return _page(call, _GOOGLE)


def google_decision(call: EndpointCall) -> ApiResponse:
    """The person's answer on Google's page, sent back to the application."""
    return _decided(call, _GOOGLE)


def ms_consent(call: EndpointCall) -> ApiResponse:
    """Microsoft's page: who wants what, and the person's answer."""
    return _page(call, _MICROSOFT)


def ms_decision(call: EndpointCall) -> ApiResponse:
    """The person's answer on Microsoft's page, sent back to the application."""
    return _decided(call, _MICROSOFT)


def _page(
    call: EndpointCall, provider: _Provider, problem: str | None = None, account: str | None = None
) -> ApiResponse:
    query = _checked(call, provider)
    known = _known_accounts(call, provider)
    if account is None:
        account = known[0] if known else ""
    options = "".join(f'<option value="{escape(email)}"></option>' for email in known)
    scopes = "".join(f"<li>{escape(scope)}</li>" for scope in query["scope"].split())
    alert = "" if problem is None else f'<p role="alert" id="problem">{escape(problem)}</p>'
    described = "" if problem is None else ' aria-invalid="true" aria-describedby="problem"'
    body = (
        f'<p class="note">This page belongs to the sandbox and plays the part of {provider.name}.'
        " No real account is touched.</p>"
        f"<p>The application <strong>{escape(query['client_id'])}</strong> asks for:</p>"
        f"<ul>{scopes}</ul>"
        f'<form method="post">{alert}'
        f'<label for="account">{provider.name} account</label>'
        '<input id="account" name="account" type="email" required autocomplete="off"'
        f' list="accounts" value="{escape(account)}"{described}>'
        f'<datalist id="accounts">{options}</datalist>'
        '<button name="decision" value="allow">Allow</button>'
        '<button name="decision" value="deny" formnovalidate>Deny</button></form>'
    )
    status = 200 if problem is None else 400
    title = f"Connect a {provider.name} calendar"
    return web_page(status, title, body, form_targets=_targets(call, query))


def _known_accounts(call: EndpointCall, provider: _Provider) -> list[str]:
    """The accounts that the user of ``state`` may have, the likeliest first."""
    user = connecting_user(call)
    if user is None:
        return []
    emails = [row["email"] for row in user.connections]
    emails.append(email_for(user, provider.platform))
    found = [email for email in emails if isinstance(email, str) and looks_like_email(email)]
    return list(dict.fromkeys(found))


def _decided(call: EndpointCall, provider: _Provider) -> ApiResponse:
    query = _checked(call, provider)
    fields = fields_of(call.request, call.behaviour)
    if fields.get("decision") == "deny":
        return _back(query, error="access_denied")
    account = fields.get("account")
    email = account.strip() if isinstance(account, str) else ""
    if fields.get("decision") != "allow":
        return _page(call, provider, "Choose Allow or Deny.", email)
    if not looks_like_email(email):
        return _page(call, provider, "Enter the e-mail address of an account.", email)
    consent = Consent(provider.platform, query["redirect_uri"], email, provider.is_offline(query))
    code = oauth_codes.issue(call.db, consent, call.now)
    return _back(query, f"gave a code of {provider.platform}", code=code)


def _checked(call: EndpointCall, provider: _Provider) -> Mapping[str, str]:
    """The parameters of a request that may be shown to the person.

    Raises :class:`RequestRefused`: with a page for an application that is not known, and else with
    the way back to it.
    """
    query = call.request.query
    app = oauth_apps.find(call.db, provider.platform, query.get("client_id", ""))
    if app is None:
        raise RequestRefused(_blocked(provider, "invalid_client", "The client id is not known."))
    own = f"{call.request.origin}{provider.callback}"
    if query.get("redirect_uri") not in (own, *app.redirect_uris):
        text = f"The redirect URI must be {own}, or one that a seed registers for this client id."
        raise RequestRefused(_blocked(provider, oauth_codes.BAD_REDIRECT, text))
    if query.get("response_type") != "code":
        raise RequestRefused(_back(query, error="unsupported_response_type"))
    if not query.get("scope", "").split():
        raise RequestRefused(_back(query, error="invalid_scope"))
    if query.get("response_mode", "query") != "query":
        raise RequestRefused(_back(query, error="invalid_request"))
    return query


def _blocked(provider: _Provider, error: str, text: str) -> ApiResponse:
    title = f"{provider.name} blocked the request: {error}"
    return web_page(400, title, f"<p>{escape(text)}</p>")


def _back(query: Mapping[str, str], effect: str | None = None, **answer: str) -> ApiResponse:
    """The way back to the application, with ``answer`` and the ``state`` as it came."""
    if "state" in query:
        answer["state"] = query["state"]
    uri = query["redirect_uri"]
    separator = "&" if "?" in uri else "?"
    parameters = urlencode(answer, quote_via=quote, safe="")
    return redirect(f"{uri}{separator}{parameters}", effect)


def _targets(call: EndpointCall, query: Mapping[str, str]) -> Iterator[str]:
    """Where the answer to the form may lead the browser: browsers check redirects too."""
    state = state_of(call)
    urls = [query["redirect_uri"], *((state.success_url, state.error_url) if state else ())]
    for url in urls:
        if origin := _origin(url or ""):
            yield origin


def _origin(url: str) -> str | None:
    """The origin of a web address, in characters that are safe in a header; None for others."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not is_host(host):
        return None
    return f"{parts.scheme}://{in_url(host)}{'' if port is None else f':{port}'}"
