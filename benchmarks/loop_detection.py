"""How well localr1.engine.loops tells loops from honest texts, and what it costs.

    python -m benchmarks.loop_detection [--characters N] [--seed N] [--output docs/loops.md]

Honest are the texts of benchmarks.honest_texts and replies that end well; loops are those recorded
from real models (benchmarks.record_loops) and those made up (benchmarks.loop_samples). Ends with
1 when there is more than one false alarm a megabyte, or fewer than 98 % of the loops are found in
time: within three periods or 256 tokens, whichever is more.

The detector's thresholds were chosen with seed 1, which selects other files and makes other texts
and loops than seed 2, with which they are judged.
"""

from __future__ import annotations

import argparse
import collections
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks.honest_texts import KIND_CHARACTERS, Text, honest_texts
from benchmarks.loop_recordings import recordings
from benchmarks.loop_report import (
    IN_TIME_PERIODS,
    IN_TIME_TOKENS,
    LEAST_IN_TIME,
    MOST_ALARMS_PER_MB,
    RECORDED,
    SYMBOLS,
    SYMBOLS_IN_TIME_TOKENS,
    HonestRow,
    LoopRow,
    Measurement,
    alarms_per_mb,
    report,
    share_in_time,
)
from benchmarks.loop_samples import Sample, samples, tokenize
from benchmarks.loop_truth import repeated_share
from localr1.engine.loops import Loop, LoopDetector

EARLY_SHARE = 0.5
"""A loop found before it became periodic was one if so much of the text before is repetition."""

Token = tuple[int, str]
Tokenizer = Callable[[str], list[Token]]


def main() -> int:
    """Measure, print, write; the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--characters", type=int, default=KIND_CHARACTERS)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--output", type=Path)
    chosen = parser.parse_args()
    measurement = Measurement(collections.defaultdict(HonestRow), collections.defaultdict(LoopRow))
    measure_loops(measurement, chosen.seed)
    tokenizers = {"plain": plain_tokenizer(), "SmolLM2": _vocabulary_tokenizer()}
    measure_honest(measurement, _all_honest(chosen.characters, chosen.seed), tokenizers)
    page = report(measurement)
    if chosen.output:
        chosen.output.write_text(page, encoding="utf-8")
    print(page)
    for kind, row in measurement.honest.items():
        for name, alarms in row.names.items():
            print(f"{kind}: {name}: {alarms}", file=sys.stderr)
    return (
        0
        if alarms_per_mb(measurement) <= MOST_ALARMS_PER_MB
        and (share_in_time(measurement) >= LEAST_IN_TIME)
        else 1
    )


# ---- honest texts --------------------------------------------------------------------------------


def measure_honest(
    measurement: Measurement, texts: Iterable[Text], tokenizers: dict[str, Tokenizer]
) -> None:
    """Count false alarms; after each the detector starts afresh in the same text."""
    for text in texts:
        row = measurement.honest[text.kind]
        row.n_bytes += len(text.text.encode())
        for name, tokens_of in tokenizers.items():
            tokens = tokens_of(text.text)
            started = time.process_time()
            alarms = len(list(alarms_in(tokens)))
            measurement.seconds += time.process_time() - started
            measurement.tokens += len(tokens)
            row.alarms[name] += alarms
            row.names[f"{text.name}, {name}"] += alarms
        row.names = +row.names


def alarms_in(tokens: Sequence[Token]) -> Iterator[tuple[int, Loop]]:
    """Every alarm and the number of tokens read before it."""
    detector = LoopDetector()
    feed = detector.feed
    for position, (token, text) in enumerate(tokens, start=1):
        loop = feed(token, text)
        if loop:
            yield position, loop
            detector.reset()


def plain_tokenizer() -> Tokenizer:
    """Pieces of words, single digits, marks, by a regular expression."""
    ids: dict[str, int] = {}
    return lambda text: [(ids.setdefault(piece, len(ids)), piece) for piece in tokenize(text)]


def _vocabulary_tokenizer() -> Tokenizer:
    # deferred, as below: it loads the engine, and tests import this module
    from benchmarks.record_loops import Speaker
    from tests.models_on_disk import smollm2_path

    vocabulary = Speaker(smollm2_path()).vocabulary
    texts = [vocabulary.piece(token).decode("utf-8", "replace") for token in range(vocabulary.size)]

    def tokens_of(text: str) -> list[Token]:
        ids = vocabulary.tokenize(text.encode("utf-8", "replace"), parse_special=False)
        return [(token, texts[token]) for token in ids]

    return tokens_of


def _all_honest(characters: int, seed: int) -> Iterator[Text]:
    from benchmarks.record_loops import DEMO, Speaker

    yield from honest_texts(kind_characters=characters, seed=seed)
    for recording in recordings():
        if recording.is_honest:
            yield Text("replies of SmolLM2", recording.question, "".join(recording.texts))
    demo = Speaker(DEMO)
    for number in range(1, 101):
        question = f"Tom has {number} apples and buys {number * 7}. How many are there?"
        reply = "".join(map(demo.text, demo.reply(question, 0.6)))
        yield Text("reasoning of the demo", question, reply)


# ---- loops ---------------------------------------------------------------------------------------


def measure_loops(measurement: Measurement, seed: int) -> None:
    """Count the loops that are found in time, late, never, or where none was yet."""
    for sample in all_loops(seed):
        judge(measurement.loops[sample.kind], sample)


def all_loops(seed: int) -> Iterator[Sample]:
    """The recorded ones, then those made up."""
    for recording in recordings():
        if recording.loop:
            begins, period = recording.loop
            kind = RECORDED if recording.has_words else SYMBOLS
            yield Sample(kind, recording.texts, begins, period)
    yield from samples(seed)


def judge(row: LoopRow, sample: Sample) -> None:
    """Feed the sample until the loop is found."""
    ids: dict[str, int] = {}
    tokens = [(ids.setdefault(text, len(ids)), text) for text in sample.texts]
    row.loops += 1
    found = next(alarms_in(tokens), None)
    if found is None:
        row.missed += 1
        return
    position, _ = found
    delay = position - sample.begins
    if delay < 0:
        was_one = repeated_share("".join(sample.texts[:position])) >= EARLY_SHARE
        row.early += was_one
        row.false += not was_one
        return
    row.delays.append(delay)
    allowed = SYMBOLS_IN_TIME_TOKENS if sample.kind == SYMBOLS else IN_TIME_TOKENS
    row.late += delay > max(allowed, IN_TIME_PERIODS * sample.period)


if __name__ == "__main__":
    sys.exit(main())
