"""The commands on the results and on the text, such as to sort, filter, copy and export."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from asynclab.fetch.row_lines import counts_of, named_counts
from asynclab.fetch.texts import FORMATS
from asynclab.fetch.urls import find_urls
from asynclab.model.wording.quantities import plural
from asynclab.screens.fetch.fetch_actions import FetchActions, in_list
from asynclab.screens.fetch.url_order import SORTS, next_sort
from asynclab.screens.shared.command import Command
from asynclab.widgets.fetch.url_words import in_words

if TYPE_CHECKING:
    from asynclab.screens.fetch.export_form import Format

command = Command["ResultActions"]

AUTO = "auto"
"""The name of the choice that detects the format from the text."""


class ResultActions(FetchActions):
    """A screen with URLs and their results, and the actions on both."""

    @command("sort", key="s", group="Looking", rank=in_list(11), when=lambda screen: screen.has_urls)
    def action_sort(self) -> None:
        """Sort by state, time, size or URL, or in the order of the text."""
        self.views.sort = next_sort(self.views.sort)
        self.host.tell(SORTS[self.views.sort])

    @command(
        "filter",
        key="slash",
        group="Looking",
        rank=12,
        when=lambda screen: screen.has_lines if screen.is_in_stage else screen.has_urls,
    )
    async def action_filter(self) -> None:
        """Show only URLs that contain a text: in the URL, state, status or title. On the stage, filter the activity."""
        if self.is_in_stage:
            await super().action_filter()
        else:
            await self.views.list.open_filter()

    @command("add URLs", key="a", group="Text", rank=in_list(9))
    def action_edit(self) -> None:
        """Go to the text in which URLs are found, to add to it or change it; esc leaves it."""
        self.views.text.focus()
        self.views.text.go_to_new_line()

    @command("clear", key="D", group="Text", when=lambda screen: screen.has_urls)
    def action_clear(self) -> None:
        """Clear the text."""
        self.views.text.take("")

    @command(
        "format",
        key="F",
        group="Text",
        rank=in_list(11),
        when=lambda screen: screen.is_in_list and bool(screen.urls.text.strip()),
    )
    async def action_format(self) -> None:
        """Choose the format of the text: the detected one, or another; each with what it finds."""
        from asynclab.screens.shared.choice_form import Choice, ChoiceForm

        text = self.urls.text

        def reading(name: str) -> Choice:
            told = named_counts(find_urls(text)) if name == AUTO else counts_of(find_urls(text, taken_as=name))
            return Choice(name[0], name, " · ".join(told))

        # A long text takes a second or two per format.
        choices = await asyncio.to_thread(lambda: list(map(reading, (AUTO, *FORMATS))))

        async def read(name: str | None) -> None:
            if name is not None:
                await self.urls.read(text, "" if name == AUTO else name)

        self.app.push_screen(ChoiceForm("Read the text as", choices, chosen=self.urls.taken_as or AUTO), read)

    @command("ignored lines", key="I", group="Text", when=lambda screen: bool(screen.urls.found.ignored))
    def action_ignored(self) -> None:
        """Show what of the text was ignored: lines without a URL, templates, defanged URLs."""
        from asynclab.model.text import one_line
        from asynclab.screens.shared.text_modal import TextList

        lines = [((one_line(line), ""),) for line in self.urls.found.ignored]
        self.app.push_screen(TextList("What was ignored", lines))

    @command(
        "copy",
        key="y",
        group="Results",
        rank=13,
        when=lambda screen: screen.is_in_stage or screen.views.selected is not None,
    )
    def action_copy(self) -> None:
        """Copy the selected URL and its result; on the stage, the selected line."""
        row = self.views.selected
        if self.is_in_stage:
            super().action_copy()
        elif row is not None:
            self.copy(in_words(row, self.together.now))

    @command(
        "copy failed URLs",
        key="Y",
        group="Results",
        when=lambda screen: screen.has_failed and screen.is_in_list,
    )
    def action_copy_failed(self) -> None:
        """Copy the URLs that failed, one per line."""
        failed = [row.url for row in self.views.rows if row.state == "failed"]
        self.copy("\n".join(failed), if_nothing="no URL has failed")

    @command("link report", key="L", group="Results", when=lambda screen: screen.has_checked and screen.is_in_list)
    def action_report(self) -> None:
        """Show the broken links by cause, and how many links of each host are ok; only of links that were checked."""
        from asynclab.fetch.check_report import CheckReport
        from asynclab.screens.shared.text_modal import TextList

        report = CheckReport()
        for row in self.views.rows:
            if row.has_ended:
                report.add(row)
        self.app.push_screen(TextList("Links", [((line, ""),) for line in report.lines()]))

    @property
    def has_checked(self) -> bool:
        """Whether the shown fetch checks links, and one of them has ended."""
        fetch = self.together.fetch
        return self.shows_fetched and fetch is not None and fetch.options.check and fetch.totals().ended > 0

    @command("export", key="e", group="Results", rank=in_list(10), when=lambda screen: screen.shows_fetched)
    def action_export(self) -> None:
        """Write the results to a file: JSON, NDJSON, CSV or HAR."""
        from asynclab.screens.fetch.export_form import FORMATS, export_form

        try:
            folder = Path.cwd()
        except OSError:
            self.host.tell("can't write: the current folder no longer exists", is_problem=True)
            return

        def export(name: str | None) -> None:
            for form in (form for form in FORMATS if form.name == name):
                self.run_worker(self._write(form, folder), group="export", exit_on_error=False)

        self.app.push_screen(export_form(folder), export)

    async def _write(self, form: Format, folder: Path) -> None:
        from asynclab.screens.fetch.export_form import write_results

        rows = tuple(self.views.rows)
        options = self.chosen if self.together.fetch is None else self.together.fetch.options
        try:
            path = await asyncio.to_thread(write_results, rows, options, form, folder)
        except OSError as error:
            self.host.tell(f"can't write {error.filename or folder}: {error.strerror or error}", is_problem=True)
        else:
            self.host.tell(f"{plural(len(rows), 'URL')} written to {path}")
