"""Small random-weight GGUF models that llama.cpp loads and runs, for tests.

`write_tiny_model` makes a model of some 400 tokens and 2 layers; its vocabulary holds the 256
byte tokens, so it can spell any UTF-8 text. `write_r1_qwen_vocabulary_model` makes one with the
whole vocabulary of the R1 Qwen distills, for tests that need the real token ids.
"""

from __future__ import annotations

import dataclasses
import functools
import lzma
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import gguf
import numpy as np

Architecture = Literal["llama", "qwen2", "qwen3"]

NORMAL, CONTROL, USER_DEFINED, UNUSED = 1, 3, 4, 5
"""Values of tokenizer.ggml.token_type (llama.h, llama_token_type)."""

R1_BOS = "<｜begin▁of▁sentence｜>"
R1_EOS = "<｜end▁of▁sentence｜>"
R1_USER = "<｜User｜>"
R1_ASSISTANT = "<｜Assistant｜>"

R1_SPECIAL_TOKENS = (
    (R1_EOS, CONTROL),
    (R1_USER, CONTROL),
    (R1_ASSISTANT, CONTROL),
    (R1_BOS, CONTROL),
    ("<|EOT|>", CONTROL),
    ("<think>", USER_DEFINED),
    ("</think>", USER_DEFINED),
)
"""In id order, 151643 and up in the Qwen distills. llama.cpp's converter turns every added token
that looks like `<|…|>` or `<｜…｜>` into a control token, whatever tokenizer.json says of it."""

QWEN_SPECIAL_TOKENS = (
    ("<|quad_start|>", CONTROL),
    ("<|quad_end|>", CONTROL),
    ("<|vision_start|>", CONTROL),
    ("<|vision_end|>", CONTROL),
    ("<|vision_pad|>", CONTROL),
    ("<|image_pad|>", CONTROL),
    ("<|video_pad|>", CONTROL),
    ("<tool_call>", USER_DEFINED),
    ("</tool_call>", USER_DEFINED),
    ("<|fim_prefix|>", CONTROL),
    ("<|fim_middle|>", CONTROL),
    ("<|fim_suffix|>", CONTROL),
    ("<|fim_pad|>", CONTROL),
    ("<|repo_name|>", CONTROL),
    ("<|file_sep|>", CONTROL),
)
"""Ids 151650 to 151664 of Qwen2.5 and of the R1 Qwen distills."""

QWEN_ROWS = 151_936
"""Rows of the embedding matrix of the 1.5B distill; rows without a token are [PADn]."""

_CHATML_TOKENS = (("<|endoftext|>", CONTROL), ("<|im_start|>", CONTROL), ("<|im_end|>", CONTROL))

# Frequent English pairs between bars, so that common words take fewer tokens than letters.
_TINY_MERGES = (
    "Ġ t|Ġ a|h e|i n|r e|o n|Ġt he|e r|Ġ s|a t|Ġ w|Ġ o|e n|Ġ c|i t|i s|a n|o r|e s|Ġ b|e d|Ġ f|"
    "in g|Ġ p|o u|Ġa n|a l|a r|Ġt o|Ġ m|Ġo f|Ġ in|Ġ d|Ġ h|Ġan d|i c|l e|Ġt h|Ġ is|o m|Ġ l|e l|"
    "l l|Ġ n|Ġb e|Ġ y|Ġy ou|s t|v e|Ġw a|Ġ he|Ġ on|Ċ Ċ|. Ċ|1 2|Ġ 1|Ġs e|Ġse a|h i|n k|t hi|thi nk"
)


@dataclasses.dataclass(frozen=True)
class Vocabulary:
    """A byte-level BPE vocabulary; the index of a token is its id."""

    tokens: tuple[str, ...]
    token_types: tuple[int, ...]
    merges: tuple[str, ...]
    pre: str
    bos: str
    eos: str
    add_bos: bool


@dataclasses.dataclass(frozen=True)
class TinyShape:
    """Hyper-parameters of a tiny model; every field can be overridden by name."""

    n_layer: int = 2
    n_embd: int = 64
    n_head: int = 4
    n_head_kv: int = 2
    n_ff: int = 128
    n_ctx_train: int = 2048
    rope_freq_base: float = 10_000.0
    rms_epsilon: float = 1e-6
    tied_output: bool = False
    """True leaves out output.weight; llama.cpp then uses token_embd.weight."""
    weight_type: Literal["F32", "F16"] = "F16"
    """Type of the matrices; norms and biases are always F32."""
    name: str = "Tiny"


@functools.cache
def byte_tokens() -> tuple[str, ...]:
    """GPT-2's 256 byte tokens in the order of their ids: printable bytes first."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return tuple([chr(byte) for byte in printable] + [chr(0x100 + n) for n in range(68)])


def byte_level_vocabulary(
    merges: Iterable[str],
    special_tokens: Iterable[tuple[str, int]],
    *,
    pre: str,
    bos: str,
    eos: str,
    add_bos: bool,
) -> Vocabulary:
    """256 byte tokens, then one token a merge in the order of the merges, then special tokens."""
    merges = tuple(merges)
    special = tuple(special_tokens)
    normal = (*byte_tokens(), *(merge.replace(" ", "") for merge in merges))
    return Vocabulary(
        tokens=(*normal, *(token for token, _ in special)),
        token_types=(*[NORMAL] * len(normal), *(kind for _, kind in special)),
        merges=merges,
        pre=pre,
        bos=bos,
        eos=eos,
        add_bos=add_bos,
    )


def tiny_vocabulary(architecture: Architecture = "qwen2", *, r1_tokens: bool = False) -> Vocabulary:
    """Some 330 tokens with R1's special tokens, or with those of ChatML."""
    if r1_tokens:
        pre = "llama-bpe" if architecture == "llama" else "deepseek-r1-qwen"
        return byte_level_vocabulary(
            _TINY_MERGES.split("|"),
            R1_SPECIAL_TOKENS,
            pre=pre,
            bos=R1_BOS,
            eos=R1_EOS,
            add_bos=True,
        )
    return byte_level_vocabulary(
        _TINY_MERGES.split("|"),
        _CHATML_TOKENS,
        pre="llama-bpe" if architecture == "llama" else "qwen2",
        bos="<|endoftext|>",
        eos="<|im_end|>",
        add_bos=False,
    )


@functools.cache
def r1_qwen_vocabulary() -> Vocabulary:
    """The 151,936 rows of the R1 Qwen distills' vocabulary, ids included."""
    packed = Path(__file__).parent / "data" / "qwen2-merges.txt.xz"
    merges = lzma.decompress(packed.read_bytes()).decode().splitlines()
    named = (*R1_SPECIAL_TOKENS, *QWEN_SPECIAL_TOKENS)
    first_pad = len(byte_tokens()) + len(merges) + len(named)
    pads = ((f"[PAD{row}]", UNUSED) for row in range(first_pad, QWEN_ROWS))
    return byte_level_vocabulary(
        merges, (*named, *pads), pre="deepseek-r1-qwen", bos=R1_BOS, eos=R1_EOS, add_bos=True
    )


def write_tiny_model(
    path: Path,
    *,
    architecture: Architecture = "qwen2",
    r1_tokens: bool = False,
    template: str | None = None,
    vocab: Vocabulary | None = None,
    seed: int = 0,
    metadata: Mapping[str, str | int | float | bool] | None = None,
    **overrides: Any,
) -> Path:
    """Write a valid model with random weights to `path` and return the path.

    `overrides` are fields of `TinyShape`; `metadata` adds or replaces single keys. The same
    arguments give the same bytes.
    """
    shape = TinyShape(**overrides)
    vocabulary = vocab or tiny_vocabulary(architecture, r1_tokens=r1_tokens)
    writer = gguf.GGUFWriter(path, architecture)
    _add_hyper_parameters(writer, architecture, shape, len(vocabulary.tokens))
    add_tokenizer(writer, vocabulary)
    if template is not None:
        writer.add_chat_template(template)
    for key, value in (metadata or {}).items():
        _add_value(writer, key, value)
    for name, weights in _tensors(architecture, shape, len(vocabulary.tokens), seed):
        writer.add_tensor(name, weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def write_r1_qwen_vocabulary_model(
    path: Path, *, template: str | None = None, seed: int = 0, **overrides: Any
) -> Path:
    """A tiny qwen2 model (some 10 MB) with the whole vocabulary of the R1 Qwen distills."""
    shape = {"n_embd": 32, "n_head": 2, "n_head_kv": 1, "n_ff": 64, "tied_output": True}
    return write_tiny_model(
        path,
        architecture="qwen2",
        template=template,
        vocab=r1_qwen_vocabulary(),
        seed=seed,
        **{**shape, "name": "Tiny R1 Qwen", **overrides},
    )


def _add_hyper_parameters(
    writer: gguf.GGUFWriter, architecture: Architecture, shape: TinyShape, n_vocab: int
) -> None:
    writer.add_type("model")
    writer.add_name(shape.name)
    writer.add_file_type(0 if shape.weight_type == "F32" else 1)
    writer.add_block_count(shape.n_layer)
    writer.add_context_length(shape.n_ctx_train)
    writer.add_embedding_length(shape.n_embd)
    writer.add_feed_forward_length(shape.n_ff)
    writer.add_head_count(shape.n_head)
    writer.add_head_count_kv(shape.n_head_kv)
    writer.add_rope_freq_base(shape.rope_freq_base)
    writer.add_layer_norm_rms_eps(shape.rms_epsilon)
    if architecture == "llama":
        writer.add_vocab_size(n_vocab)
        writer.add_rope_dimension_count(shape.n_embd // shape.n_head)
    if architecture == "qwen3":
        writer.add_key_length(shape.n_embd // shape.n_head)
        writer.add_value_length(shape.n_embd // shape.n_head)


def add_tokenizer(writer: gguf.GGUFWriter, vocabulary: Vocabulary) -> None:
    """Describe the vocabulary in the file's metadata."""
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(vocabulary.pre)
    writer.add_token_list(vocabulary.tokens)
    writer.add_token_types(vocabulary.token_types)
    writer.add_token_merges(vocabulary.merges)
    writer.add_bos_token_id(vocabulary.tokens.index(vocabulary.bos))
    writer.add_eos_token_id(vocabulary.tokens.index(vocabulary.eos))
    writer.add_pad_token_id(vocabulary.tokens.index(vocabulary.eos))
    writer.add_add_bos_token(vocabulary.add_bos)
    writer.add_add_eos_token(False)


def _add_value(writer: gguf.GGUFWriter, key: str, value: str | int | float | bool) -> None:
    kinds = {
        bool: gguf.GGUFValueType.BOOL,
        int: gguf.GGUFValueType.UINT32,
        float: gguf.GGUFValueType.FLOAT32,
        str: gguf.GGUFValueType.STRING,
    }
    for section in writer.kv_data:
        section.pop(key, None)
    writer.add_key_value(key, value, kinds[type(value)])


def _tensors(
    architecture: Architecture, shape: TinyShape, n_vocab: int, seed: int
) -> Iterable[tuple[str, np.ndarray]]:
    random = np.random.default_rng(seed)
    matrix_type = np.float32 if shape.weight_type == "F32" else np.float16
    n_embd, n_ff, head_width = shape.n_embd, shape.n_ff, shape.n_embd // shape.n_head
    n_kv = shape.n_head_kv * head_width

    def matrix(n_out: int, n_in: int) -> np.ndarray:
        return random.normal(0, n_in**-0.5, (n_out, n_in)).astype(matrix_type)

    def norm(width: int) -> np.ndarray:
        return random.normal(1, 0.02, width).astype(np.float32)

    yield "token_embd.weight", matrix(n_vocab, n_embd)
    for layer in range(shape.n_layer):
        block = f"blk.{layer}"
        yield f"{block}.attn_norm.weight", norm(n_embd)
        for name, width in (("q", n_embd), ("k", n_kv), ("v", n_kv)):
            yield f"{block}.attn_{name}.weight", matrix(width, n_embd)
            if architecture == "qwen2":
                bias = random.normal(0, 0.02, width).astype(np.float32)
                yield f"{block}.attn_{name}.bias", bias
        if architecture == "qwen3":
            yield f"{block}.attn_q_norm.weight", norm(head_width)
            yield f"{block}.attn_k_norm.weight", norm(head_width)
        yield f"{block}.attn_output.weight", matrix(n_embd, n_embd)
        yield f"{block}.ffn_norm.weight", norm(n_embd)
        yield f"{block}.ffn_gate.weight", matrix(n_ff, n_embd)
        yield f"{block}.ffn_up.weight", matrix(n_ff, n_embd)
        yield f"{block}.ffn_down.weight", matrix(n_embd, n_ff)
    yield "output_norm.weight", norm(n_embd)
    if not shape.tied_output:
        yield "output.weight", matrix(n_vocab, n_embd)
