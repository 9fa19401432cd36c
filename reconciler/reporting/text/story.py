"""The whole story of one run, as text."""

from reconciler.applying.records import ActionStory, RunStory
from reconciler.reporting import entries
from reconciler.reporting.documents import StoryReport
from reconciler.reporting.entries import RUN_TONES
from reconciler.reporting.page import Page
from reconciler.reporting.phrase import plain
from reconciler.reporting.sign import Tone
from reconciler.reporting.text.parts import write_entry, write_guards, write_user
from reconciler.reporting.wording import runs, summary


def write_story(page: Page, report: StoryReport) -> None:
    """Who ran what, how it was judged, each step of each action, and how it ended."""
    story = report.story
    page.line((plain(runs.title(story.summary)), Tone.HEADING))
    for fact in runs.facts(story, report.place):
        page.line((f"  {plain(fact)}", Tone.FAINT))
    page.gap()
    page.prose(plain(runs.why_ended(story.summary)), RUN_TONES[story.summary.state])
    write_guards(page, story.verdicts, {}, remedies=False)
    by_user: dict[str, list[ActionStory]] = {}
    for action in story.actions:
        by_user.setdefault(action.action.user, []).append(action)
    for user, actions in sorted(by_user.items()):
        _user(page, story, user, actions)
    page.gap()
    page.line((plain(summary.of_story(report)), Tone.HEADING))


def _user(page: Page, story: RunStory, user: str, actions: list[ActionStory]) -> None:
    told = [entries.recorded(action) for action in actions]
    write_user(page, story.plan, user, told)
    for action, entry in zip(actions, told, strict=True):
        write_entry(page, entry)
        for step in action.steps:
            at = runs.time_of(step, story.summary)
            page.prose(
                f"{at} {plain(runs.step(step, action.action))}",
                Tone.FAINT,
                first="      ",
                rest="        ",
            )
