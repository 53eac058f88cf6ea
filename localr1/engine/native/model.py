"""A loaded model: its facts, its vocabulary, and llama.cpp's rendering of known templates."""

from __future__ import annotations

import ctypes
import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import llama_cpp.llama_cpp as llama

from localr1.engine.native.devices import MOST_DEVICES, device_handles, device_name
from localr1.errors import LoadFailed
from localr1.hardware.load_plan import DeviceShare, LoadPlan

_LOAD_MODES = {
    (False, False): llama.LLAMA_LOAD_MODE_NONE,
    (True, False): llama.LLAMA_LOAD_MODE_MMAP,
    (False, True): llama.LLAMA_LOAD_MODE_MLOCK,
    (True, True): llama.LLAMA_LOAD_MODE_MMAP_MLOCK,
}
"""By whether the file is mapped and whether its memory is locked."""
_TOKEN_ATTR_UNKNOWN, _TOKEN_ATTR_CONTROL, _TOKEN_ATTR_USER_DEFINED = 1, 8, 16
"""enum llama_token_attr."""


def load_model(path: bytes, plan: LoadPlan, on_progress: Callable[[float], bool]) -> Any:
    """The model handle, or None: the log has the reason.

    Args:
        path: in the file system's encoding.
        plan: how to load.
        on_progress: called with 0 to 1; answers False to stop.

    Raises:
        LoadFailed: the plan names a device that is not there, or too many of them.
    """
    params = llama.llama_model_default_params()
    params.load_mode = _LOAD_MODES[plan.use_mmap, plan.use_mlock]
    kept_alive = _place_layers(params, plan)
    callback = llama.llama_progress_callback(lambda progress, _user: on_progress(progress))
    params.progress_callback = callback
    model = llama.llama_model_load_from_file(path, params)
    del kept_alive
    return model


def free_model(model: Any) -> None:
    """Give back the memory of a model that no context uses."""
    llama.llama_model_free(model)


def _place_layers(params: Any, plan: LoadPlan) -> list[Any]:
    """Set which device gets which layers; answers arrays that must live until the load ends.

    llama.cpp gives layer i of n to the first device whose share of all, summed up and divided
    by n, exceeds i / n (llama-model.cpp, get_layer_buft_list). With layer counts as shares both
    sides are the same division of the same numbers, so each device gets exactly its count.
    """
    shares = [share for share in plan.devices if share.layers]
    params.n_gpu_layers = plan.n_gpu_layers
    if plan.devices:
        params.n_gpu_layers = sum(share.layers for share in shares)
    elif plan.n_gpu_layers:
        return []
    if len(shares) > MOST_DEVICES:
        raise LoadFailed(f"{len(shares)} devices are too many: the engine takes {MOST_DEVICES}")
    # without layers the list is empty, so that no device is touched: each one listed
    # would get buffers and, by RPC, a connection
    handles = (ctypes.c_void_p * (len(shares) + 1))(*map(_handle_of, shares), None)
    counts = (ctypes.c_float * MOST_DEVICES)(*(share.layers for share in shares))
    params.devices = ctypes.cast(handles, ctypes.c_void_p)
    params.split_mode = llama.LLAMA_SPLIT_MODE_LAYER
    params.tensor_split = counts
    return [handles, counts]


def _handle_of(share: DeviceShare) -> int:
    handles = {device_name(handle): handle for handle in device_handles()}
    if share.name not in handles:
        raise LoadFailed(
            f"the engine has no device called {share.name}", f"it has {', '.join(handles)}"
        )
    return handles[share.name]


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


class Vocabulary:
    """Text to token ids and back, for one loaded model."""

    def __init__(self, model: Any) -> None:
        self._vocab = llama.llama_model_get_vocab(model)
        self.size: int = llama.llama_vocab_n_tokens(self._vocab)
        self.bos: int = llama.llama_vocab_bos(self._vocab)
        self.eos: int = llama.llama_vocab_eos(self._vocab)
        self.adds_bos: bool = llama.llama_vocab_get_add_bos(self._vocab)
        self._piece_buffer = ctypes.create_string_buffer(256)
        self.bos_text = self._text(self.bos)
        self.eos_text = self._text(self.eos)

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

    def end_tokens(self) -> tuple[int, ...]:
        """All tokens that end a reply; llama.cpp makes each of them a control token."""
        return tuple(filter(self.ends_reply, self._special_tokens))

    def text(self, token: int) -> bytes:
        """What the vocabulary calls a token; not its bytes in a text."""
        return bytes(llama.llama_vocab_get_text(self._vocab, token) or b"")

    def special_texts(self) -> frozenset[str]:
        """Texts of control and user-defined tokens: what must never be read out of a message."""
        texts = (self.text(token).decode("utf-8", "replace") for token in self._special_tokens)
        return frozenset(text for text in texts if text)

    @functools.cached_property
    def _special_tokens(self) -> tuple[int, ...]:
        attributes = map(
            llama.llama_vocab_get_attr, itertools.repeat(self._vocab), range(self.size)
        )
        special = _TOKEN_ATTR_UNKNOWN | _TOKEN_ATTR_CONTROL | _TOKEN_ATTR_USER_DEFINED
        return tuple(token for token, attrs in enumerate(attributes) if attrs & special)


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
