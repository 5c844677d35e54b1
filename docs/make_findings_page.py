"""Writes docs/findings.md from the rules and from the results that make_findings_table.py has stored.

Run `python docs/make_findings_page.py`.
"""

from __future__ import annotations

from pathlib import Path

from make_findings_table import section

from asynclab.findings.catalogue_of_rules import RULES
from asynclab.findings.rule import Rule

PAGE = Path(__file__).parent / "findings.md"

HEAD = """\
<!-- Written by docs/make_findings_page.py from asynclab/findings. -->

# Findings

`asynclab run` names bugs that it can prove: each finding says which task, file and line, when, and which
events show it. What is only likely is marked so. A finding in a program that is right is a bug of asynclab.
`asynclab rules` prints this list. [agents.md](agents.md) says how findings get into CI, and how to leave some out.
"""

UNSEEN = """\
## What asynclab can't see

No finding does not mean no bug. asynclab names what follows from the order of events and from what code can still
reach, not what the code was meant to do. It finds none of these:

- An update that is lost where one function reads and another writes: a value is followed within a function, by its
  source, and to functions that say what they do, such as `load()` and `save()`. Updates by SQL statements
  are not seen.
- An item that a function takes, and drops in one of its branches.
- A wait for what could still come: from a socket, a thread, a callback that nobody calls, or a job that has no end.
- A cancel that code itself takes back with `uncancel()`, and a retry without a pause that fails each time.
- A pool that has lent an item to the very task that waits for one: a worker may keep its last job in the same way.
"""


def page() -> str:
    """The whole page, in Markdown."""
    return "\n".join((HEAD, *map(_described, RULES), UNSEEN, section()))


def _described(rule: Rule) -> str:
    demo = f"\n\n`asynclab demo {rule.demo}` teaches it." if rule.demo else ""
    return f"## {rule.name}\n\n{rule.summary} {rule.why}\n\n{rule.mend}{demo}\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
