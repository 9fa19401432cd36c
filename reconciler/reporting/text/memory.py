"""What a command had of the ledger, as text: nothing where all is well."""

from reconciler.reporting import entries
from reconciler.reporting.documents import Memory, MemoryState
from reconciler.reporting.page import Page
from reconciler.reporting.phrase import plain
from reconciler.reporting.sign import Tone
from reconciler.reporting.text.parts import write_entry
from reconciler.reporting.wording import memory as wording


def write_memory(
    page: Page, memory: Memory | None, *, resumes: str | None = None, missing: bool = True
) -> None:
    """Which runs died, what was settled of them, and, if asked, where a ledger is ``missing``."""
    if memory is None:
        return
    for run in memory.dead:
        page.gap()
        page.prose(plain(wording.died(memory, run)), Tone.ALARM, rest="  ")
        for step in wording.steps(run, resumes):
            page.line(f"  {plain(step)}")
    said = wording.state(memory)
    if said is not None and (missing or memory.state is not MemoryState.NONE):
        page.gap()
        page.prose(plain(said), Tone.CHANGE, rest="  ")
    if (used := wording.used(memory)) is not None:
        page.gap()
        page.prose(plain(used), Tone.CHANGE, rest="  ")
    for run_id, settled in entries.settled(memory.settled).items():
        page.gap()
        page.line((plain(wording.settled_of(run_id)), Tone.HEADING))
        for entry in settled:
            write_entry(page, entry, of=entry.user)
