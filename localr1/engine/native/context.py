"""A context window over a model, and the flag that stops its computation."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import llama_cpp.llama_cpp as llama

from localr1.hardware.estimate import MOST_ROWS, MOST_SAMPLES
from localr1.hardware.load_plan import LoadPlan

_KV_TYPES = {
    "f32": 0,
    "f16": 1,
    "q4_0": 2,
    "q4_1": 3,
    "q5_0": 6,
    "q5_1": 7,
    "q8_0": 8,
    "iq4_nl": 20,
    "bf16": 30,
}
"""enum ggml_type."""
_FLASH_ATTENTION = {"auto": -1, "off": 0, "on": 1}

DECODE_ABORTED = 2
"""llama_decode's answer after the abort callback said stop."""


class Row(NamedTuple):
    """A token of a batch."""

    token: int
    position: int
    sequence: int
    is_drawn_from: bool
    """Logits are computed for it."""


class AbortFlag:
    """A switch that native code reads while it computes.

    ggml asks its abort callback before every node of the graph, hundreds of times a token. A
    Python callback would take the interpreter lock each time. C's own `strlen` has the
    signature that is needed, pointer in and integer out: over this buffer it answers 0 until
    the first byte is set, then 1.
    """

    def __init__(self) -> None:
        self._buffer = ctypes.create_string_buffer(2)
        library = ctypes.CDLL("msvcrt" if sys.platform == "win32" else None)
        address = ctypes.cast(library.strlen, ctypes.c_void_p).value
        self.callback = llama.ggml_abort_callback(address)
        self.argument = ctypes.cast(self._buffer, ctypes.c_void_p)

    def raise_(self) -> None:
        """Stop the running computation; safe from any thread."""
        self._buffer[0] = b"\x01"

    def lower(self) -> None:
        """Allow computation again."""
        self._buffer[0] = b"\x00"

    @property
    def is_raised(self) -> bool:
        """Whether computation should stop."""
        return self._buffer[0] != b"\x00"


class Context:
    """A context window over a model: its KV cache, which sequences share, and the abort flag.

    Sequence 0 is the conversation; the others are further samples, copies of it at first.

    Args:
        model: from `load_model`.
        plan: sizes and types; `n_ctx` is a multiple of 256.
        flag: raised to stop a computation.
        is_single: one sequence, drawn from after its last token only; takes less memory.

    Raises:
        MemoryError: the library could not make the context; the log has the reason.
    """

    def __init__(
        self, model: Any, plan: LoadPlan, flag: AbortFlag, *, is_single: bool = False
    ) -> None:
        params = llama.llama_context_default_params()
        params.n_ctx = plan.n_ctx
        # a recurrent model keeps a whole state for each sequence, needed or not
        params.n_seq_max = 1 if is_single or _keeps_states(model) else MOST_SAMPLES
        params.kv_unified = True
        n_rows = 1 if is_single else MOST_ROWS
        n_batch = max(plan.n_batch, n_rows)
        params.n_batch, params.n_ubatch = n_batch, plan.n_ubatch
        params.n_outputs_max = params.n_outputs_max_per_seq = n_rows
        params.n_threads, params.n_threads_batch = plan.n_threads, plan.n_threads_batch
        params.type_k, params.type_v = _KV_TYPES[plan.type_k], _KV_TYPES[plan.type_v]
        params.swa_full = plan.swa_full
        params.flash_attn_type = _FLASH_ATTENTION[plan.flash_attn]
        params.abort_callback, params.abort_callback_data = flag.callback, flag.argument
        params.no_perf = True
        self._flag = flag
        self.handle = llama.llama_init_from_model(model, params)
        if not self.handle:
            raise MemoryError("llama_init_from_model")
        self._memory = llama.llama_get_memory(self.handle)
        self._n_swa = _forgetting_window(model, plan)
        self.n_ctx: int = llama.llama_n_ctx(self.handle)
        self.n_ubatch: int = llama.llama_n_ubatch(self.handle)
        self.n_sequences: int = llama.llama_n_seq_max(self.handle)
        self.can_cut = can_cut(model, plan)
        self._one = (llama.llama_token * 1)()
        self._batch = llama.llama_batch_init(n_batch, 0, 1)

    def decode(self, tokens: Sequence[int]) -> int:
        """Process tokens after those already held; 0, or llama_decode's code."""
        array = (llama.llama_token * len(tokens))(*tokens)
        return int(llama.llama_decode(self.handle, llama.llama_batch_get_one(array, len(tokens))))

    def decode_one(self, token: int) -> int:
        """`decode` for one token, without an allocation."""
        self._one[0] = token
        return int(llama.llama_decode(self.handle, llama.llama_batch_get_one(self._one, 1)))

    def decode_rows(self, rows: Sequence[Row]) -> int:
        """Process tokens of any sequences, at most `MOST_ROWS`; 0, or llama_decode's code."""
        batch = self._batch
        for index, row in enumerate(rows):
            batch.token[index], batch.pos[index] = row.token, row.position
            batch.n_seq_id[index], batch.seq_id[index][0] = 1, row.sequence
            batch.logits[index] = row.is_drawn_from
        batch.n_tokens = len(rows)
        return int(llama.llama_decode(self.handle, batch))

    def set_threads(self, n_threads: int, n_threads_batch: int) -> None:
        """Change the numbers of threads that generate and that process prompts."""
        llama.llama_set_n_threads(self.handle, n_threads, n_threads_batch)

    def synchronize(self) -> None:
        """Wait for a device that computes on its own."""
        llama.llama_synchronize(self.handle)

    def held_bytes(self) -> int:
        """Bytes of the KV cache that the held tokens take, in the types it is kept in."""
        return int(llama.llama_state_seq_get_size(self.handle, 0))

    def keep(self, n_tokens: int, sequence: int = 0) -> bool:
        """Forget all but the first tokens of a sequence.

        False when that cannot be done: by a recurrent architecture, or where a sliding window has
        already dropped tokens that the next one would look at.
        """
        first_held = llama.llama_memory_seq_pos_min(self._memory, sequence)
        if self._n_swa and first_held > max(0, n_tokens - self._n_swa):
            return False
        return bool(llama.llama_memory_seq_rm(self._memory, sequence, n_tokens, -1))

    def copy_to(self, sequence: int) -> None:
        """Let a sequence begin with all that sequence 0 holds; the cache is shared, not copied."""
        llama.llama_memory_seq_cp(self._memory, 0, sequence, -1, -1)

    def drop(self, sequence: int) -> None:
        """Forget a whole sequence."""
        llama.llama_memory_seq_rm(self._memory, sequence, -1, -1)

    def state(self) -> bytearray:
        """Keys and values of sequence 0 in llama.cpp's form, for `restore`."""
        size = self.held_bytes()
        buffer = bytearray(size)
        array = (ctypes.c_uint8 * size).from_buffer(buffer)
        written = llama.llama_state_seq_get_data(self.handle, array, size, 0)
        del array
        return buffer[:written] if written != size else buffer

    def restore(self, state: memoryview) -> bool:
        """Replace sequence 0 by what `state` gave; False, and all forgotten, when it cannot be."""
        self.clear()
        array = (ctypes.c_uint8 * len(state)).from_buffer(state)
        read = llama.llama_state_seq_set_data(self.handle, array, len(state), 0)
        del array
        if read == len(state):
            return True
        self.clear()
        return False

    def clear(self) -> None:
        """Forget everything."""
        llama.llama_memory_clear(self._memory, False)


def can_cut(model: Any, plan: LoadPlan) -> bool:
    """Whether the latest tokens can be taken back at any time."""
    return not _keeps_states(model) and not _forgetting_window(model, plan)


def _forgetting_window(model: Any, plan: LoadPlan) -> int:
    """Tokens of a sliding window whose earlier tokens are dropped; 0 where nothing is."""
    return 0 if plan.swa_full else int(llama.llama_model_n_swa(model))


def _keeps_states(model: Any) -> bool:
    """Whether the model has one state for all that it read, instead of keys for each token."""
    is_recurrent = llama.llama_model_is_recurrent(model)
    return bool(is_recurrent or llama.llama_model_is_hybrid(model))
