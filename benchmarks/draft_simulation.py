"""How much faster replies would come with looked-up drafts, by the measured costs of batches.

No model runs. Texts stand for what a model would write: files of the standard library in which
some names are changed, after a prompt that holds the file; Python's help texts and the demo's
workings, which copy nothing on purpose. Tokens are SmolLM2's. A reply at temperature 0 agrees
with drafts as these texts do; sampled ones agree less, where the model is unsure.

    python -m benchmarks.draft_simulation [--chances]
"""

from __future__ import annotations

import argparse
import importlib
import os
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import llama_cpp.llama_cpp as llama

from benchmarks.batch_costs import silence_engine, smollm2
from localr1.engine.draft_costs import CPU_COSTS, GPU_COSTS, CostTable
from localr1.engine.draft_length import DraftPolicy, match_class
from localr1.engine.lookup_draft import LookupDrafter
from localr1.engine.native import Vocabulary
from localr1.engine.speculation import Speculation

REPOSITORY = Path(__file__).parent.parent
EDITED_FILES = ("textwrap", "shlex", "bisect", "fnmatch", "queue", "sched", "cmd")
MOST_CHARACTERS = 12_000
KEYWORDS = {"self", "return", "import", "from", "class", "raise", "else", "elif", "while", "with"}
Tokenize = Callable[[str], list[int]]


class Stream(NamedTuple):
    """Token ids."""

    prompt: list[int]
    reply: list[int]


def main() -> None:
    """Print a table of predicted speed-ups."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chances", action="store_true", help="print agreement by match length")
    arguments = parser.parse_args()
    tokenize = smollm2_tokenizer()
    kinds = {
        "edited file, 3 % of names changed": list(edited_files(tokenize, 0.03)),
        "edited file, 15 % of names changed": list(edited_files(tokenize, 0.15)),
        "help texts": list(help_texts(tokenize)),
        "demo's workings, one a reply": list(demo_replies(tokenize, joined=1)),
        "demo's workings, 20 a reply": list(demo_replies(tokenize, joined=20)),
    }
    print("| text | tokens | CPU | least | GPU | least |\n|---|---|---|---|---|---|")
    for name, streams in kinds.items():
        cells = [f"{sum(len(stream.reply) for stream in streams):,}"]
        for costs in (CPU_COSTS, GPU_COSTS):
            overall, least = speed_ups(streams, costs)
            cells += [f"{overall:.2f}", f"{least:.2f}"]
        print(f"| {name} | {' | '.join(cells)} |")
        if arguments.chances:
            print(chances(streams))


def speed_ups(streams: list[Stream], costs: CostTable) -> tuple[float, float]:
    """Tokens for each unit of time: of all together, and of the slowest reply over 200 tokens.

    All are written under one policy, as one loaded model would.
    """
    policy = DraftPolicy(costs)
    times = [time_of(stream, costs, policy) for stream in streams]
    overall = sum(len(stream.reply) for stream in streams) / sum(times)
    ratios = [len(stream.reply) / time for stream, time in zip(streams, times, strict=True)]
    lengths = [len(stream.reply) for stream in streams]
    long_ones = [ratio for ratio, length in zip(ratios, lengths, strict=True) if length >= 200]
    return overall, min(long_ones)


def time_of(stream: Stream, costs: CostTable, policy: DraftPolicy) -> float:
    """Time of a reply in units of decoding one token."""
    drafter = LookupDrafter()
    drafter.extend(stream.prompt)
    speculation = Speculation(drafter, policy)
    time, written = 0.0, 0
    while written < len(stream.reply):
        proposed = speculation.propose(len(stream.reply) - written - 1)
        time += costs.batch(len(proposed) + 1)
        right = 0
        while right < len(proposed) and proposed[right] == stream.reply[written + right]:
            right += 1
        speculation.came(stream.reply[written : written + right + 1])
        written += right + 1
    return time


def chances(streams: list[Stream]) -> str:
    """How often the next token agreed, by class of match: where the priors come from."""
    asked: Counter[int] = Counter()
    right: Counter[int] = Counter()
    for prompt, reply in streams:
        drafter = LookupDrafter()
        drafter.extend(prompt)
        for token in reply:
            if drafter.match_tokens >= 0:
                least = match_class(drafter.match_tokens)
                asked[least] += 1
                right[least] += drafter.draft(1) == [token]
            drafter.extend([token])
    return ", ".join(f"{least}+: {right[least] / asked[least]:.2f}" for least in sorted(asked))


def smollm2_tokenizer() -> Tokenize:
    """The tokenizer of the small real model that the tests use."""
    silence_engine()
    params = llama.llama_model_default_params()
    params.vocab_only = True
    vocabulary = Vocabulary(llama.llama_model_load_from_file(os.fsencode(smollm2()), params))
    return lambda text: vocabulary.tokenize(text.encode(), parse_special=False)


def edited_files(tokenize: Tokenize, share: float) -> Iterator[Stream]:
    """A file in the prompt, and the file with a share of its words changed in the reply."""
    for name in EDITED_FILES:
        source = Path(str(importlib.import_module(name).__file__)).read_text("utf-8")
        source = source[:MOST_CHARACTERS]
        thought = "<think>\nSome names get new ones; the rest stays.\n</think>\n```python\n"
        edited = with_new_names(source, share, random.Random(name))
        prompt = tokenize(f"Give some things in this file better names:\n```python\n{source}```\n")
        yield Stream(prompt, tokenize(thought) + tokenize(edited))


def with_new_names(source: str, share: float, rng: random.Random) -> str:
    """Words, wherever they stand, get something before or behind them."""
    names = sorted(set(re.findall(r"\b[a-z_]{4,}\b", source)) - KEYWORDS)
    for name in rng.sample(names, max(3, int(len(names) * share))):
        pattern = rng.choice(("new_{}", "the_{}", "my_{}", "{}_value", "{}_value", "{}_value"))
        source = re.sub(rf"\b{name}\b", pattern.format(name), source)
    return source


def help_texts(tokenize: Tokenize) -> Iterator[Stream]:
    """Python's own help on ten topics."""
    from pydoc_data.topics import topics

    long_ones = sorted(name for name, text in topics.items() if len(text) > 3_000)
    for name in long_ones[:: len(long_ones) // 10]:
        text = topics[name][:MOST_CHARACTERS]
        yield Stream(tokenize(text[:300]), tokenize(text[300:]))


def demo_replies(tokenize: Tokenize, joined: int) -> Iterator[Stream]:
    """Problems with written-out workings, as the demo model was taught them."""
    sys.path.insert(0, str(REPOSITORY / "packaging" / "demo_model"))
    problems = importlib.import_module("mix").training_problems(3)
    for _ in range(60 // joined):
        some = [next(problems) for _ in range(joined)]
        texts = [
            "<think>\n" + "\n".join(problem.working) + "\n</think>\n" + problem.answer
            for problem in some
        ]
        yield Stream(tokenize(some[0].question), tokenize("\n\n".join(texts)))


if __name__ == "__main__":
    main()
