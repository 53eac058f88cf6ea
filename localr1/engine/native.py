"""llama.cpp's C API, as far as localr1 uses it: the only module that loads the engine library.

It lives in the worker process. Everything is called through libllama's own handle: a wheel
holds several copies of each ggml library, and opening one by file name gives a second,
unused copy with its own device registry and callbacks.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as llama

from localr1.engine.protocol import Device
from localr1.engine.sampling import Sampling
from localr1.errors import EngineMissing
from localr1.hardware.plan import LoadPlan

_GGML_LOG_ERROR, _GGML_LOG_CONTINUED = 4, 5
"""enum ggml_log_level."""
_DEVICE_KINDS = {0: "cpu", 1: "gpu", 2: "igpu", 3: "accel"}
"""enum ggml_backend_dev_type."""
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
_TOKEN_ATTR_UNKNOWN, _TOKEN_ATTR_CONTROL, _TOKEN_ATTR_USER_DEFINED = 1, 8, 16
"""enum llama_token_attr."""

DECODE_ABORTED = 2
"""llama_decode's answer after the abort callback said stop."""


def _ggml_library(name: str) -> Any:
    """The handle to call ggml functions on: dlsym sees through libllama, Windows does not."""
    if sys.platform == "win32":
        return ctypes.CDLL(str(Path(llama.__file__).parent / "lib" / f"{name}.dll"))
    return llama._lib


class NativeLog:
    """What the library says: all of it to standard error, its errors kept for the user."""

    def __init__(self) -> None:
        self._errors: deque[str] = deque(maxlen=20)
        self._last_level = 0
        # ctypes callbacks must outlive their registration
        self._log_callback = llama.llama_log_callback(self._on_log)
        self._abort_callback = ctypes.CFUNCTYPE(None, ctypes.c_char_p)(self._on_abort)
        llama.llama_log_set(self._log_callback, ctypes.c_void_p(0))
        set_abort_callback = _ggml_library("ggml-base").ggml_set_abort_callback
        set_abort_callback.restype = ctypes.c_void_p
        set_abort_callback(self._abort_callback)
        self.on_abort: Callable[[str], None] = lambda _text: None
        """Called with the assertion's text just before the process aborts."""

    def take_errors(self) -> list[str]:
        """Error lines since the last call."""
        lines = [line for line in "".join(self._errors).splitlines() if line.strip()]
        self._errors.clear()
        return lines

    def _on_log(self, level: int, text: bytes | None, _user: object) -> None:
        line = (text or b"").decode("utf-8", "replace")
        sys.stderr.write(line)
        if level != _GGML_LOG_CONTINUED:
            self._last_level = level
        if self._last_level == _GGML_LOG_ERROR:
            self._errors.append(line)

    def _on_abort(self, text: bytes | None) -> None:
        message = (text or b"").decode("utf-8", "replace")
        sys.stderr.write(message + "\n")
        sys.stderr.flush()
        self.on_abort(message)


def load_backends() -> None:
    """Initialise the library; load the modules of a build with dynamic backends.

    Raises:
        EngineMissing: no backend can be used.
    """
    ggml = _ggml_library("ggml")
    if ggml.ggml_backend_reg_count() == 0:
        folder = os.environ.get("LLAMA_CPP_LIB_PATH") or Path(llama.__file__).parent / "lib"
        # a NULL path would make ggml search the current directory as well
        ggml.ggml_backend_load_all_from_path(ctypes.c_char_p(os.fsencode(folder)))
    if ggml.ggml_backend_reg_count() == 0:
        raise EngineMissing(
            "the engine library has no backend that works on this machine",
            "reinstall llama-cpp-python: pip install --force-reinstall --no-cache-dir "
            "llama-cpp-python",
        )
    llama.llama_backend_init()


def devices() -> tuple[Device, ...]:
    """What ggml's device registry lists."""
    ggml = _ggml_library("ggml")
    base = _ggml_library("ggml-base")
    for function in ("name", "description"):
        getattr(base, f"ggml_backend_dev_{function}").restype = ctypes.c_char_p
        getattr(base, f"ggml_backend_dev_{function}").argtypes = [ctypes.c_void_p]
    ggml.ggml_backend_dev_count.restype = ctypes.c_size_t
    ggml.ggml_backend_dev_get.restype = ctypes.c_void_p
    ggml.ggml_backend_dev_get.argtypes = [ctypes.c_size_t]
    base.ggml_backend_dev_type.argtypes = [ctypes.c_void_p]
    base.ggml_backend_dev_memory.argtypes = [ctypes.c_void_p] + [
        ctypes.POINTER(ctypes.c_size_t)
    ] * 2
    return tuple(
        _device(base, ggml.ggml_backend_dev_get(index))
        for index in range(ggml.ggml_backend_dev_count())
    )


def _device(base: Any, handle: int) -> Device:
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    base.ggml_backend_dev_memory(handle, ctypes.byref(free), ctypes.byref(total))
    return Device(
        name=base.ggml_backend_dev_name(handle).decode("utf-8", "replace"),
        description=base.ggml_backend_dev_description(handle).decode("utf-8", "replace"),
        kind=_DEVICE_KINDS.get(base.ggml_backend_dev_type(handle), "other"),
        free_bytes=free.value,
        total_bytes=total.value,
    )


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


class Vocabulary:
    """Text to token ids and back, for one loaded model."""

    def __init__(self, model: Any) -> None:
        self._vocab = llama.llama_model_get_vocab(model)
        self.size: int = llama.llama_vocab_n_tokens(self._vocab)
        self.bos: int = llama.llama_vocab_bos(self._vocab)
        self.adds_bos: bool = llama.llama_vocab_get_add_bos(self._vocab)
        self._piece_buffer = ctypes.create_string_buffer(256)
        self.bos_text = self._text(self.bos)
        self.eos_text = self._text(llama.llama_vocab_eos(self._vocab))

    def tokenize(self, text: bytes, *, parse_special: bool) -> list[int]:
        """Token ids of UTF-8 text; BOS is never added."""
        room = len(text) + 16
        tokens = (llama.llama_token * room)()
        n_tokens = llama.llama_tokenize(
            self._vocab, text, len(text), tokens, room, False, parse_special
        )
        if n_tokens < 0:
            tokens = (llama.llama_token * -n_tokens)()
            n_tokens = llama.llama_tokenize(
                self._vocab, text, len(text), tokens, -n_tokens, False, parse_special
            )
        return list(tokens[:n_tokens])

    def piece(self, token: int, *, special: bool = False) -> bytes:
        """The bytes of a token; control tokens are empty unless `special`."""
        size = llama.llama_token_to_piece(
            self._vocab, token, self._piece_buffer, len(self._piece_buffer), 0, special
        )
        if size < 0:
            self._piece_buffer = ctypes.create_string_buffer(-size)
            return self.piece(token, special=special)
        return self._piece_buffer.raw[:size]

    def _text(self, token: int) -> str:
        return self.piece(token, special=True).decode("utf-8", "replace") if token >= 0 else ""

    def ends_reply(self, token: int) -> bool:
        """Whether this token ends a reply (end of sentence, of turn, …)."""
        return bool(llama.llama_vocab_is_eog(self._vocab, token))

    def special_texts(self) -> frozenset[str]:
        """Texts of control and user-defined tokens: what must never be read out of a message."""
        attribute, vocab = llama.llama_vocab_get_attr, self._vocab
        special = _TOKEN_ATTR_UNKNOWN | _TOKEN_ATTR_CONTROL | _TOKEN_ATTR_USER_DEFINED
        attributes = map(attribute, itertools.repeat(vocab), range(self.size))
        texts = (
            (llama.llama_vocab_get_text(vocab, token) or b"").decode("utf-8", "replace")
            for token, attrs in enumerate(attributes)
            if attrs & special
        )
        return frozenset(text for text in texts if text)


class Sampler:
    """A chain that draws the next token: top-k, temperature, top-p, min-p.

    Temperature comes before top-p, as in the evaluations that R1's authors published their
    settings for. Top-k comes first: over a vocabulary of 151,936 tokens it spares the others
    nearly all of their work (1.4-1.9 ms against 0.17 ms a token).
    """

    def __init__(self, sampling: Sampling, seed: int) -> None:
        self._chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())
        for sampler in _chain(sampling, seed):
            llama.llama_sampler_chain_add(self._chain, sampler)

    def sample(self, context: Any) -> int:
        """A token id drawn from the logits of the last decoded token."""
        return int(llama.llama_sampler_sample(self._chain, context, -1))

    def close(self) -> None:
        """Free the chain."""
        llama.llama_sampler_free(self._chain)


def _chain(sampling: Sampling, seed: int) -> Iterator[Any]:
    if sampling.temperature == 0:
        yield llama.llama_sampler_init_greedy()
        return
    if sampling.top_k > 0:
        yield llama.llama_sampler_init_top_k(sampling.top_k)
    yield llama.llama_sampler_init_temp(sampling.temperature)
    if sampling.top_p < 1:
        yield llama.llama_sampler_init_top_p(sampling.top_p, 1)
    if sampling.min_p > 0:
        yield llama.llama_sampler_init_min_p(sampling.min_p, 1)
    yield llama.llama_sampler_init_dist(seed)


def load_model(path: bytes, plan: LoadPlan, on_progress: Callable[[float], bool]) -> Any:
    """The model handle, or None: the log has the reason.

    Args:
        path: in the file system's encoding.
        plan: how to load.
        on_progress: called with 0 to 1; answers False to stop.
    """
    params = llama.llama_model_default_params()
    params.n_gpu_layers = plan.n_gpu_layers
    params.load_mode = llama.LLAMA_LOAD_MODE_MMAP if plan.use_mmap else llama.LLAMA_LOAD_MODE_NONE
    callback = llama.llama_progress_callback(lambda progress, _user: on_progress(progress))
    params.progress_callback = callback
    return llama.llama_model_load_from_file(path, params)


def model_numbers(model: Any) -> dict[str, int]:
    """Counts and sizes as the engine sees them."""
    return {
        "parameters": llama.llama_model_n_params(model),
        "size_bytes": llama.llama_model_size(model),
        "n_layer": llama.llama_model_n_layer(model),
        "n_ctx_train": llama.llama_model_n_ctx_train(model),
    }


def model_text(model: Any, key: str) -> str:
    """A metadata value as text; empty when the file does not have it."""
    buffer = ctypes.create_string_buffer(512)
    size = llama.llama_model_meta_val_str(model, key.encode(), buffer, len(buffer))
    return buffer.value.decode("utf-8", "replace") if size >= 0 else ""


def quant_name(model: Any) -> str:
    """The quant type of the file as llama.cpp calls it, "Q4_K_M" for example."""
    name = llama.llama_ftype_name(llama.llama_model_ftype(model)) or b""
    return str(name.decode("utf-8", "replace")).split(" ")[0]


def writes_text(model: Any) -> bool:
    """Whether the model generates text (an encoder alone does not)."""
    return bool(llama.llama_model_has_decoder(model))


class Context:
    """A context window over a model: one sequence, its KV cache, and the abort flag.

    Args:
        model: from `load_model`.
        plan: sizes and types; `n_ctx` is a multiple of 256.
        flag: raised to stop a computation.

    Raises:
        MemoryError: the library could not make the context; the log has the reason.
    """

    def __init__(self, model: Any, plan: LoadPlan, flag: AbortFlag) -> None:
        params = llama.llama_context_default_params()
        params.n_ctx, params.n_seq_max = plan.n_ctx, 1
        params.n_batch, params.n_ubatch = plan.n_batch, plan.n_ubatch
        params.n_threads, params.n_threads_batch = plan.n_threads, plan.n_threads_batch
        params.type_k, params.type_v = _KV_TYPES[plan.type_k], _KV_TYPES[plan.type_v]
        params.flash_attn_type = _FLASH_ATTENTION[plan.flash_attn]
        params.abort_callback, params.abort_callback_data = flag.callback, flag.argument
        params.no_perf = True
        self._flag = flag
        self.handle = llama.llama_init_from_model(model, params)
        if not self.handle:
            raise MemoryError("llama_init_from_model")
        self._memory = llama.llama_get_memory(self.handle)
        self.n_ctx: int = llama.llama_n_ctx(self.handle)
        self.n_ubatch: int = llama.llama_n_ubatch(self.handle)
        self._one = (llama.llama_token * 1)()

    def decode(self, tokens: Sequence[int]) -> int:
        """Process tokens after those already held; 0, or llama_decode's code."""
        array = (llama.llama_token * len(tokens))(*tokens)
        return int(llama.llama_decode(self.handle, llama.llama_batch_get_one(array, len(tokens))))

    def decode_one(self, token: int) -> int:
        """`decode` for one token, without an allocation."""
        self._one[0] = token
        return int(llama.llama_decode(self.handle, llama.llama_batch_get_one(self._one, 1)))

    def keep(self, n_tokens: int) -> bool:
        """Forget all but the first tokens; False when this architecture cannot (recurrent)."""
        return bool(llama.llama_memory_seq_rm(self._memory, 0, n_tokens, -1))

    def clear(self) -> None:
        """Forget everything."""
        llama.llama_memory_clear(self._memory, False)


def apply_builtin_template(template: str, turns: Sequence[tuple[str, str]]) -> str | None:
    """llama.cpp's own rendering of the templates it recognises, with the reply begun.

    Args:
        template: the file's Jinja text, looked at for known marks only; never run.
        turns: (role, content) pairs.

    Returns:
        None when the template is not one of those.
    """
    chat = (llama.llama_chat_message * len(turns))(
        *(llama.llama_chat_message(role.encode(), content.encode()) for role, content in turns)
    )
    room = 4096 + 4 * sum(len(content) for _, content in turns)
    for _attempt in range(2):
        buffer = ctypes.create_string_buffer(room)
        size = llama.llama_chat_apply_template(
            template.encode("utf-8", "replace"), chat, len(turns), True, buffer, room
        )
        if size < 0:
            return None
        if size <= room:
            return buffer.raw[:size].decode("utf-8", "replace")
        room = size
    return None
