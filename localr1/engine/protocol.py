"""What client and worker say to each other: one JSON document a line, typed and validated.

Commands go to the worker, events come back; both carry the `id` of the command they belong
to. All text in events has been through `terminal_text.clean`. Counts are tokens, times are
seconds, `_tps` is tokens per second.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from localr1.chat.messages import FinishReason, Message, ReasoningEnd
from localr1.chat.prompt import ChatFormat
from localr1.engine.sampling import Sampling
from localr1.hardware.load_plan import LoadPlan
from localr1.hardware.machine import Device

Speculation = Literal["auto", "off", "lookup", "draft"]
"""What drafts tokens for the model to check: nothing, the conversation's own text, or a small
model; auto takes the best of what is there."""

# ---- commands ------------------------------------------------------------------------------


class _Command(msgspec.Struct, frozen=True, tag_field="type"):
    id: int


class Devices(_Command, frozen=True, tag="devices"):
    """Ask which devices this engine build can use. Answered by `DeviceList`."""

    rpc: tuple[str, ...] = ()
    """HOST:PORT of llama.cpp RPC servers, whose devices are listed too."""


class DraftLoad(msgspec.Struct, frozen=True):
    """A small model that guesses ahead for the one that is loaded."""

    path: bytes
    """In the file system's own encoding."""
    plan: LoadPlan
    name: str
    """As shown to a person."""
    on_gpu: bool = False
    """Whether all its layers are on a GPU, as the plan says."""


class Load(_Command, frozen=True, tag="load"):
    """Load a model. Answered by `Loading`…, then `Ready` or `Failed`; `Notice`s on the way."""

    path: bytes
    """In the file system's own encoding: a name need not be valid UTF-8."""
    plan: LoadPlan
    chat: ChatFormat
    name: str
    """The model's name as shown to a person."""
    parked_bytes: int | None = None
    """Memory for the KV caches of other conversations; None takes a share of what is free."""
    draft: DraftLoad | None = None
    """Loaded after the model; where it does not suit, a `Notice` says so and it is left out."""
    speculate: Speculation = "auto"
    """What the replies will ask for, so that it can be said where that cannot be done."""


class ReasoningRule(msgspec.Struct, frozen=True, kw_only=True):
    """When a reasoning block is closed, and with which words."""

    max_tokens: int | None = None
    """0 closes it at once: no thinking. None sets no limit, beside room for the answer."""
    max_seconds: float | None = None
    grace_tokens: int = 0
    """Past a limit, a sentence's end is waited for this long."""
    closing_words: str = ""
    """Put before the closing tag, so that the model knows that it has to answer."""


class BegunReply(msgspec.Struct, frozen=True, kw_only=True):
    """A reply that goes on from a given text: what was written, or what a person made of it."""

    reasoning: str = ""
    is_closed: bool = False
    """The reasoning block is over; what follows is the answer."""
    answer: str = ""
    reasoning_tokens: int = 0
    """Already spent, of the limit; so are `reasoning_seconds`."""
    reasoning_seconds: float = 0.0


class Generate(_Command, frozen=True, tag="generate"):
    """Reply. Answered by `Prompt`…, `Reasoning`…, `Answer`…, then `Done` or `Failed`."""

    messages: tuple[Message, ...]
    sampling: Sampling
    max_tokens: int | None = None
    """Limit on reasoning and answer together; None means the rest of the context window."""
    reasoning: ReasoningRule = ReasoningRule()
    begun: BegunReply | None = None
    """None begins a new reply."""
    samples: int = 1
    """Replies written side by side from this one prompt, each with a seed of its own."""
    speculate: Speculation = "off"


class EndReasoning(_Command, frozen=True, tag="end_reasoning"):
    """Close the reasoning of the `Generate` with this id soon; its answer follows."""


class Prefill(_Command, frozen=True, tag="prefill"):
    """Read what any next prompt after these messages will share. Answered by `Prefilled`."""

    messages: tuple[Message, ...]
    exactly: bool = False
    """For replies with a seed: in whole micro-batches from the beginning."""


class SaveState(_Command, frozen=True, tag="save_state"):
    """Keep the KV cache in a file. Answered by `StateSaved`."""

    folder: bytes
    """In the file system's own encoding."""
    name: str
    """The conversation's id."""
    budget_bytes: int
    """Of all files in the folder together; the least recently used ones make room."""


class LoadState(_Command, frozen=True, tag="load_state"):
    """Fill the KV cache from a file, where there is one that fits. Answered by `StateLoaded`."""

    folder: bytes
    name: str
    budget_bytes: int
    """A larger file is left alone."""


class CountTokens(_Command, frozen=True, tag="count_tokens"):
    """How many tokens would the prompt for these messages take? Answered by `TokenCount`."""

    messages: tuple[Message, ...]


class BenchTests(msgspec.Struct, frozen=True, kw_only=True):
    """What a benchmark measures: each test at each depth with each number of threads."""

    prompt_tokens: int = 512
    """Tokens of the prompt processing test; 0 leaves it out."""
    generated_tokens: int = 128
    """Tokens of the generation test; 0 leaves it out."""
    depths: tuple[int, ...] = (0, 4096)
    """Tokens that are in the KV cache before a test."""
    n_threads: tuple[int, ...] = ()
    """Empty: the numbers that the model was loaded with."""
    repetitions: int = 3


class Bench(_Command, frozen=True, tag="bench"):
    """Measure speed.

    Answered by `BenchStep`…, `Bandwidth`… and `BenchRow`…, then `BenchResult` or `Failed`.
    """

    tests: BenchTests


class Cancel(_Command, frozen=True, tag="cancel"):
    """Stop the command with this id, whatever it is doing; it then ends by its own event."""


class Shutdown(_Command, frozen=True, tag="shutdown"):
    """End the worker."""


Command = (
    Devices
    | Load
    | Generate
    | EndReasoning
    | Prefill
    | SaveState
    | LoadState
    | CountTokens
    | Bench
    | Cancel
    | Shutdown
)


# ---- events --------------------------------------------------------------------------------


class _Event(msgspec.Struct, frozen=True, tag_field="type", kw_only=True):
    id: int = 0


class ModelFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine says of the model it loaded."""

    name: str
    path: str
    architecture: str
    quant_type: str
    parameters: int
    size_bytes: int
    n_layer: int
    n_ctx_train: int
    n_vocab: int


class DeviceList(_Event, frozen=True, tag="devices"):
    """Answer to `Devices`."""

    devices: tuple[Device, ...]
    instruction_sets: tuple[str, ...] = ()
    """What the CPU code of this build uses, in llama.cpp's words: AVX2, AVX512, DOTPROD..."""


class Loading(_Event, frozen=True, tag="loading"):
    """Part of the model file that has been read, 0 to 1."""

    progress: float


class Ready(_Event, frozen=True, tag="ready"):
    """The model is loaded; `plan` is what was really used."""

    model: ModelFacts
    plan: LoadPlan
    split: str = ""
    """Which device holds which layers, as a sentence; empty where nothing is computed."""
    load_seconds: float = 0.0
    draft: str = ""
    """Name of the draft model that guesses ahead; empty without one."""
    sampling: Sampling | None = None
    """How replies will be drawn, with the reason; filled in by the session."""


class Prompt(_Event, frozen=True, tag="prompt"):
    """Prompt tokens processed so far, of the total; `cached` of them were still in the KV cache."""

    processed: int
    total: int
    cached: int


class Reasoning(_Event, frozen=True, tag="reasoning"):
    """Text of the reasoning block that follows what came before; `tokens` in this piece."""

    text: str
    tokens: int = 0
    sample: int = 0
    """Which of the replies side by side it belongs to, from 0."""
    author: Literal["model", "localr1"] = "model"
    """"localr1" for the words put before the closing tag."""


class Answer(_Event, frozen=True, tag="answer"):
    """Text of the answer that follows what came before; `tokens` in this piece."""

    text: str
    tokens: int = 0
    sample: int = 0


class Notice(_Event, frozen=True, tag="notice"):
    """Something a person should know; nothing failed. `kind` is one of docs/cli.md's list."""

    kind: str
    text: str
    sample: int = 0


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """How one of several replies ended; the fields are those of `Done`."""

    finish_reason: FinishReason
    reasoning_ended_by: ReasoningEnd | None
    reasoning_tokens: int
    answer_tokens: int
    inserted_tokens: int
    reasoning_seconds: float
    seed: int


class Done(_Event, frozen=True, tag="done"):
    """A reply ended."""

    finish_reason: FinishReason
    reasoning_ended_by: ReasoningEnd | None
    """None when the reply had no reasoning block."""
    prompt_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    answer_tokens: int
    prompt_tps: float | None
    """None when every prompt token came from the cache but one."""
    generation_tps: float | None
    """None when fewer than two tokens were generated."""
    ttft_seconds: float | None
    """From the command's arrival to the first generated token; None when there was none."""
    reasoning_seconds: float
    context_tokens: int = 0
    """Tokens now held by the context window, of `n_ctx`."""
    n_ctx: int = 0
    seed: int | None = None
    """The seed that was used; the same one on the same prompt gives the same text."""
    inserted_tokens: int = 0
    """Put in by localr1 to close the reasoning; part of neither count above."""
    drafted_tokens: int = 0
    """Guessed ahead of the model; `accepted_tokens` of them were what it then drew."""
    accepted_tokens: int = 0
    samples: tuple[Sample, ...] = ()
    """Of replies side by side; the counts above are then sums over all of them."""


class Prefilled(_Event, frozen=True, tag="prefilled"):
    """Answer to `Prefill`."""

    tokens: int
    """That the next prompt can share now."""
    read_tokens: int
    """Of them, read for this command."""
    is_complete: bool
    """False when it was cancelled."""


class StateSaved(_Event, frozen=True, tag="state_saved"):
    """Answer to `SaveState`."""

    tokens: int
    """0 when nothing was saved."""


class StateLoaded(_Event, frozen=True, tag="state_loaded"):
    """Answer to `LoadState`."""

    tokens: int
    """0 when there was no state that fits; nothing is lost then but time."""


class TokenCount(_Event, frozen=True, tag="token_count"):
    """Answer to `CountTokens`."""

    tokens: int


class BenchStep(_Event, frozen=True, tag="bench_step"):
    """What is being measured now, for a status line."""

    text: str


class BenchRow(_Event, frozen=True, tag="bench_row"):
    """One test that was measured, or the repetitions of it that a cancel left."""

    test: str
    """As llama-bench calls it: "pp512", "tg128 @ d4096"."""
    prompt_tokens: int
    """Tokens read in a repetition; 0 for a test of generation."""
    generated_tokens: int
    """Tokens generated in a repetition; 0 for a test of prompt processing."""
    depth: int
    """Tokens in the KV cache before each repetition."""
    n_threads: int
    samples_tps: tuple[float, ...]
    """One for each repetition."""
    mean_tps: float
    stddev_tps: float
    """Of the samples, n - 1 in the divisor; 0 for one sample."""
    kv_bytes: int
    """Keys and values in the KV cache in the middle of a repetition: what a token reads of it."""


class Bandwidth(_Event, frozen=True, tag="bandwidth"):
    """What so many threads together read of main memory."""

    n_threads: int
    bytes_per_second: float


class BenchResult(_Event, frozen=True, tag="bench_result"):
    """The benchmark ended; its rows have been sent."""

    devices: tuple[Device, ...]
    notes: tuple[str, ...] = ()
    """A sentence for each thing that was left out."""
    cancelled: bool = False


class Failed(_Event, frozen=True, tag="failed"):
    """The command ended without its result: one line, a hint, and the exit code it maps to."""

    message: str
    hint: str = ""
    exit_code: int = 5


Event = (
    DeviceList
    | Loading
    | Ready
    | Prompt
    | Reasoning
    | Answer
    | Notice
    | Done
    | Prefilled
    | StateSaved
    | StateLoaded
    | TokenCount
    | BenchStep
    | Bandwidth
    | BenchRow
    | BenchResult
    | Failed
)

encode = msgspec.json.Encoder().encode
decode_command = msgspec.json.Decoder(Command).decode
decode_event = msgspec.json.Decoder(Event).decode
