"""A start without the collector: it is on again, whatever was started."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator

import pytest

from localr1 import quick_start


@pytest.fixture(autouse=True)
def usual() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.enable()


def test_what_is_there_at_the_end_of_a_start_is_left_alone() -> None:
    quick_start.begin()
    assert not gc.isenabled()
    quick_start.end()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 1_000


def test_an_ordinary_start_is_not_touched() -> None:
    frozen = gc.get_freeze_count()
    quick_start.end()
    assert gc.isenabled()
    assert gc.get_freeze_count() == frozen


def test_commands_run_with_the_collector() -> None:
    program = (
        "import gc, sys, atexit; atexit.register(lambda: print(gc.isenabled()));"
        "sys.argv = ['localr1', 'where']; from localr1.__main__ import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "True"


def test_asyncio_without_tls_and_tls_for_who_wants_it() -> None:
    program = (
        "import sys; from localr1 import quick_start; quick_start.import_asyncio();"
        "assert 'ssl' not in sys.modules; import asyncio; assert asyncio.sslproto.ssl is None;"
        "import ssl; assert ssl.create_default_context();"
        "quick_start.import_asyncio(); assert sys.modules['ssl'] is ssl;"
        "asyncio.run(asyncio.sleep(0))"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
