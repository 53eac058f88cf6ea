"""What `localr1 run` says on a terminal."""

from __future__ import annotations

import msgspec
import pytest

from localr1.chat.boxed import Vote
from localr1.cli.reply_summary import done_line, heading, kept_heading
from localr1.cli.show import ready_line
from localr1.hardware.load_plan import DeviceShare
from tests.tui.scripted_session import DONE, READY


def test_the_split_is_told_where_a_device_has_layers() -> None:
    cpu = msgspec.structs.replace(READY, split="CPU")
    plan = msgspec.structs.replace(READY.plan, devices=(DeviceShare("CUDA0", 20),))
    split = "20/29 layers on CUDA0, 9 on CPU"
    gpu = msgspec.structs.replace(READY, plan=plan, split=split)
    assert ready_line(cpu) == ready_line(READY)
    assert ready_line(gpu) == f"{ready_line(READY)}, {split}"


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({}, "thought for 12 s, 431 tokens; answer 120 tokens; 23.4 tokens/s"),
        (
            {"reasoning_ended_by": "tokens", "reasoning_tokens": 512},
            "thought for 12 s, 512 tokens, ended at its limit; answer 120 tokens; 23.4 tokens/s",
        ),
        (
            {"finish_reason": "loop"},
            "stopped, looping; thought for 12 s, 431 tokens; answer 120 tokens; 23.4 tokens/s",
        ),
        (
            {"finish_reason": "cancelled", "reasoning_ended_by": "cancelled", "answer_tokens": 0},
            "stopped; thought for 12 s, 431 tokens; 23.4 tokens/s",
        ),
        (
            {"reasoning_tokens": 0, "drafted_tokens": 700, "accepted_tokens": 612},
            "answer 120 tokens; 23.4 tokens/s; 612 of 700 guessed tokens right",
        ),
        (
            {"reasoning_tokens": 0, "answer_tokens": 0, "generation_tps": None},
            "answer 0 tokens",
        ),
    ],
)
def test_a_reply_says_how_it_ended(fields: dict[str, object], line: str) -> None:
    assert done_line(msgspec.structs.replace(DONE, **fields)) == line


def test_a_result_in_a_heading_is_one_harmless_line() -> None:
    hostile = "\x1b[2J\n" + "9" * 900
    vote = Vote(answer=hostile, count=3, of=4, replies=5)
    for line in (heading(1, 5, hostile), kept_heading(2, vote)):
        assert "\x1b" not in line
        assert "\n" not in line
        assert len(line) < 100
    assert heading(1, 5, "933") == r"Reply 1 of 5: \boxed{933}"
    assert heading(1, 5, None) == "Reply 1 of 5"
    named = Vote(answer="933", count=3, of=4, replies=5)
    assert kept_heading(2, named) == "Kept: reply 2 (3 of 5 say 933)"
