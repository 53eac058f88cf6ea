"""What is told of replies that have ended."""

from __future__ import annotations

from collections.abc import Sequence

from localr1.chat.messages import FinishReason
from localr1.engine.protocol import Done, Sample
from localr1.engine.reply_stream import ReplyStream


def sample_of(stream: ReplyStream, seed: int) -> Sample:
    """How one reply ended."""
    writer, finish = stream.writer, stream.finish or "cancelled"
    return Sample(
        finish_reason=finish,
        reasoning_ended_by=writer.reasoning_end(finish),
        reasoning_tokens=writer.reasoning_tokens,
        answer_tokens=writer.answer_tokens,
        inserted_tokens=writer.inserted_tokens,
        reasoning_seconds=writer.reasoning_seconds,
        seed=seed,
    )


def summed(command_id: int, samples: Sequence[Sample]) -> Done:
    """One or several replies as a `Done`, without its facts on the prompt and on speed."""
    first = samples[0]
    return Done(
        id=command_id,
        finish_reason=_common_finish(samples),
        reasoning_ended_by=first.reasoning_ended_by,
        prompt_tokens=0,
        cached_tokens=0,
        reasoning_tokens=sum(each.reasoning_tokens for each in samples),
        answer_tokens=sum(each.answer_tokens for each in samples),
        inserted_tokens=sum(each.inserted_tokens for each in samples),
        prompt_tps=None,
        generation_tps=None,
        ttft_seconds=None,
        reasoning_seconds=max(each.reasoning_seconds for each in samples),
        seed=first.seed,
        samples=tuple(samples) if len(samples) > 1 else (),
    )


def _common_finish(samples: Sequence[Sample]) -> FinishReason:
    """ "cancelled" where one was; else how the first one ended."""
    ends = [each.finish_reason for each in samples]
    return "cancelled" if "cancelled" in ends else ends[0]
