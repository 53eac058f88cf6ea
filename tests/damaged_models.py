"""Damaged and hostile variants of tiny valid models, each with a name and always the same bytes.

`variants()` yields more than a thousand, in the categories below; `mutants()` yields random
damage on top.
"""

from __future__ import annotations

import dataclasses
import functools
import random
import struct
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.forged_gguf import (
    ARRAY,
    BOOL,
    F32,
    I8,
    I32,
    U16,
    U32,
    U64,
    GgufFile,
    TensorRow,
    Value,
    number,
    numbers,
    numbers_of,
    read_gguf,
    string,
    strings,
    strings_of,
)
from tests.tiny_models import Architecture, write_tiny_model

Variant = tuple[str, bytes]

_LARGE_COUNTS = (1 << 20, 1 << 30, 1 << 31, 1 << 32, 1 << 62, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)
TEMPLATE = "{% for message in messages %}{{ message['content'] }}{% endfor %}"


# ---- the valid models -------------------------------------------------------------------------


@functools.cache
def base(architecture: Architecture = "qwen2") -> bytes:
    """The bytes of a valid tiny model with R1's special tokens."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tiny.gguf"
        write_tiny_model(path, architecture=architecture, r1_tokens=True, template=TEMPLATE)
        return path.read_bytes()


@functools.cache
def _header_bytes(architecture: Architecture = "qwen2") -> int:
    return len(read_gguf(base(architecture)).header())


def _forged(change: Callable[[GgufFile], Any], architecture: Architecture = "qwen2") -> bytes:
    file = read_gguf(base(architecture))
    change(file)
    return file.to_bytes()


def _setting(key: str, value: Value | None, architecture: Architecture = "qwen2") -> bytes:
    return _forged(lambda file: file.set(key, value), architecture)


def _with(**fields: Any) -> Callable[[GgufFile], None]:
    def change(file: GgufFile) -> None:
        for name, value in fields.items():
            setattr(file, name, value)

    return change


# ---- categories -------------------------------------------------------------------------------


def variants() -> Iterator[Variant]:
    """All variants as (category/name, content); names are unique and never change."""
    for category in CATEGORIES:
        for name, content in category():
            yield f"{category.__name__.replace('_', '-')}/{name}", content


def control() -> Iterator[Variant]:
    for architecture in ("qwen2", "qwen3", "llama"):
        yield architecture, base(architecture)
        yield f"{architecture}-rewritten", read_gguf(base(architecture)).to_bytes()
    yield "version-2", _forged(_with(version=2))
    yield "extra-bytes", base() + b"x" * 1000
    yield "extra-key", _setting("general.colour", string("blue"))


def truncate() -> Iterator[Variant]:
    whole, header = base(), _header_bytes()
    in_header = [0, 1, 3, 4, 7, 8, 12, 16, 20, 23, 24, 25, 31, 32, 40, 64, 100, 200]
    in_header += [header * n // 20 for n in range(1, 20)] + [header - 33, header - 1]
    in_weights = [header + (len(whole) - header) * n // 12 for n in range(12)]
    in_weights += [len(whole) - n for n in (4096, 512, 64, 33, 1)]
    for size in (*in_header, *in_weights):
        yield f"to-{size}", whole[:size]


def torn() -> Iterator[Variant]:
    whole, header = base(), _header_bytes()
    noise = random.Random(1).randbytes(4096)
    for start in (0, 24, 1000, 4096, header - 2048, header, header + 50_000, len(whole) - 4096):
        yield f"zero-page-{start}", _overwritten(whole, start, bytes(4096))
        yield f"noise-page-{start}", _overwritten(whole, start, noise)
    half = len(whole) // 2
    yield "second-half-zero", whole[:half] + bytes(len(whole) - half)
    yield "first-half-zero", bytes(half) + whole[half:]
    yield "halves-swapped", whole[half:] + whole[:half]
    yield "only-zeros", bytes(len(whole))
    yield "weights-zero", whole[:header] + bytes(len(whole) - header)
    yield "twice", whole + whole
    yield "page-missing", whole[:4096] + whole[8192:]
    yield "page-doubled", whole[:4096] + whole[:4096] + whole[4096:]
    yield "shifted", b"\0" + whole[:-1]
    yield "line-ends-converted", whole.replace(b"\n", b"\r\n")
    yield "read-as-text", whole.decode("utf-8", errors="replace").encode()
    yield "header-of-another", base("llama")[:header] + whole[header:]


def wrong_content() -> Iterator[Variant]:
    yield "empty", b""
    yield "html", b"<!DOCTYPE html>\n<html><body>404</body></html>"
    yield "html-after-blank", b"\n\n  <html><body>Sign in</body></html>"
    yield "json", b'{"error": "Repository not found"}'
    yield "json-with-bom", b'\xef\xbb\xbf{"error": 1}'
    yield "xml", b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>"
    yield (
        "lfs-pointer",
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:"
            + b"0" * 64
            + b"\nsize 4683073184\n"
        ),
    )
    yield "zip", b"PK\x03\x04" + bytes(400)
    yield "gzip", b"\x1f\x8b\x08" + bytes(400)
    yield "xz", b"\xfd7zXZ\0" + bytes(400)
    yield "zstd", b"\x28\xb5\x2f\xfd" + bytes(400)
    yield "pickle", b"\x80\x04\x95" + bytes(400)
    yield "safetensors", struct.pack("<Q", 200) + b'{"__metadata__":{"format":"pt"}}' + b" " * 400
    yield "ggml", b"lmgg" + bytes(400)
    yield "ggjt", b"tjgg" + bytes(400)
    yield "ggmf", b"fmgg" + bytes(400)
    yield "big-endian", b"GGUF\0\0\0\3" + bytes(400)
    yield "text", "Ein Text über nichts.\n".encode() * 40
    yield "utf-16-text", "some text".encode("utf-16") * 40
    yield "png", b"\x89PNG\r\n\x1a\n" + bytes(400)
    yield "elf", b"\x7fELF\x02\x01\x01" + bytes(400)
    yield "sqlite", b"SQLite format 3\0" + bytes(400)
    yield "magic-only", b"GGUF"
    yield "magic-and-zeros", b"GGUF" + bytes(400)
    yield "magic-and-ones", b"GGUF" + b"\xff" * 400
    yield "noise", random.Random(2).randbytes(5000)


def bit_flip() -> Iterator[Variant]:
    whole, header = base(), _header_bytes()
    tokens = whole.index(b"tokenizer.ggml.tokens")
    merges_end = whole.index(b"tokenizer.ggml.bos_token_id")
    table = whole.index(b"token_embd.weight")
    ranges = {
        "header": (0, 24, 30),
        "metadata": (24, tokens, 50),
        "vocabulary": (tokens, merges_end, 30),
        "special-tokens": (merges_end, table, 20),
        "tensor-table": (table, header, 30),
        "weights": (header, len(whole), 8),
    }
    for name, (start, end, count) in ranges.items():
        for place in random.Random(name).sample(range(8 * start, 8 * end), count):
            position, bit = divmod(place, 8)
            flipped = bytes([whole[position] ^ (1 << bit)])
            yield f"{name}-{position}-{bit}", _overwritten(whole, position, flipped)


def counts_and_lengths() -> Iterator[Variant]:
    file = read_gguf(base())
    n_tensors, n_keys = len(file.tensors), len(file.keys)
    for count in (0, 1, n_tensors - 1, n_tensors + 1, 1 << 16, *_LARGE_COUNTS):
        yield f"tensors-{count}", _forged(_with(n_tensors=count))
    for count in (0, 1, n_keys - 1, n_keys + 1, 1 << 16, *_LARGE_COUNTS):
        yield f"keys-{count}", _forged(_with(n_keys=count))
    for version in (0, 1, 4, 3 << 24, 1 << 16, (1 << 32) - 1):
        yield f"version-{version}", _forged(_with(version=version))
    for key in ("general.name", "tokenizer.chat_template"):
        for length in (0, 1 << 16, *_LARGE_COUNTS):
            yield f"{key}-length-{length}", _setting(key, string("name", length))
    for key in ("tokens", "merges", "token_type"):
        value = file.value(f"tokenizer.ggml.{key}")
        (right,) = struct.unpack_from("<Q", value.raw, 4)
        for count in (0, 1, right - 1, right + 1, *_LARGE_COUNTS):
            raw = value.raw[:4] + struct.pack("<Q", count) + value.raw[12:]
            yield f"{key}-{count}", _setting(f"tokenizer.ggml.{key}", Value(ARRAY, raw))


_OPTIONAL_KEYS = (
    "qwen2.pooling_type",
    "qwen2.rope.scaling.type",
    "qwen2.rope.scaling.factor",
    "qwen2.expert_count",
    "qwen2.nextn_predict_layers",
    "qwen2.attention.key_length",
    "split.count",
    "split.no",
)


def types_and_keys() -> Iterator[Variant]:
    for key in ("general.architecture", "qwen2.block_count", "qwen2.rope.freq_base"):
        raw = read_gguf(base()).value(key).raw
        for kind in (*range(13), 13, 255, (1 << 32) - 1):
            yield f"{key}-as-{kind}", _setting(key, Value(kind, raw))
    nested = struct.pack("<IQ", ARRAY, 1) + struct.pack("<IQI", U32, 1, 7)
    yield "nested-array", _setting("general.nested", Value(ARRAY, nested))
    yield "bool-2", _setting("tokenizer.ggml.add_bos_token", Value(BOOL, b"\2"))
    yield "bool-array-2", _setting("general.flags", numbers(BOOL, [0, 1, 2]))
    yield "key-empty", _setting("", number(U32, 1))
    yield "key-escape", _setting("general.\x1b[2J", number(U32, 1))
    yield "key-not-ascii", _setting("general.ключ", number(U32, 1))
    yield "key-300-bytes", _setting("general." + "x" * 292, number(U32, 1))
    yield "key-70000-bytes", _setting("general." + "x" * 70_000, number(U32, 1))
    yield "key-twice", _forged(lambda f: f.keys.append(f.keys[3]))
    yield "value-9-megabytes", _setting("general.description", string("x" * (9 << 20)))
    yield "name-escape", _setting("general.name", string("\x1b]0;title\x07\x1b[2J\u202ename"))
    yield "name-not-utf-8", _setting("general.name", string(b"\xff\xfe\x80"))
    yield "name-zero-byte", _setting("general.name", string(b"a\0b"))
    yield "array-not-used", _setting("general.numbers", numbers(U64, [1, 2, 3]))
    for name in ("", "Llama", "qwen2\0", "../qwen2", "\x1b[31m", "gpt-unknown", "x" * 10_000, "?"):
        label = f"architecture-{name[:12]!a}".replace("\\", "-")
        yield label, _setting("general.architecture", string(name))
    for name in ("bert", "nomic-bert", "clip", "t5", "t5encoder", "gemma-embedding", "llada"):
        yield f"architecture-{name}", _setting("general.architecture", string(name))
    for kind in ("adapter", "mmproj", "imatrix"):
        yield f"type-{kind}", _setting("general.type", string(kind))
    for name_raw, _ in read_gguf(base()).keys:
        key = name_raw.decode()
        yield f"without-{key}", _setting(key, None)
    present = [name_raw.decode() for name_raw, _ in read_gguf(base()).keys]
    for key in (*present, *_OPTIONAL_KEYS):
        yield f"{key}-as-numbers", _setting(key, numbers(U32, [1, 2]))
        yield f"{key}-as-texts", _setting(key, strings([b"a", b"b"]))


def alignment() -> Iterator[Variant]:
    for value in (0, 1, 2, 3, 4, 8, 16, 31, 33, 48, 64, 128, 4096, 1 << 31, (1 << 32) - 1):
        yield f"{value}", _setting("general.alignment", number(U32, value))
    for value in (8, 16, 64, 4096):

        def padded(file: GgufFile, value: int = value) -> None:
            file.set("general.alignment", number(U32, value))
            file.alignment = value

        yield f"{value}-padded", _forged(padded)
    yield "as-u64", _setting("general.alignment", number(U64, 32))
    yield "as-i32", _setting("general.alignment", number(I32, 32))
    yield "as-text", _setting("general.alignment", string("32"))
    yield "as-array", _setting("general.alignment", numbers(U32, [32]))


def tensor_table() -> Iterator[Variant]:
    last = len(read_gguf(base()).tensors) - 1
    for index in (0, 1, 2, 12, last):
        yield from _row_variants(index)
    yield "last-row-dropped", _forged(lambda f: (f.tensors.pop(), f.weights.pop()))
    yield "first-row-dropped", _forged(lambda f: (f.tensors.pop(0), f.weights.pop(0)))
    yield "no-rows", _forged(_with(tensors=[], weights=[]))
    yield "rows-swapped", _forged(lambda f: f.tensors.insert(0, f.tensors.pop(1)))
    for name, kind, size_bytes in (
        ("blk.0.unknown.weight", 0, 256),
        ("blk.2.attn_norm.weight", 0, 256),
        ("rope_freqs.weight", 0, 32),
        ("cls.output.weight", 0, 256),
    ):
        yield f"extra-{name}", _forged(_adding(name.encode(), [64], kind, bytes(size_bytes)))
    yield "all-rows-i32", _forged(_all_matrices_as(26))
    yield "all-rows-i16", _forged(_all_matrices_as(25))
    yield "norms-f16", _forged(_norms_as_f16)


def _row_variants(index: int) -> Iterator[Variant]:
    row = read_gguf(base()).tensors[index]

    def changed(**fields: Any) -> bytes:
        return _forged(lambda f: f.tensors.__setitem__(index, dataclasses.replace(row, **fields)))

    name = row.name.decode()
    for kind in (1, 2, 4, 8, 9, 12, 15, 24, 25, 26, 27, 28, 31, 36, 40, 43, 255, (1 << 32) - 1):
        if kind != row.kind:
            yield f"{name}-type-{kind}", changed(kind=kind)
    for offset in (1, 31, 32, 64, 1 << 20, 1 << 40, 1 << 63, (1 << 64) - 32, (1 << 64) - 1):
        yield f"{name}-offset-{offset}", changed(offset=offset)
    width, *others = row.shape
    shapes = {
        "zero": [0, *others],
        "one": [1, *others],
        "wider": [width + 32, *others],
        "narrower": [width - 32, *others],
        "huge": [1 << 40, *others],
        "negative": [-1, *others],
        "overflowing": [1 << 32, 1 << 32],
        "turned": [*others, width],
        "with-1": [*row.shape, 1],
        "with-2": [*row.shape, 2],
    }
    for label, shape in shapes.items():
        if shape != row.shape:
            yield f"{name}-shape-{label}", changed(shape=shape)
    for count in (0, 5, 1 << 16, (1 << 32) - 1):
        yield f"{name}-dimensions-{count}", changed(n_dimensions=count)
    for label, new in (
        ("empty", b""),
        ("renamed", b"blk.9.attn_q.weight"),
        ("twice", b"output_norm.weight" if index == 0 else b"token_embd.weight"),
        ("64-bytes", b"x" * 64),
        ("1000-bytes", b"x" * 1000),
        ("escape", b"\x1b[2Jweight"),
        ("zero-byte", row.name + b"\0x"),
    ):
        yield f"{name}-name-{label}", changed(name=new)


def _adding(name: bytes, shape: list[int], kind: int, weights: bytes) -> Callable[[GgufFile], None]:
    def add(file: GgufFile) -> None:
        file.tensors.append(TensorRow(name, shape, kind))
        file.weights.append(weights)

    return add


def _all_matrices_as(kind: int) -> Callable[[GgufFile], None]:
    def change(file: GgufFile) -> None:
        for index, row in enumerate(file.tensors):
            if len(row.shape) > 1:
                row.kind = kind
                size_bytes = row.shape[0] * row.shape[1] * {25: 2, 26: 4}[kind]
                file.weights[index] = file.weights[index].ljust(size_bytes, b"\1")

    return change


def _norms_as_f16(file: GgufFile) -> None:
    for index, row in enumerate(file.tensors):
        if len(row.shape) == 1:
            row.kind = 1
            file.weights[index] = file.weights[index][: 2 * row.shape[0]]


def hyper_parameters() -> Iterator[Variant]:
    counts = {
        "block_count": (0, 1, 3, 4, 512, 513, 1 << 16, 1 << 31, (1 << 32) - 1),
        "context_length": (0, 1, 1 << 20, 1 << 31, (1 << 32) - 1),
        "embedding_length": (0, 1, 32, 63, 65, 128, 1 << 31, (1 << 32) - 1),
        "feed_forward_length": (0, 1, 127, 256, (1 << 32) - 1),
        "attention.head_count": (0, 1, 2, 3, 8, 64, 65, 1 << 20, (1 << 32) - 1),
        "attention.head_count_kv": (0, 1, 3, 4, 5, 1 << 20, (1 << 32) - 1),
        "attention.key_length": (0, 1, 8, 15, 32, (1 << 32) - 1),
        "attention.value_length": (0, 1, 8, 15, 32, (1 << 32) - 1),
        "rope.dimension_count": (0, 1, 2, 8, 15, 32, 1 << 16, (1 << 32) - 1),
        "rope.scaling.original_context_length": (0, 1, (1 << 32) - 1),
        "expert_count": (1, 2, 8, 1024, 1025, (1 << 32) - 1),
        "expert_used_count": (1, 2, (1 << 32) - 1),
        "expert_group_count": (1, 3, (1 << 32) - 1),
        "nextn_predict_layers": (1, 2, 3, (1 << 32) - 1),
        "pooling_type": (1, 3, 4, 99),
        "vocab_size": (0, 1, 1 << 20, (1 << 32) - 1),
    }
    for architecture in ("qwen2", "llama"):
        for name, values in counts.items():
            for value in values:
                yield (
                    f"{architecture}.{name}={value}",
                    _setting(f"{architecture}.{name}", number(U32, value), architecture),
                )
    yield from _float_parameters()
    yield from _odd_parameters()


def _float_parameters() -> Iterator[Variant]:
    values = (0.0, -1.0, 1e-45, 1.0, 1e30, float("inf"), float("-inf"), float("nan"))
    for name in (
        "attention.layer_norm_rms_epsilon",
        "rope.freq_base",
        "rope.scaling.factor",
        "rope.scaling.attn_factor",
        "attention.scale",
    ):
        for value in values:
            yield f"qwen2.{name}={value}", _setting(f"qwen2.{name}", number(F32, value))


def _odd_parameters() -> Iterator[Variant]:
    for kind in ("none", "linear", "yarn", "longrope", "", "Linear", "dynamic", "yarn\0", "\x1b"):
        label = f"rope.scaling.type={kind!a}".replace("\\", "-")
        yield label, _setting("qwen2.rope.scaling.type", string(kind))
    for name in ("attention.head_count", "attention.head_count_kv", "feed_forward_length"):
        for label, values in (
            ("right", {"attention.head_count": [4, 4], "feed_forward_length": [128, 128]}),
            ("unequal", {"attention.head_count": [4, 2], "feed_forward_length": [128, 64]}),
            ("zeros", {"attention.head_count": [0, 0], "feed_forward_length": [0, 0]}),
            ("short", {"attention.head_count": [4], "feed_forward_length": [128]}),
            ("long", {"attention.head_count": [4] * 600, "feed_forward_length": [128] * 600}),
            ("empty", {}),
        ):
            chosen = values.get(name, values.get("attention.head_count", []))
            yield f"{name}-array-{label}", _setting(f"qwen2.{name}", numbers(U32, chosen))
    for used in ([9, 9], [0, 0], [1, 1]):

        def experts(file: GgufFile, used: list[int] = used) -> None:
            file.set("llama.expert_count", number(U32, 4))
            file.set("llama.expert_used_count", numbers(U32, used))

        yield f"expert_used_count-array-{used[0]}", _forged(experts, "llama")
    yield "split-count-2", _setting("split.count", number(U16, 2))
    yield "split-count-65535", _setting("split.count", number(U16, 65_535))
    yield "split-count-as-u32", _setting("split.count", number(U32, 2))


def tokenizer() -> Iterator[Variant]:
    for model in (
        *("none", "no_vocab", "llama", "bert", "t5", "rwkv", "plamo2", "gemma4", "whitespace"),
        *("hybriddna", "test", "GPT2", "gpt2\0", "", "\x1b[2J"),
    ):
        label = f"model={model!a}".replace("\\", "-")
        yield label, _setting("tokenizer.ggml.model", string(model))
        yield f"llama-{label}", _setting("tokenizer.ggml.model", string(model), "llama")
    for pre in ("", "unknown", "default", "deepseek-llm", "llama-bpe", "gpt-2", "qwen2\0", "\x1b"):
        label = f"pre={pre!a}".replace("\\", "-")
        yield label, _setting("tokenizer.ggml.pre", string(pre))
    yield from _token_variants()
    yield from _token_type_variants()
    yield from _merge_variants()
    n_tokens = len(strings_of(read_gguf(base()).value("tokenizer.ggml.tokens")))
    for name in ("bos", "eos", "eot", "padding", "unknown", "seperator", "mask", "fim_pre"):
        for number_id in (0, n_tokens - 1, n_tokens, 1 << 31, (1 << 32) - 1):
            key = f"tokenizer.ggml.{name}_token_id"
            yield f"{name}={number_id}", _setting(key, number(U32, number_id))
    yield "eos-negative", _setting("tokenizer.ggml.eos_token_id", number(I32, -1))
    yield "eos-text", _setting("tokenizer.ggml.eos_token_id", string("</s>"))
    yield "eos-float", _setting("tokenizer.ggml.eos_token_id", number(F32, 1.5))
    yield "add-bos-text", _setting("tokenizer.ggml.add_bos_token", string("true"))
    for label, scores in (("short", [0.0]), ("nan", [float("nan")] * n_tokens)):
        yield f"scores-{label}", _setting("tokenizer.ggml.scores", numbers(F32, scores))
    yield "scores-text", _setting("tokenizer.ggml.scores", strings([b"x"] * n_tokens))
    yield (
        "suppress-out-of-range",
        _setting("tokenizer.ggml.suppress_tokens", numbers(I32, [-1, n_tokens, 1 << 30])),
    )


def _token_variants() -> Iterator[Variant]:
    tokens = strings_of(read_gguf(base()).value("tokenizer.ggml.tokens"))
    changes: dict[str, Callable[[list[bytes]], Any]] = {
        "twice": lambda t: t.__setitem__(40, t[50]),
        "twice-special": lambda t: t.__setitem__(-1, t[-2]),
        "twice-behind-zero-byte": lambda t: t.__setitem__(40, t[50] + b"\0x"),
        "empty": lambda t: t.__setitem__(40, b""),
        "two-empty": lambda t: t.__setitem__(slice(40, 42), [b"", b""]),
        "empty-and-its-name": lambda t: t.__setitem__(slice(40, 42), [b"", b"[EMPTY_40]"]),
        "zero-byte": lambda t: t.__setitem__(40, b"\0"),
        "not-utf-8": lambda t: t.__setitem__(40, b"\xff\xfe"),
        "half-character": lambda t: t.__setitem__(40, b"\xe4\xbd"),
        "surrogate": lambda t: t.__setitem__(40, b"\xed\xa0\x80"),
        "escape": lambda t: t.__setitem__(40, b"\x1b]52;c;eA==\x07"),
        "long": lambda t: t.__setitem__(40, b"x" * 100_000),
        "one-less": lambda t: t.pop(),
        "one-more": lambda t: t.append(b"<more>"),
        "none": lambda t: t.clear(),
        "all-empty": lambda t: t.__setitem__(slice(None), [b""] * len(t)),
        "reversed": lambda t: t.reverse(),
        "no-newline": lambda t: t.__setitem__(t.index("Ċ".encode()), b"<newline>"),
    }
    for label, change in changes.items():
        changed = list(tokens)
        change(changed)
        yield f"tokens-{label}", _setting("tokenizer.ggml.tokens", strings(changed))
    yield "tokens-as-text", _setting("tokenizer.ggml.tokens", string("a b c"))
    yield "tokens-as-numbers", _setting("tokenizer.ggml.tokens", numbers(I32, [1] * len(tokens)))


def _token_type_variants() -> Iterator[Variant]:
    key = "tokenizer.ggml.token_type"
    types = numbers_of(read_gguf(base()).value(key))
    for label, changed in (
        ("short", types[:-1]),
        ("long", [*types, 1]),
        ("empty", []),
        ("zeros", [0] * len(types)),
        ("bytes", [6] * len(types)),
        ("control", [3] * len(types)),
        ("7", [7] * len(types)),
        ("negative", [-1] * len(types)),
        ("huge", [1 << 30] * len(types)),
    ):
        yield f"types-{label}", _setting(key, numbers(I32, changed))
    yield "types-as-u32", _setting(key, numbers(U32, types))
    yield "types-as-i8", _setting(key, numbers(I8, types))
    yield "types-as-f32", _setting(key, numbers(F32, types))
    yield "types-as-text", _setting(key, strings([b"1"] * len(types)))


def _merge_variants() -> Iterator[Variant]:
    key = "tokenizer.ggml.merges"
    for label, merges in (
        ("empty-list", []),
        ("empty-string", [b""]),
        ("without-space", [b"abc"]),
        ("only-space", [b" "]),
        ("not-utf-8", [b"\xff \xfe"]),
        ("unknown-tokens", [b"qqq zzz"]),
        ("zero-byte", [b"a\0 b"]),
        ("twice", [b"t h", b"t h"]),
    ):
        yield f"merges-{label}", _setting(key, strings(merges))
    yield "merges-as-text", _setting(key, string("t h"))
    yield "merges-as-numbers", _setting(key, numbers(I32, [1, 2, 3]))


def weight_values() -> Iterator[Variant]:
    whole, header = base(), _header_bytes()
    size = len(whole) - header
    yield "all-ones", whole[:header] + b"\xff" * size
    yield "noise", whole[:header] + random.Random(3).randbytes(size)
    yield "nan", whole[:header] + b"\x00\x7e" * (size // 2)
    yield "infinite", whole[:header] + b"\x00\x7c" * (size // 2)
    yield "one-nan", _overwritten(whole, header + 64, b"\x00\x7e")


def chat_template() -> Iterator[Variant]:
    templates = {
        "empty": "",
        "broken": "{% for message in",
        "endless": "{% for i in range(10**9) %}{% for j in range(10**9) %}{% endfor %}{% endfor %}",
        "memory": "{{ 'x' * 10**12 }}",
        "wide-format": "{{ '%2000000000d'|format(1) }}",
        "power": "{{ 9**9**9 }}",
        "recursion": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "import": "{{ cycler.__init__.__globals__.os.system('touch pwned') }}",
        "subclasses": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "escape": "\x1b]52;c;cHduZWQ=\x07\x1b[2J{{ messages }}",
        "raises": "{{ raise_exception('no') }}",
        "include": "{% include '/etc/passwd' %}",
        "deep": "{% if 1 %}" * 500 + "{% endif %}" * 500,
        "256-kib": "x" * (256 << 10),
        "over-256-kib": "x" * ((256 << 10) + 1),
        "bidi": "\u202e{{ messages }}",
    }
    for name, template in templates.items():
        yield name, _setting("tokenizer.chat_template", string(template))
    yield "not-utf-8", _setting("tokenizer.chat_template", string(b"{{ \xff\xfe }}"))
    yield "surrogate", _setting("tokenizer.chat_template", string(b"\xed\xa0\x80"))
    yield "zero-byte", _setting("tokenizer.chat_template", string(b"a\0b"))
    yield "number", _setting("tokenizer.chat_template", number(U32, 7))
    yield "list", _setting("tokenizer.chat_template", strings([b"a", b"b"]))


CATEGORIES: tuple[Callable[[], Iterator[Variant]], ...] = (
    control,
    truncate,
    torn,
    wrong_content,
    bit_flip,
    counts_and_lengths,
    types_and_keys,
    alignment,
    tensor_table,
    hyper_parameters,
    tokenizer,
    weight_values,
    chat_template,
)


# ---- random damage ----------------------------------------------------------------------------

_EDGES: tuple[int, ...] = (
    0,
    1,
    2,
    3,
    7,
    8,
    9,
    12,
    13,
    31,
    32,
    63,
    64,
    127,
    128,
    255,
    256,
    512,
    513,
    0xFFFF,
    1 << 16,
)
_EDGES += (1 << 20, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x7FC00000, 0xFF800000)


def mutants(count: int, seed: int = 0) -> Iterator[Variant]:
    """Headers of the tiny models with one to three random changes, named by seed and number."""
    for n in range(count):
        choice = random.Random(f"{seed}-{n}")
        architecture: Architecture = choice.choice(("qwen2", "llama", "qwen3"))
        header, content = _header_bytes(architecture), bytearray(base(architecture))
        for _ in range(choice.choice((1, 1, 1, 2, 3))):
            _mutate(content, header, choice)
        yield f"mutant/{seed}-{n}", bytes(content)


def _mutate(content: bytearray, header: int, choice: random.Random) -> None:
    position = choice.randrange(4, header - 8)
    match choice.randrange(6):
        case 0:
            content[position] ^= 1 << choice.randrange(8)
        case 1:
            content[position] = choice.randrange(256)
        case 2:
            struct.pack_into("<I", content, position, choice.choice(_EDGES))
        case 3:
            struct.pack_into("<Q", content, position, choice.choice(_EDGES))
        case 4:
            _mutate_a_number(content, choice)
        case _:
            other = choice.randrange(4, header - 64)
            size = choice.randrange(1, 64)
            content[position : position + size] = content[other : other + size]


def _mutate_a_number(content: bytearray, choice: random.Random) -> None:
    """Put an edge value where a number of the metadata stands."""
    start = content.find(choice.choice((b".block_count", b".head_count", b"_length", b"epsilon")))
    end = content.find(b"tokenizer.ggml.model")
    if 0 <= start < end:
        struct.pack_into("<I", content, choice.randrange(start, end), choice.choice(_EDGES))


def _overwritten(content: bytes, position: int, new: bytes) -> bytes:
    return (content[:position] + new + content[position + len(new) :])[: len(content)]
