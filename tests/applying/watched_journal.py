"""A journal in memory that lets something happen at a record, or fails."""

from collections.abc import Callable

from reconciler.runs import (
    Answer,
    Ended,
    Intent,
    JournalFailed,
    MemoryJournal,
    ReadBack,
    RunClosed,
    RunOpened,
)
from reconciler.runs.journal import Record

_Hook = tuple[str, str | None, Callable[[], None], bool]


class WatchedJournal(MemoryJournal):
    """Each hook is called before its record is taken; what it raises, the journal raises."""

    def __init__(self) -> None:
        super().__init__()
        self._hooks: list[_Hook] = []

    def at(
        self, kind: str, happens: Callable[[], None], *, user: str | None = None, once: bool = True
    ) -> None:
        """Let something happen at the next record of ``kind``, or at all of them."""
        self._hooks.append((kind, user, happens, once))

    def fail_at(self, kind: str, *, user: str | None = None) -> None:
        """Let every record of ``kind`` fail."""

        def fail() -> None:
            raise JournalFailed(f"the disk is full at {kind}")

        self.at(kind, fail, user=user, once=False)

    def story(self, user: str) -> list[str]:
        """The records about ``user``, each in a few words."""
        return [words for words, whom in map(_words, self.records) if whom == user]

    def _before(self, kind: str, user: str | None) -> None:
        for hook in list(self._hooks):
            if hook[0] == kind and hook[1] in (None, user):
                if hook[3]:
                    self._hooks.remove(hook)
                hook[2]()

    def run_opened(self, record: RunOpened) -> None:
        self._before("run_opened", None)
        super().run_opened(record)

    def intent(self, record: Intent) -> None:
        self._before("intent", record.action.user)
        super().intent(record)

    def answer(self, record: Answer) -> None:
        self._before("answer", record.action.user)
        super().answer(record)

    def read_back(self, record: ReadBack) -> None:
        self._before("read_back", record.action.user)
        super().read_back(record)

    def outcome(self, record: Ended) -> None:
        self._before("outcome", record.result.action.user)
        super().outcome(record)

    def run_closed(self, record: RunClosed) -> None:
        self._before("run_closed", None)
        super().run_closed(record)


def _words(record: Record) -> tuple[str, str | None]:
    match record:
        case Intent(action=action, call=call):
            return f"intent {call}", action.user
        case Answer(action=action, call=call, answer=answer, no_effect=no_effect):
            return f"answer {call} {answer}" + (" no effect" if no_effect else ""), action.user
        case ReadBack(action=action, call=call, reading=reading):
            return f"read back {call} {reading}", action.user
        case Ended(result=result):
            return f"outcome {result.outcome}", result.action.user
        case _:
            return type(record).__name__, None
