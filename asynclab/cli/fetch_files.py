"""Opens the files for results of `asynclab fetch`. Errors come before anything is fetched."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from asynclab.fetch.options import Options
from asynclab.terminal.streams import is_terminal

if TYPE_CHECKING:
    from asynclab.cli.fetch_printing import ResultFile
    from asynclab.fetch.har import ArchiveFile
    from asynclab.fetch.resume import Results
    from asynclab.fetch.urls import FoundUrl


class KeptFiles:
    """The open files for results."""

    def __init__(self, archive: ArchiveFile | None, results: Results | None, options: Options) -> None:
        self.files: list[ResultFile] = [file for file in (archive, results) if file is not None]
        self._results = results
        self._options = options

    def left(self, urls: Sequence[FoundUrl]) -> Sequence[FoundUrl]:
        """The URLs that are not ok in the file of results. On a terminal, also print how many are ok."""
        from asynclab.fetch.anchors import anchors_of

        results = self._results
        if results is None:
            return urls
        looks = anchors_of if self._options.check else lambda _: ()
        left = [url for url in urls if not results.is_done(url.url, looks(url.fragments))]
        if is_terminal(sys.stderr):
            failed = sum(results.has_failed(url.url) for url in left)
            again = f", {failed:,} that failed are fetched again" if failed else ""
            cut_off = ", its last line was cut off and is dropped" if results.was_cut_off else ""
            done = f"{len(urls) - len(left):,} of {len(urls):,} URLs are ok in '{results.path}'"
            click.echo(done + again + cut_off, err=True)
        return left


@contextmanager
def open_files(har: Path | None, resume: Path | None, options: Options) -> Iterator[KeptFiles]:
    """Open the files for results that the options name.

    Args:
        har: The path of an HTTP archive; None for none.
        resume: The path of a file that keeps results over several runs; None for none.
        options: How URLs are fetched.

    Raises:
        click.UsageError: A file can't be written.
    """
    with ExitStack() as stack:
        archive = None if har is None else stack.enter_context(_open_archive(har, options))
        results = None if resume is None else stack.enter_context(_open_results(resume))
        yield KeptFiles(archive, results, options)


def check_folder(save: Path | None) -> None:
    """Raise a `click.UsageError` if bodies can't be saved in a folder."""
    from tempfile import TemporaryFile

    # Checking permissions isn't enough: some folders accept no files, and the working folder may have been removed.
    try:
        if save is not None:
            save.mkdir(parents=True, exist_ok=True)
            TemporaryFile(dir=save).close()
    except OSError as error:
        raise click.UsageError(f"can't save to '{save}': {error.strerror or error}") from None


def _open_archive(path: Path, options: Options) -> ArchiveFile:
    """Open the archive. Raises a `click.UsageError` if it can't be written."""
    from asynclab.fetch.har import ArchiveFile

    try:
        return ArchiveFile(path, options)
    except OSError as error:
        raise click.UsageError(f"can't write '{path}': {error.strerror or error}") from None


def _open_results(path: Path) -> Results:
    from asynclab.fetch.resume import Results, ResultsError

    try:
        return Results(path)
    except ResultsError as error:
        raise click.UsageError(str(error)) from None
    except OSError as error:
        raise click.UsageError(f"can't keep results in '{path}': {error.strerror or error}") from None
