"""What `localr1 run` says on a terminal."""

from __future__ import annotations

import msgspec

from localr1.cli.show import ready_line
from localr1.hardware.plan import DeviceShare
from tests.tui.scripted_session import READY


def test_the_split_is_told_where_a_device_has_layers() -> None:
    cpu = msgspec.structs.replace(READY, split="CPU")
    plan = msgspec.structs.replace(READY.plan, devices=(DeviceShare("CUDA0", 20),))
    split = "20/29 layers on CUDA0, 9 on CPU"
    gpu = msgspec.structs.replace(READY, plan=plan, split=split)
    assert ready_line(cpu) == ready_line(READY)
    assert ready_line(gpu) == f"{ready_line(READY)}, {split}"
