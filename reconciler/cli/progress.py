"""Progress bars on standard error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Progress:
    """Bars for long work, or silence where nobody watches."""

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown

    @contextmanager
    def counting(
        self, what: str, total: int | None = None, *, in_bytes: bool = False
    ) -> Iterator[Callable[[int], None]]:
        """A bar for ``what``; yields the function that tells it how far the work is."""
        if not self._shown:
            yield _ignore
            return
        from rich.console import Console  # noqa: PLC0415 - only where somebody watches
        from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, TextColumn  # noqa: PLC0415
        from rich.progress import Progress as Bars  # noqa: PLC0415

        count = DownloadColumn() if in_bytes else MofNCompleteColumn()
        columns = (TextColumn("{task.description}"), BarColumn(), count)
        with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
            task = bars.add_task(what, total=total)
            yield lambda done: bars.update(task, completed=done)


def _ignore(_done: int) -> None:
    return
