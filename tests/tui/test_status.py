"""The status line: which facts stay where there is little room."""

from __future__ import annotations

import msgspec

from localr1.engine.protocol import Ready
from localr1.hardware.plan import DeviceShare
from localr1.tui.status import GAP, Status, fit
from tests.tui.scripted_session import READY

SPLIT = "14/29 layers on CUDA0, 15 on RPC0 (192.168.1.20:50052)"


def line(ready: Ready, width: int) -> str:
    """The facts after a load that fit into this many cells."""
    status = Status()
    status.take(ready)
    facts = [status.activity, status.model, status.quant_type, status.split]
    left, right = fit(facts, status.right_side(), width)
    return GAP.join([*left, *right])


def test_the_split_is_shown_and_goes_first() -> None:
    plan = msgspec.structs.replace(READY.plan, devices=(DeviceShare("CUDA0", 14),))
    ready = msgspec.structs.replace(READY, plan=plan, split=SPLIT)
    whole = line(ready, 200)
    assert "14/29 layers on CUDA0, 15 on RPC0  " in whole
    narrower = line(ready, len(whole) - 1)
    assert "layers" not in narrower
    assert READY.model.quant_type in narrower
    assert narrower == line(READY, 200)
