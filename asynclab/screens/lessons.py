"""What is said of a demo's run above everything else."""

from __future__ import annotations

from collections.abc import Iterator

from asynclab.screens.runs import Run
from asynclab.widgets.concept import Lesson


def lesson_of(run: Run) -> Lesson:
    """What the frame of a run says; of the mistakes that are on, what is wrong and what to watch for instead."""
    demo = run.demo
    wrong = [mistake for mistake in demo.mistakes if mistake.name in run.mistakes_on]
    changed = [
        f"{parameter.name}={parameter.show(run.values[parameter.name])}"
        for parameter in demo.parameters
        if run.values.get(parameter.name, parameter.default) != parameter.default
    ]
    label = "mistake" if len(wrong) == 1 else "mistakes"
    names = [f"· {label}: {', '.join(mistake.name for mistake in wrong)}"] if wrong else []
    title = " ".join([demo.key, demo.name, *changed, *names, *_what_v_does(run)])
    if not wrong:
        return Lesson(title, demo.concept, demo.watch, demo.belief, demo.truth, demo.docs)
    concept = f"The {label}: {'; '.join(mistake.mistake for mistake in wrong)}"
    watch = " ".join(f"{mistake.name}: {mistake.watch}" if wrong[1:] else mistake.watch for mistake in wrong)
    return Lesson(title, concept, watch, demo.belief, demo.truth, demo.docs)


def _what_v_does(run: Run) -> Iterator[str]:
    """Name the mistake that `v` is to switch on next."""
    mistakes, following = run.demo.mistakes, run.following_mistake()
    for number, mistake in enumerate(mistakes, start=1):
        if mistake.name in following:
            yield f"· v: mistake {number} of {len(mistakes)}: {mistake.mistake}"
    if mistakes and not following:
        yield "· v: no mistake"
