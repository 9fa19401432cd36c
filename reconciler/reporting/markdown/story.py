"""The whole story of one run, as Markdown."""

from reconciler.applying.records import ActionStory, RunStory
from reconciler.reporting import entries
from reconciler.reporting.comment import Comment, code, inline
from reconciler.reporting.documents import StoryReport
from reconciler.reporting.markdown.parts import row, write_guards
from reconciler.reporting.wording import runs, summary

_COLUMNS = ("", "User", "Action", "Account", "Outcome", "Source", "Steps")


def write_story(comment: Comment, report: StoryReport) -> None:
    """Who ran what, how it was judged, and a row for each action with all its steps."""
    story = report.story
    comment.block(f"### {inline(runs.title(story.summary))}")
    comment.block(inline(summary.of_story(report)))
    comment.block(inline(runs.why_ended(story.summary)))
    comment.items(map(inline, runs.facts(story, report.place)))
    write_guards(comment, story.verdicts, {}, remedies=False)
    if story.actions:
        comment.table(_COLUMNS, [_row(story, action) for action in story.actions])


def _row(story: RunStory, action: ActionStory) -> tuple[str, ...]:
    steps = [
        f"{code(runs.time_of(step, story.summary))} {inline(runs.step(step, action.action))}"
        for step in action.steps
    ]
    return (*row(story.plan, entries.recorded(action)), "; ".join(steps))
