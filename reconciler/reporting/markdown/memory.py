"""What a command had of the ledger, as Markdown: nothing where all is well."""

from reconciler.reporting import entries
from reconciler.reporting.comment import Comment, inline
from reconciler.reporting.documents import Memory, MemoryState
from reconciler.reporting.markdown.parts import item
from reconciler.reporting.wording import memory as wording


def write_memory(
    comment: Comment, memory: Memory | None, *, resumes: str | None = None, missing: bool = True
) -> None:
    """Which runs died, what was settled of them, and, if asked, where a ledger is ``missing``."""
    if memory is None:
        return
    if memory.dead:
        comment.block(f"> [!CAUTION]\n> {wording.dead_runs(memory.dead)}:")
        comment.items(inline(wording.announced(memory, run, resumes)) for run in memory.dead)
    said = wording.state(memory)
    if said is not None and (missing or memory.state is not MemoryState.NONE):
        comment.block(f"> [!WARNING]\n> {inline(said)}")
    if (used := wording.used(memory)) is not None:
        comment.block(f"> [!WARNING]\n> {inline(used)}")
    for run, settled in entries.settled(memory.settled).items():
        comment.block(f"{inline(wording.settled_of(run))}:")
        comment.items(map(item, settled))
