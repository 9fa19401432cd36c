"""The configuration as a whole: workspaces by name."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from reconciler.config.workspace import Workspace
from reconciler.domain import Diagnostic, InvalidInput, SourceLocation
from reconciler.manifest.shown import near_miss, shown


class Configuration(Struct, frozen=True):
    """A read ``reconciler.yaml``."""

    path: Path
    default_workspace: str | None
    workspaces: Mapping[str, Workspace]
    source: SourceLocation

    def workspace(self, name: str | None) -> Workspace:
        """The workspace called ``name``, or the default one.

        Raises :class:`InvalidInput` with the names there are.
        """
        names = f"there are: {', '.join(sorted(self.workspaces))}"
        chosen = self.default_workspace if name is None else name
        if chosen is None:
            raise InvalidInput(
                Diagnostic(
                    self.source,
                    f"no workspace is named and there is no `defaultWorkspace`; {names}",
                    "use --workspace or RECONCILER_WORKSPACE",
                )
            )
        if chosen not in self.workspaces:
            raise InvalidInput(
                Diagnostic(
                    self.source,
                    f"there is no workspace {shown(chosen)}; {names}",
                    near_miss(chosen, self.workspaces),
                )
            )
        return self.workspaces[chosen]
