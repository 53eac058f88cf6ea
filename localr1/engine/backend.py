"""What the worker asks of whatever produces replies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from localr1.engine.protocol import (
    Bench,
    BenchResult,
    CountTokens,
    Done,
    Generate,
    Load,
    LoadState,
    Prefill,
    Prefilled,
    Ready,
    SaveState,
    StateLoaded,
    StateSaved,
)
from localr1.engine.reply import Emit
from localr1.hardware.machine import Device


class Backend(Protocol):
    """Produces replies; called from the worker's main thread except where said."""

    def connect(self, servers: Sequence[str], emit: Emit) -> None:
        """Add the devices of RPC servers, HOST:PORT each, to those that can be used.

        Raises:
            EngineError: this build cannot do that, or a server has no device.
        """

    def devices(self, *, measure: bool = True) -> tuple[Device, ...]:
        """The devices that this build can use, those of connected servers included.

        Args:
            measure: with their memory, which takes some of a GPU's; sizes are 0 otherwise.
        """

    def instruction_sets(self) -> tuple[str, ...]:
        """What the CPU code of this build uses, in llama.cpp's words."""

    def load(self, command: Load, emit: Emit) -> Ready:
        """Load a model, emitting `Loading`.

        Raises:
            LoadFailed: the engine refused it, with its reason.
        """

    def generate(self, command: Generate, emit: Emit) -> Done:
        """Write a reply, emitting `Prompt`, `Reasoning`, `Answer` and `Notice`.

        Raises:
            DoesNotFit: the last message alone is longer than the context window, or it has no
                room for so many samples.
        """

    def end_reasoning(self) -> None:
        """Close the reasoning of the running reply soon; called from another thread."""

    def prefill(self, command: Prefill, emit: Emit) -> Prefilled:
        """Read ahead what the next prompt will share; ends early when it is cancelled."""

    def save_state(self, command: SaveState) -> StateSaved:
        """Keep the KV cache in a file; a disk that refuses costs only that."""

    def load_state(self, command: LoadState) -> StateLoaded:
        """Fill the KV cache from a file; one that does not fit is passed over."""

    def count_tokens(self, command: CountTokens) -> int:
        """Tokens of the prompt for these messages."""

    def bench(self, command: Bench, emit: Emit) -> BenchResult:
        """Measure the loaded model, emitting `BenchStep`, `Bandwidth` and `BenchRow`.

        Raises:
            DoesNotFit: no test fits the context window.
        """

    def cancel(self) -> None:
        """Stop the running command soon; called from another thread."""

    def resume(self) -> None:
        """Forget an earlier `cancel` or `end_reasoning`; called before each command."""
