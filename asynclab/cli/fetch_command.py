"""The command `asynclab fetch …`: fetches URLs, on the screen or as printed lines."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from asynclab.cli.fetch_files import check_folder, open_files
from asynclab.cli.option_types import CliCommand, FileToRead, FileToWrite, WholeNumber
from asynclab.fetch.options import OPTIONS, Option, Options
from asynclab.fetch.texts import FORMATS
from asynclab.model.wording.quantities import plural
from asynclab.terminal.streams import has_terminal, is_terminal

if TYPE_CHECKING:
    from asynclab.cli.fetch_printing import Style
    from asynclab.fetch.urls import FoundUrl, FoundUrls


MOST_TEXT = 50_000_000
"""The most bytes of a file. Longer files are refused, because users wouldn't notice that a part is left out."""

MOST_PRINTED = 100_000
"""The default for the most URLs without a screen. More are refused, as users wouldn't notice that some are left out."""

LONGEST_SHOWN = 1_000_000
"""The most characters of a text that the Fetch screen shows. Of a longer text, it gets only the URLs."""


class Parsed(click.ParamType):  # type: ignore[type-arg]
    """The click type of an option of `Options`."""

    def __init__(self, option: Option) -> None:
        self.name = option.metavar
        self._parse = option.parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The parsed value. An empty text, as from an unset shell variable, is refused."""
        try:
            return self._parse(value) if value else self.fail("it is empty", param, ctx)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def takes_options(command: CliCommand) -> CliCommand:
    """Give a command a click option for each field of `Options`."""
    for name, option in reversed(tuple(OPTIONS.items())):
        flags = option.flag.split()
        if not option.metavar:
            command = click.option(*flags, name, is_flag=True, help=option.help)(command)
            continue
        default = getattr(Options(), name)
        shown = "" if default in (None, ()) else f" Default: {option.show(default)}."
        kind = click.Choice(option.choices) if option.choices else Parsed(option)
        metavar = None if option.choices else option.metavar
        more: dict[str, Any] = {
            "type": kind,
            "multiple": option.is_repeated,
            "metavar": metavar,
            "help": option.help + shown,
        }
        command = click.option(*flags, name, **more)(command)
    return command


@click.command(short_help="Fetch URLs concurrently, on the screen or as lines.")
@click.argument("urls", nargs=-1, metavar="[URL]...")
@click.option(
    "-f",
    "--file",
    "files",
    type=FileToRead(),
    multiple=True,
    metavar="FILE",
    help="A text with URLs in it; - is stdin.",
)
@click.option(
    "--as",
    "taken_as",
    type=click.Choice(FORMATS),
    help="Read the texts as this format instead of detecting it from their content.",
)
@takes_options
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each URL.")
@click.option("--csv", "as_csv", is_flag=True, help="Print a line of CSV for each URL.")
@click.option("--har", type=FileToWrite(), metavar="FILE", help="Write an HTTP archive.")
@click.option(
    "--resume",
    type=FileToWrite(keeps_content=True),
    metavar="FILE",
    help="Keep the results in a file (NDJSON, CSV or JSON), and skip URLs that are ok in it.",
)
@click.option("--list-only", is_flag=True, help="Print the URLs of the text, and fetch nothing.")
@click.option(
    "--limit",
    type=WholeNumber(),
    default=MOST_PRINTED,
    metavar="N",
    help=f"Refuse more URLs than this where results are printed. Default: {MOST_PRINTED}.",
)
@click.option("--headless", is_flag=True, help="Print a line for each URL instead of opening the Fetch screen.")
def fetch(
    urls: Sequence[str],
    files: Sequence[str],
    taken_as: str | None,
    as_json: bool,
    as_csv: bool,
    har: Path | None,
    resume: Path | None,
    list_only: bool,
    limit: int,
    headless: bool,
    **given: Any,
) -> int:
    """Fetch URLs concurrently on the Fetch screen, or print a line for each as it ends.

    URL is a URL, or a host; - is stdin. On a terminal the Fetch screen opens and begins to fetch; without URLs it
    offers some. Lines are printed with --headless, --json, --csv, --har, --resume or -, and where there is no terminal.

    Exit code of what is printed: 0 if all are ok, 1 if some are not, 130 if interrupted.
    """
    options = _options(given)
    _check_choices(options, as_json=as_json, as_csv=as_csv, har=har, list_only=list_only)
    prints = headless or as_json or as_csv or list_only or har is not None or resume is not None
    prints = prints or "-" in (*urls, *files) or not has_terminal()
    if not (urls or files):
        if prints:
            raise click.UsageError("no URLs: name some, or a file with -f, or - for stdin")
        check_folder(options.save_to)
        return _open_screen("", options)
    text = _text(urls, files)
    found = _find(text, limit if prints else None, taken_as or "")
    check_folder(options.save_to)
    if not prints:
        # The screen shows the text itself and what was ignored, but only the URLs if the text is too long.
        if len(text) <= LONGEST_SHOWN:
            return _open_screen(text, options, taken_as or "")
        return _open_screen("\n".join(url.url for url in found.urls), options)
    _tell_what_was_found(text, found, taken_as or "")
    with open_files(har, resume, options) as files_kept:
        wanted = files_kept.left(found.urls)
        if list_only:
            return _print_list(wanted)
        from asynclab.cli.fetch_printing import print_results

        style: Style = "json" if as_json else "csv" if as_csv else "lines"
        return print_results(wanted, options, style=style, files=files_kept.files)


def _check_choices(options: Options, *, as_json: bool, as_csv: bool, har: Path | None, list_only: bool) -> None:
    """Refuse combinations of options in which one would be ignored."""
    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other")
    if list_only and (as_json or as_csv or har is not None):
        raise click.UsageError("--list-only fetches nothing: leave out --json, --csv and --har")
    if options.check and options.save_to is not None:
        raise click.UsageError("--check reads no bodies that --save could save: leave out one of them")


def _open_screen(text: str, options: Options, taken_as: str = "") -> int:
    from asynclab.app import AsyncLabApp
    from asynclab.fetch.options import Request

    app = AsyncLabApp(request=Request(text, taken_as, options))
    app.run()
    return app.return_code or 0


def _options(given: Mapping[str, Any]) -> Options:
    try:
        return Options(**{name: value for name, value in given.items() if value is not None})
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _print_list(urls: Sequence[FoundUrl]) -> int:
    """Print URLs as they are sent, for other programs: in ASCII, with passwords."""
    from asynclab.fetch.address import sent_text

    for url in urls:
        click.echo(sent_text(url.url))
    return 0


def _text(urls: Sequence[str], files: Sequence[str]) -> str:
    """The arguments, one per line, and the text of the files."""
    named = [url for url in urls if url != "-"]
    sources = [*files, *("-" for url in urls if url == "-")]
    return "\n".join([*map(_only_url, named), *map(_read, dict.fromkeys(sources))])


def _only_url(argument: str) -> str:
    """The URL of an argument, with its scheme. The whole argument must be a URL: a part could have another host."""
    from asynclab.fetch.address import redacted
    from asynclab.fetch.texts.decoding import decoded
    from asynclab.fetch.urls import find_urls
    from asynclab.model.text import one_line

    text = decoded(os.fsencode(argument)).strip()  # Python has decoded it in the locale's encoding
    read = find_urls(text)
    found = read.urls
    hint = _why_none(read)
    if len(found) == 1 and not any(map(str.isspace, text)):
        url, (whole, _, fragment) = found[0].url, text.partition("#")
        if url == whole or url.partition("://")[2] == whole.removeprefix("//"):
            return f"{url}#{quote(fragment, safe='/%?=&;:@!$+~')}" if fragment else url
    if found:
        hint = f", only '{one_line(redacted(found[0].url), 80)}' in it is: escape the rest, or give a text with -f"
    raise click.UsageError(f"'{one_line(redacted(argument), 80)}' is not a URL{hint}")


def _find(text: str, most: int | None, taken_as: str) -> FoundUrls:
    from asynclab.fetch.urls import MOST_URLS, find_urls

    found = find_urls(text, most or MOST_URLS, taken_as)
    if not found.urls:
        raise click.UsageError(f"no URLs in that text{_why_none(found)}")
    if most is not None and found.left_out:
        many = len(found.urls) + found.left_out
        raise click.UsageError(f"{many:,} URLs are more than {most:,}: raise --limit, or split the list")
    return found


def _why_none(found: FoundUrls) -> str:
    """Why a text has no URLs, and what to do, as the end of a sentence."""
    reasons = dict(found.ignored_counts)
    if "defanged URL" in reasons:
        return ", but defanged: in a text (-f), --as defanged turns it into a URL"
    if "template" in reasons:
        return ", but a template: fill in its values, or escape characters that belong to the URL, such as { as %7B"
    return ""


def _tell_what_was_found(text: str, found: FoundUrls, taken_as: str) -> None:
    """Print how many parts of a text are not fetched, and the first of them.

    Without a terminal, only if these parts have URLs. On a terminal, the detected format is printed too.
    """
    from asynclab.fetch.row_lines import named_counts
    from asynclab.fetch.urls import other_reading
    from asynclab.model.text import one_line

    other = None if taken_as else other_reading(text, found)
    lost = [text for text in found.ignored if "://" in text]
    if not (other or lost or is_terminal(sys.stderr)):
        return
    is_plain = found.taken_for in ("", "text")
    if found.ignored or found.duplicates or not is_plain or other:
        first = "".join(f", first: {one_line(text, 60)}" for text in (lost or found.ignored)[:1])
        told = named_counts(found) + ([f"--as {other[0]}: {plural(other[1], 'other')}"] if other else [])
        click.echo(" · ".join(told) + first, err=True)


def _read(name: str) -> str:
    """The text of a file. Gzipped files are unpacked, such as archives of pages and long sitemaps."""
    import zlib
    from gzip import GzipFile
    from io import BytesIO

    if name == "-" and sys.stdin is None:
        raise click.UsageError("can't read '-': stdin is closed")
    try:
        with nullcontext(sys.stdin.buffer) if name == "-" else open(name, "rb") as file:
            text = file.read(MOST_TEXT + 1)
        if text.startswith(b"\x1f\x8b") and len(text) <= MOST_TEXT:
            text = GzipFile(fileobj=BytesIO(text)).read(MOST_TEXT + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise click.UsageError(f"can't read '{name}': {getattr(error, 'strerror', None) or error}") from None
    if len(text) > MOST_TEXT:
        raise click.UsageError(f"'{name}' has more than {MOST_TEXT:,} bytes; split it")
    from asynclab.fetch.texts.decoding import decoded

    return decoded(text)
