"""The views of one run: its lesson, tasks, queues and deadlines, code and activity."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.css.scalar import Scalar
from textual.getters import query_one
from textual.widgets import Input

from asynclab.screens.pane_tabs import PaneTabs
from asynclab.screens.panes import PANES
from asynclab.screens.runs import Run
from asynclab.screens.source_files import SourceFiles
from asynclab.widgets.activity_log import ActivityLog
from asynclab.widgets.concept import ConceptPane, Lesson
from asynclab.widgets.gauges import Gauges, lines_of_gauges
from asynclab.widgets.line_view import LineView
from asynclab.widgets.messages import TaskSelected
from asynclab.widgets.source_view import GUTTER, SourceView
from asynclab.widgets.task_table import TaskTable


class Stage(Vertical):
    """All that is shown of one run; all panes at once, or one at a time behind tabs."""

    DEFAULT_CSS = """
    Stage {
        width: 1fr;
        height: 100%;
        #concept { max-height: 11; }
        PaneTabs { display: none; }
        #tasks { height: 1fr; min-height: 7; }
        #gauges { display: none; }
        #lower { height: 2fr; }
        #source { width: 55%; height: 100%; scrollbar-size-horizontal: 0; }
        #log { width: 1fr; height: 100%; }
        #activity { height: 1fr; }
        #filter { padding: 0 1; color: $state-text; background: $state-row; }
        &.-has-gauges #gauges { display: block; }
        &.-mistake #concept { border: round $state-cancelled; border-title-color: $state-cancelled; }
        &.-single {
            PaneTabs { display: block; }
            #concept { max-height: 4; }
            #tasks, #gauges, #lower { display: none; height: 1fr; }
            #source { width: 1fr; }
            &.-front-tasks #tasks { display: block; }
            &.-front-gauges #gauges { display: block; }
            &.-front-source #lower { display: block; }
            &.-front-source #log { display: none; }
            &.-front-activity #lower { display: block; }
            &.-front-activity #source { display: none; }
            &.-front-concept #concept { height: 1fr; max-height: 100%; }
        }
    }
    """

    concept = query_one(ConceptPane)
    tabs = query_one(PaneTabs)
    tasks = query_one(TaskTable)
    gauges = query_one(Gauges)
    source = query_one(SourceView)
    activity = query_one(ActivityLog)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.front = "tasks"
        """The id of the pane that shows where one shows at a time."""
        self.is_single = False
        """Whether one pane shows at a time."""

    @property
    def is_filtering(self) -> bool:
        """Whether the filter of the activity is open."""
        return bool(self.query("#filter"))

    def compose(self) -> ComposeResult:
        """The panes from top to bottom."""
        yield ConceptPane(id="concept")
        yield PaneTabs({pane: name for pane, name in PANES.items() if pane != "demos"})
        yield TaskTable(id="tasks")
        yield Gauges(id="gauges")
        with Horizontal(id="lower"):
            yield SourceView(SourceFiles(), id="source")
            with Vertical(id="log"):
                yield ActivityLog(id="activity")

    def on_mount(self) -> None:
        """Let a long lesson be scrolled with keys."""
        self.concept.can_focus = True

    def show_demo(self, run: Run) -> None:
        """Show another demo's code and lesson."""
        self.source.show_source(str(run.demo.path), run.demo.source())
        self.describe(run)

    def describe(self, run: Run) -> None:
        """Say in the frame what is run: the demo, changed parameters, and the mistakes that are switched on."""
        self.set_class(bool(run.mistakes_on), "-mistake")
        self.concept.show_lesson(lesson_of(run))

    def paint(self, run: Run) -> None:
        """Bring every view up to date; each repaints only what changed."""
        lab, state = run.lab, run.state
        now, held = (0.0, 0) if lab is None else (lab.now, len(lab.held))
        for view in (self.tasks, self.gauges, self.source, self.activity):
            view.show(state, now)
        if state is None:
            self.concept.show_clock(None, now)
        else:
            self.concept.show_clock(state.clock, now, held, state.outcome)
        self._show_gauges(0 if state is None else lines_of_gauges(state))

    def lay_out(self, front: str, *, is_single: bool) -> None:
        """Show all panes, or one.

        Args:
            front: The id of the pane that shows where one shows at a time.
            is_single: Whether one shows at a time.
        """
        if self.front != front:
            self.remove_class(f"-front-{self.front}")
        self.front, self.is_single = front, is_single
        self.add_class(f"-front-{front}")
        self.set_class(is_single, "-single")
        self.tabs.show(front)

    @on(TaskSelected)
    def select_task(self, event: TaskSelected) -> None:
        """Select the task in the other panes, too."""
        for view in (self.tasks, self.source):
            if view is not event.view:
                view.select(event.task)

    async def open_filter(self) -> None:
        """Let a text be typed that the activity is filtered by."""
        if not self.is_filtering:
            await self.query_one("#log").mount(Input(placeholder="show lines with …", id="filter", compact=True))
        self.query_one("#filter").focus()

    async def close_filter(self) -> None:
        """Show all activity again."""
        self.activity.focus()
        await self.query("#filter").remove()
        self.activity.set_filter("")

    @on(Input.Changed, "#filter")
    def use_filter(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        self.activity.set_filter(event.value)

    @on(Input.Submitted, "#filter")
    async def keep_filter(self) -> None:
        """Go back to the activity; an empty filter goes away."""
        self.activity.focus()
        if not self.activity.filter_text:
            await self.close_filter()

    def selected_text(self, pane: str) -> str:
        """What is selected in a pane, by its id; where nothing can be, all of it."""
        match self.query_one(f"#{pane}"):
            case ActivityLog() as activity:
                return activity.cursor_text()
            case TaskTable() as tasks:
                return "" if tasks.cursor is None else tasks.line_text(tasks.cursor)
            case SourceView() as source:
                return "\n".join(source.line_text(index)[GUTTER:] for index in range(source.line_count())) + "\n"
            case LineView() as view:
                return "\n".join(view.line_text(index) for index in range(view.line_count()))
        return ""

    def _show_gauges(self, lines: int) -> None:
        """Make room for queues and deadlines as they come up."""
        self.set_class(lines > 0, "-has-gauges")
        room = min(max(lines, 3), self.screen.size.height // 5) + 2
        height = "1fr" if self.is_single else str(room)
        if self.gauges.styles.height != Scalar.parse(height):
            self.gauges.styles.height = height


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
    title = " ".join([demo.key, demo.name, *changed, *names])
    if not wrong:
        return Lesson(title, demo.concept, demo.watch, demo.belief, demo.truth, demo.docs)
    concept = f"The {label}: {'; '.join(mistake.mistake for mistake in wrong)}"
    watch = " ".join(f"{mistake.name}: {mistake.watch}" if wrong[1:] else mistake.watch for mistake in wrong)
    return Lesson(title, concept, watch, demo.belief, demo.truth, demo.docs)
