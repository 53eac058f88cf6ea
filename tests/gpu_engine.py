"""Whether the engine of these tests can use a GPU: some tests are about one that cannot."""

from __future__ import annotations

import functools
import json

import pytest

from tests.cli.command_line import localr1


@functools.cache
def engine_uses_gpu() -> bool:
    """Whether `localr1 doctor` lists a GPU that the engine computes on."""
    devices = json.loads(localr1("doctor", "--json").stdout)["devices"]
    return any(each["usable"] and each["kind"] != "cpu" for each in devices)


def skip_with_gpu_engine() -> None:
    """Skip the running test: drivers and libraries of a GPU take address space without measure."""
    if engine_uses_gpu():
        pytest.skip("the engine can use a GPU, so its memory is not limited")
