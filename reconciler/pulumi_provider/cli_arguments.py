"""Whether a Pulumi command previews before it updates, according to its arguments and environment.

They are parsed as the CLI parses them (cobra and pflag). An option that only a later CLI knows can
be parsed in several ways: all of them are tried, and only what holds in all of them is certain.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

_UPDATES: Final = frozenset({"up", "update", "refresh", "destroy", "down", "dn"})
_PREVIEWS: Final = frozenset({"preview", "pre"})
_WATCHES: Final = frozenset({"watch"})
"""They update without a preview."""
_COMMANDS: Final = _UPDATES | _PREVIEWS | _WATCHES

_SKIP: Final = "skip-preview"
_OPTION: Final = "PULUMI_OPTION_SKIP_PREVIEW"
_TRUE: Final = frozenset({"1", "t", "T", "TRUE", "true", "True"})

_BARE: Final = frozenset(
    "attach-debugger clear-pending-creates config-path continue-on-error copilot debug diff"  # noqa: SIM905
    " disable-integrity-checking emoji exclude-dependents exclude-protected expect-no-changes"
    " fully-qualify-stack-names help ignore-protect json logflow logtostderr neo"
    " neo-task-on-failure non-interactive preview-only refresh remove run-program show-config"
    " show-full-output show-policy-remediations show-reads show-replacement-steps show-sames"
    " show-secrets skip-config-validation skip-pending-creates skip-plugin-pre-install strict"
    " suppress-outputs suppress-permalink suppress-progress target-dependents urns yes".split()
)
"""Options that never take the next argument as their value."""
_VALUED: Final = frozenset(
    "color config config-file cwd exclude message parallel policy-pack policy-pack-config"  # noqa: SIM905
    " replace secrets-provider stack target target-replace tracing verbose".split()
)
"""Options that take the next argument as their value, unless they have one after ``=``."""
_BARE_LETTERS: Final = frozenset("Qdehjry")
_VALUED_LETTERS: Final = frozenset("Ccmpstvx")
"""Their value is the rest of the argument or, if that is empty, the next one."""

_Readings = set[tuple[bool, int]]
"""Ways to parse an option: is the preview skipped after it, and how many arguments does it take?"""


def only_previews(arguments: Sequence[str]) -> bool:
    """Whether the command certainly is a preview that no update follows."""
    named = _named(arguments)
    return bool(named) and all(arguments[at] in _PREVIEWS for at in named)


def skips_preview(arguments: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Whether the command certainly updates without a preview of its own."""
    named = _named(arguments)
    by_default = environment.get(_OPTION, "").lower() in {"1", "true"}
    return bool(named) and all(
        arguments[at] in _WATCHES
        or (
            arguments[at] in _UPDATES
            and _all_skip([*arguments[:at], *arguments[at + 1 :]], by_default=by_default)
        )
        for at in named
    )


def _named(arguments: Sequence[str]) -> list[int]:
    """Where the command's name may stand. The CLI parses the other arguments without that one."""
    named = [at for at, each in enumerate(arguments) if each in _COMMANDS]
    return [0] if 0 in named else named


def _all_skip(arguments: Sequence[str], *, by_default: bool) -> bool:
    """Whether ``arguments`` skip the preview in every way of parsing them."""
    end = len(arguments)
    reached: defaultdict[int, set[bool]] = defaultdict(set, {0: {by_default}})
    for at, argument in enumerate(arguments):
        for before in reached[at]:
            for after, length in _read(argument, skips=before, rest=end - at):
                reached[min(at + length, end)].add(after)
    return reached[end] == {True}


def _read(argument: str, *, skips: bool, rest: int) -> _Readings:
    if argument == "--":
        return {(skips, rest)}
    if argument.startswith("--"):
        return _read_long(argument.removeprefix("--"), skips=skips)
    return _read_letters(argument[1:], skips=skips) if argument.startswith("-") else {(skips, 1)}


def _read_long(option: str, *, skips: bool) -> _Readings:
    name, explicit, value = option.partition("=")
    if name == _SKIP:
        return {(not explicit or value in _TRUE, 1)}
    if explicit or name in _BARE:
        return {(skips, 1)}
    return {(skips, 2)} if name in _VALUED else {(skips, 1), (skips, 2)}


def _read_letters(letters: str, *, skips: bool) -> _Readings:
    for at, letter in enumerate(letters, 1):
        rest = letters[at:]
        explicit = len(rest) > 1 and rest.startswith("=")
        if letter == "f" and explicit:
            return {(rest.removeprefix("=") in _TRUE, 1)}
        if explicit:
            return {(skips, 1)}
        if letter in _VALUED_LETTERS:
            return {(skips, 1 if rest else 2)}
        if letter not in _BARE_LETTERS and letter != "f":
            return {(skips and not rest, 1), (skips and not rest, 2)}
        skips = skips or letter == "f"
    return {(skips, 1)}
