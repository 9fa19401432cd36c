"""A connect link in words: whose it is, until when, how to treat it. The link is never in them."""

from reconciler.reporting.documents import ConnectLinkReport
from reconciler.reporting.phrase import Foreign, Phrase
from reconciler.runs.history import MadeLink


def title(report: ConnectLinkReport) -> Phrase:
    """``Connect link: microsoft for alice in workspace prod at https://…``"""
    return (
        f"Connect link: {report.made.platform} for ",
        Foreign(report.user),
        *_email(report),
        " in workspace ",
        Foreign(report.workspace),
        " at ",
        Foreign(report.base_url),
    )


def _email(report: ConnectLinkReport) -> Phrase:
    if report.email in (None, report.user):
        return ()
    return (" (", Foreign(str(report.email)), ")")


def lines(report: ConnectLinkReport) -> list[Phrase]:
    """What to do with the link, until when, where it is, and what is recorded."""
    secret = (
        "The link is a secret. Send it to this person alone, by a private message. Whoever has it"
        f" can connect a {report.made.platform} calendar for this user, and has a token of theirs."
    )
    said: list[Phrase] = [
        (secret,),
        ("It can be used until ", Foreign(report.expires), ". Nobody can take it back before."),
    ]
    if report.saved_to is not None:
        said.append(
            (
                "It is in ",
                Foreign(report.saved_to),
                ", which your account alone can read. Delete the file once you have sent it.",
            )
        )
    said.append(
        (
            "The ledger at ",
            Foreign(report.ledger.place),
            " records that ",
            *maker(report.made),
            " made it. The link itself is recorded nowhere.",
        )
    )
    return said


def maker(made: MadeLink) -> Phrase:
    """``dana on laptop``"""
    return (Foreign(made.who), " on ", Foreign(made.host))


def summary(report: ConnectLinkReport) -> str:
    """``Made a connect link for microsoft: nobody but this user may have it.``"""
    return f"Made a connect link for {report.made.platform}: nobody but this user may have it."
