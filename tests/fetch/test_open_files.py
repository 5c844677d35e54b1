"""More requests at once than a program may have files open."""

from __future__ import annotations

import asyncio
import sys

import pytest

from asynclab.fetch.http_session import open_session
from asynclab.fetch.idle import Connections
from asynclab.fetch.options import Options
from asynclab.practice.server import PracticeServer

PROGRAM = """
import asyncio, resource, sys, tempfile
from pathlib import Path
from asynclab.fetch.engine import Fetch
from asynclab.fetch.idle import Connections
from asynclab.fetch.options import Options

soft, hard, is_saved, *urls = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_NOFILE, (int(soft), int(hard)))
with tempfile.TemporaryDirectory() as folder:
    save_to = Path(folder) if is_saved == "True" else None
    fetch = Fetch(urls, Options(concurrency=100, per_host=100, retries=0, save_to=save_to))
    asyncio.run(fetch.run())
    print(fetch.counts["ok"])
"""


@pytest.mark.parametrize("is_saved", [False, True])
@pytest.mark.parametrize(("soft", "hard"), [(64, 64), (64, 1_024)])
async def test_requests_wait_for_files_and_do_not_fail(soft: int, hard: int, is_saved: bool) -> None:
    async with PracticeServer(pace=0) as server:
        urls = [server.url(f"/delay/0?{count}") for count in range(200)]
        arguments = (str(soft), str(hard), str(is_saved), *urls)
        program = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROGRAM, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        output, _ = await program.communicate()
    assert output.decode() == "200\n"


@pytest.mark.parametrize("granted", [99, 100])
async def test_where_files_are_few_no_connection_is_kept(monkeypatch: pytest.MonkeyPatch, granted: int) -> None:
    monkeypatch.setattr("asynclab.fetch.http_session.most_requests", lambda _: granted)
    async with open_session(Options(concurrency=100), Connections()) as session:
        assert session.connector is not None
        assert session.connector.force_close is (granted < 100)
