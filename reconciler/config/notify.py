"""The ``notify`` of a workspace: where notifications go, about what, and how much they show."""

from collections.abc import Callable
from typing import Final, TypeAlias
from urllib.parse import quote, urlsplit

from msgspec import Struct

from reconciler.config.secret_source import SecretSource
from reconciler.config.setting import Setting
from reconciler.domain import DEFAULT_EVENTS, NotificationEvent, Privacy, SourceLocation

_PLACEHOLDERS: Final = ("{run}", "{workspace}")
_LINK_HINT: Final = "write https://host/path; it can hold {run} and {workspace}"

SecretReader = Callable[[Setting], SecretSource]


class AppriseService(Struct, frozen=True):
    """A service that Apprise knows, by its URL."""

    url: SecretSource


class Webhook(Struct, frozen=True):
    """A receiver of signed JSON."""

    url: SecretSource
    hmac_key: SecretSource


NotificationService: TypeAlias = AppriseService | Webhook


class NotificationTarget(Struct, frozen=True):
    """Where notifications of ``events`` go. Errors and reports know it by ``name`` alone.

    ``link`` is a URL for the reader, with ``{run}`` and ``{workspace}``.
    """

    name: str
    service: NotificationService
    events: frozenset[NotificationEvent]
    privacy: Privacy
    link: str | None
    source: SourceLocation

    def link_for(self, workspace: str, run: str | None) -> str | None:
        """The URL to show; None if there is none, or if it :attr:`needs_run` and there is none."""
        if self.link is None or (run is None and self.needs_run):
            return None
        link = self.link.replace("{workspace}", quote(workspace, safe=""))
        return link.replace("{run}", quote(run or "", safe=""))

    @property
    def needs_run(self) -> bool:
        """Whether the link leads nowhere without a run."""
        return self.link is not None and "{run}" in self.link

    @property
    def secrets(self) -> tuple[SecretSource, ...]:
        """Where its secrets are found."""
        service = self.service
        return (service.url, service.hmac_key) if isinstance(service, Webhook) else (service.url,)


def read_target(name: str, setting: Setting, secret: SecretReader) -> NotificationTarget:
    """The target that ``setting`` describes, which the schema has checked."""
    webhook, link, events = setting.get("webhook"), setting.get("link"), setting.get("events")
    if webhook is not None:
        url, key = secret(webhook.at("url")), secret(webhook.at("hmacKey"))
        service: NotificationService = Webhook(url, key)
    else:
        service = AppriseService(secret(setting.at("url")))
    if link is not None and (problem := _link_problem(link.value)):
        link.error(f"`link` {problem}", _LINK_HINT)
    return NotificationTarget(
        name,
        service,
        frozenset(map(NotificationEvent, events.value)) if events else DEFAULT_EVENTS,
        Privacy(setting.value.get("privacy", Privacy.COUNTS)),
        None if link is None else link.value,
        setting.key_place,
    )


def _link_problem(link: str) -> str | None:
    bare = link
    for placeholder in _PLACEHOLDERS:
        bare = bare.replace(placeholder, "x")
    if not (bare.isascii() and bare.isprintable()) or " " in bare:
        return "holds spaces or characters that are not ASCII"
    if "{" in bare or "}" in bare:
        return "holds a placeholder that does not exist"
    try:
        parts = urlsplit(bare)
    except ValueError:
        return "is no URL"
    if parts.scheme not in ("https", "http") or not parts.hostname:
        return "is no URL of a page"
    return "holds a user or a password" if "@" in parts.netloc else None
