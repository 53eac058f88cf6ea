"""Valid models are read whole; what is no model is named."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from localr1.errors import ExitCode, ModelNotFound, ModelRefused
from localr1.gguf_header import read_header
from tests.damaged_models import base
from tests.forged_gguf import (
    F32,
    U32,
    GgufFile,
    TensorRow,
    number,
    numbers,
    read_gguf,
    string,
    strings,
    strings_of,
)
from tests.split_models import write_part, write_split_model
from tests.tiny_models import (
    R1_BOS,
    R1_EOS,
    Architecture,
    r1_qwen_vocabulary,
    tiny_vocabulary,
    write_r1_qwen_vocabulary_model,
    write_tiny_model,
)

ROOT = Path(__file__).parents[2]


def _refusal(path: Path) -> ModelRefused:
    with pytest.raises(ModelRefused) as caught:
        read_header(path)
    assert caught.value.exit_code is ExitCode.REFUSED
    for line in (caught.value.message, caught.value.hint):
        assert line.isprintable()
    return caught.value


def _written(path: Path, content: bytes | GgufFile) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.to_bytes())
    return path


# ---- valid models -----------------------------------------------------------------------------


@pytest.mark.parametrize("architecture", ["llama", "qwen2", "qwen3"])
@pytest.mark.parametrize("r1_tokens", [False, True])
def test_tiny_models_pass(tmp_path: Path, architecture: Architecture, r1_tokens: bool) -> None:
    path = write_tiny_model(
        tmp_path / "tiny.gguf", architecture=architecture, r1_tokens=r1_tokens, template="{{ x }}"
    )
    header = read_header(path)
    assert header.architecture == architecture
    assert (header.n_layer, header.n_embd, header.n_head, header.n_head_kv) == (2, 64, 4, 2)
    assert header.n_ctx_train == 2048
    assert tuple(header.tokens) == tiny_vocabulary(architecture, r1_tokens=r1_tokens).tokens
    assert header.n_vocab == len(header.tokens) == len(header.token_types)
    assert header.chat_template == "{{ x }}"
    assert (header.name, header.quant_type) == ("Tiny", "F16")
    assert header.pre_tokenizer_is_safe
    assert header.warnings == ()
    assert header.parts == (path,)


def test_sizes_offsets_and_identity(tmp_path: Path) -> None:
    path = write_tiny_model(tmp_path / "tiny.gguf", weight_type="F32", tied_output=True)
    header, status = read_header(path), path.stat()
    identity = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
    assert header.fingerprint == (identity,)
    assert header.size_bytes == status.st_size
    assert header.quant_type == "F32"
    embedding = header.tensors[0]
    assert (embedding.name, embedding.type_name) == ("token_embd.weight", "F32")
    assert embedding.shape == (64, header.n_vocab)
    assert embedding.size_bytes == 4 * 64 * header.n_vocab
    assert header.parameters == sum(t.size_bytes for t in header.tensors) // 4
    file = read_gguf(path.read_bytes())
    assert header.tensors[-1].offset + len(file.weights[-1]) == status.st_size


def test_tokens_are_a_sequence_of_text(tmp_path: Path) -> None:
    tokens = read_header(write_tiny_model(tmp_path / "tiny.gguf", r1_tokens=True)).tokens
    assert "<think>" in tokens
    assert "<nothing>" not in tokens
    assert tokens[tokens.index(R1_EOS)] == R1_EOS
    assert tokens[-2:] == ["<think>", "</think>"]
    with pytest.raises(ValueError, match="not in list"):
        tokens.index("<nothing>")


def test_r1_qwen_vocabulary_has_its_ids(tmp_path: Path) -> None:
    header = read_header(write_r1_qwen_vocabulary_model(tmp_path / "r1.gguf"))
    assert header.n_vocab == 151_936
    assert header.tokens[151643] == R1_EOS
    assert header.tokens[151644:151647] == ["<｜User｜>", "<｜Assistant｜>", R1_BOS]
    assert header.tokens[151647:151650] == ["<|EOT|>", "<think>", "</think>"]
    assert header.tokens[151664:151666] == ["<|file_sep|>", "[PAD151665]"]
    assert tuple(header.tokens) == r1_qwen_vocabulary().tokens


_READ_IN_CHILD = """
import sys, time
from pathlib import Path
from localr1.gguf_header import read_header
best = 9.0
for _ in range(5):
    start = time.process_time()
    read_header(Path(sys.argv[1]))
    best = min(best, time.process_time() - start)
status = Path("/proc/self/status")
peak = [l.split()[1] for l in status.read_text().splitlines() if "VmHWM" in l] \
    if status.exists() else [0]
heavy = {"numpy", "gguf", "llama_cpp", "textual"} & set(sys.modules)
print(best, int(peak[0]), sorted(heavy))
"""


def test_a_large_vocabulary_is_read_quickly_in_little_memory(tmp_path: Path) -> None:
    path = write_r1_qwen_vocabulary_model(tmp_path / "r1.gguf")
    printed = subprocess.run(
        [sys.executable, "-c", _READ_IN_CHILD, str(path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    seconds, peak_kib, heavy = printed.split(maxsplit=2)
    # 0.05 s on a quiet machine; the limit is what a slow, busy one needs.
    assert float(seconds) < 0.3
    assert int(peak_kib) < 64 * 1024
    assert heavy.strip() == "[]"


def test_a_header_longer_than_the_first_window_is_read(tmp_path: Path) -> None:
    file = read_gguf(base())
    file.keys.insert(3, (b"general.notes", strings([b"x" * 1000] * 9000)))
    header = read_header(_written(tmp_path / "long.gguf", file))
    assert header.n_vocab == len(tiny_vocabulary(r1_tokens=True).tokens)
    assert len(header.metadata["general.notes"]) == 9000


def test_optional_tensors_pass(tmp_path: Path) -> None:
    file = read_gguf(base("llama"))
    extra = {
        "rope_freqs.weight": [8],
        "blk.0.attn_q.bias": [64],
        "blk.0.attn_output.bias": [64],
        "blk.1.ffn_down.bias": [64],
        "blk.1.ffn_up.scale": [1],
        "output.input_scale": [1],
    }
    for name, shape in extra.items():
        file.tensors.append(TensorRow(name.encode(), shape, 0))
        file.weights.append(bytes(4 * shape[0]))
    assert len(read_header(_written(tmp_path / "more.gguf", file)).tensors) == len(file.tensors)


def test_fused_attention_passes(tmp_path: Path) -> None:
    file = read_gguf(base("qwen2"))
    names = [row.name for row in file.tensors]
    q, k, v = (names.index(f"blk.0.attn_{letter}.weight".encode()) for letter in "qkv")
    weights = file.weights[q] + file.weights[k] + file.weights[v]
    file.tensors[q] = TensorRow(b"blk.0.attn_qkv.weight", [64, 128], 1)
    file.weights[q] = weights
    for index in sorted((k, v), reverse=True):
        del file.tensors[index], file.weights[index]
    assert read_header(_written(tmp_path / "fused.gguf", file)).n_layer == 2


def test_mixture_of_experts_in_the_llama_architecture_passes(tmp_path: Path) -> None:
    file = read_gguf(base("llama"))
    file.set("llama.expert_count", number(U32, 4))
    file.set("llama.expert_used_count", number(U32, 2))
    for index in reversed(range(len(file.tensors))):
        if b"ffn_" in file.tensors[index].name and b"norm" not in file.tensors[index].name:
            del file.tensors[index], file.weights[index]
    for layer in range(2):
        for name, shape in (
            ("gate_inp", [64, 4]),
            ("gate_exps", [64, 128, 4]),
            ("up_exps", [64, 128, 4]),
            ("down_exps", [128, 64, 4]),
        ):
            size_bytes = 4
            for dimension in shape:
                size_bytes *= dimension
            file.tensors.append(TensorRow(f"blk.{layer}.ffn_{name}.weight".encode(), shape, 0))
            file.weights.append(b"\x3c" * size_bytes)
    assert read_header(_written(tmp_path / "moe.gguf", file)).architecture == "llama"


def test_other_architectures_are_checked_by_structure_only(tmp_path: Path) -> None:
    file = read_gguf(base())
    file.set("general.architecture", string("gemma3"))
    file.set("gemma3.attention.head_count", numbers(U32, [0, 8]))
    file.set("tokenizer.ggml.pre", string("deepseek-llm"))
    header = read_header(_written(tmp_path / "gemma.gguf", file))
    assert (header.architecture, header.n_layer, header.n_head) == ("gemma3", 0, 8)
    assert not header.pre_tokenizer_is_safe


def test_what_the_file_does_not_say_has_a_default(tmp_path: Path) -> None:
    file = read_gguf(base())
    for key in ("general.name", "general.file_type", "tokenizer.chat_template"):
        file.set(key, None)
    file.set("tokenizer.ggml.token_type", None)
    header = read_header(_written(tmp_path / "R1 small.gguf", file))
    assert (header.name, header.quant_type) == ("R1 small", "F16")
    assert header.chat_template is None
    assert header.token_types == ()


def test_names_are_cleaned(tmp_path: Path) -> None:
    file = read_gguf(base())
    file.set("general.name", string("\x1b]0;x\x07R1\nsmall"))
    assert read_header(_written(tmp_path / "m.gguf", file)).name == "␛]0;x␇R1 small"


def test_extra_bytes_and_empty_regions_are_warned_of(tmp_path: Path) -> None:
    whole, header_bytes = base(), len(read_gguf(base()).header())
    (warning,) = read_header(_written(tmp_path / "a.gguf", whole + b"x" * 1000)).warnings
    assert warning == "a.gguf has 1,000 bytes after its last tensor"
    half = header_bytes + (len(whole) - header_bytes) // 2
    torn = whole[:half] + bytes(len(whole) - half)
    (warning,) = read_header(_written(tmp_path / "b.gguf", torn)).warnings
    assert "all zero" in warning


# ---- models in several files ------------------------------------------------------------------


@pytest.fixture
def split_model(tmp_path: Path) -> list[Path]:
    """A tiny model in three files."""
    return write_split_model(tmp_path)


def test_a_model_in_parts_is_one_header(split_model: list[Path]) -> None:
    header = read_header(split_model[0])
    assert header.parts == tuple(split_model)
    assert header.size_bytes == sum(path.stat().st_size for path in split_model)
    assert len(header.fingerprint) == 3
    assert len(header.tensors) == len(read_gguf(base()).tensors)


def test_a_later_part_points_to_the_first(split_model: list[Path]) -> None:
    refusal = _refusal(split_model[1])
    assert refusal.message == "tiny-00002-of-00003.gguf is only part 2 of a model in 3 files"
    assert refusal.hint == "name the first file: tiny-00001-of-00003.gguf"


def test_a_missing_part_is_named(split_model: list[Path]) -> None:
    split_model[2].unlink()
    assert "tiny-00003-of-00003.gguf is missing" in _refusal(split_model[0]).message


def test_a_damaged_part_is_named(split_model: list[Path]) -> None:
    split_model[1].write_bytes(split_model[1].read_bytes()[:-2000])
    assert _refusal(split_model[0]).message.startswith("tiny-00002-of-00003.gguf is damaged")


def test_parts_in_the_wrong_order_are_refused(split_model: list[Path]) -> None:
    second, third = split_model[1].read_bytes(), split_model[2].read_bytes()
    split_model[1].write_bytes(third)
    split_model[2].write_bytes(second)
    assert "not part 2 of its model" in _refusal(split_model[0]).message


def test_a_renamed_first_part_is_refused(split_model: list[Path]) -> None:
    renamed = split_model[0].rename(split_model[0].with_name("tiny.gguf"))
    assert "NAME-00001-of-00003.gguf" in _refusal(renamed).hint


def test_parts_of_two_models_are_refused(split_model: list[Path]) -> None:
    whole = read_gguf(base())
    whole.tensors, whole.weights = whole.tensors[:-1], whole.weights[:-1]
    write_part(split_model[2], whole, 2)
    assert "instead of" in _refusal(split_model[0]).message


# ---- what is no model -------------------------------------------------------------------------


def test_nothing_there(tmp_path: Path) -> None:
    for path in (tmp_path / "no.gguf", tmp_path / "a\0b", Path(__file__) / "below-a-file"):
        with pytest.raises(ModelNotFound) as caught:
            read_header(path)
        assert caught.value.exit_code is ExitCode.NOT_FOUND
        assert caught.value.message.isprintable()


def test_folders(tmp_path: Path) -> None:
    assert "is a folder" in _refusal(tmp_path).message
    (tmp_path / "config.json").write_text("{}")
    refusal = _refusal(tmp_path)
    assert "is a checkpoint folder" in refusal.message
    assert refusal.hint == f"convert it first: localr1 convert {tmp_path}"


if sys.platform != "win32":

    def test_a_named_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.gguf")
        assert "is not a regular file" in _refusal(tmp_path / "pipe.gguf").message


def test_hostile_file_names_are_cleaned(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\x1b[2J\xff\n.gguf")
    path.write_bytes(b"")
    assert _refusal(path).message == "␛[2J\N{REPLACEMENT CHARACTER} .gguf is empty"


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html>", "is a web page (HTML)"),
        (b'{"error": "not found"}', "is a JSON document"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "is a Git LFS pointer"),
        (b"PK\x03\x04" + bytes(99), "is a zip archive"),
        (b"\x1f\x8b\x08" + bytes(99), "is a gzip archive"),
        (b"\x80\x04\x95" + bytes(99), "is a Python pickle"),
        (b"\x90\0\0\0\0\0\0\0" + b'{"__metadata__":{}}', "is a safetensors file"),
        (b"tjgg" + bytes(99), "is in the old GGJT format"),
        (b"lmgg" + bytes(99), "is in the old GGML format"),
        ("Grüße\n".encode() * 200, "is a text file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "is not a GGUF model"),
        (bytes(5000), "it begins with zeros"),
        (b"GGUF\0\0\0\3" + bytes(99), "was made for a big-endian machine"),
        (b"GGUF\1\0\0\0" + bytes(99), "is a GGUF file of version 1"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_other_content_is_named(tmp_path: Path, content: bytes, named: str) -> None:
    path = _written(tmp_path / "model.gguf", content)
    refusal = _refusal(path)
    assert refusal.message.startswith("model.gguf ")
    assert named in refusal.message


@pytest.mark.parametrize(
    ("key", "value", "named"),
    [
        ("general.architecture", "bert", "is an embedding model"),
        ("general.architecture", "nomic-bert-moe", "is an embedding model"),
        ("general.architecture", "t5encoder", "is an embedding model"),
        ("general.architecture", "clip", "is a projector"),
        ("general.architecture", "llada", "is a diffusion language model"),
        ("general.type", "adapter", "is a LoRA adapter"),
        ("general.type", "imatrix", "is an importance matrix"),
    ],
)
def test_models_that_cannot_chat_are_named(
    tmp_path: Path, key: str, value: str, named: str
) -> None:
    file = read_gguf(base())
    file.set(key, string(value))
    assert named in _refusal(_written(tmp_path / "m.gguf", file)).message


def test_an_embedding_model_of_a_chat_architecture_is_named(tmp_path: Path) -> None:
    file = read_gguf(base("qwen3"))
    file.set("qwen3.pooling_type", number(U32, 3))
    assert "is an embedding model" in _refusal(_written(tmp_path / "m.gguf", file)).message


def test_a_vocabulary_alone_is_named(tmp_path: Path) -> None:
    file = GgufFile(read_gguf(base()).keys, [], [])
    assert "holds a vocabulary only" in _refusal(_written(tmp_path / "m.gguf", file)).message


def test_a_truncated_file_says_how_much_is_missing(tmp_path: Path) -> None:
    whole = read_gguf(base()).to_bytes()
    refusal = _refusal(_written(tmp_path / "m.gguf", whole[:-12_345]))
    assert f"12,345 of {len(whole):,} bytes are missing" in refusal.message


def test_sentencepiece_needs_its_byte_tokens(tmp_path: Path) -> None:
    file = read_gguf(base("llama"))
    tokens = strings_of(file.value("tokenizer.ggml.tokens"))
    file.set("tokenizer.ggml.model", string("llama"))
    assert "lacks the byte 0x00" in _refusal(_written(tmp_path / "m.gguf", file)).message
    tokens[:256] = [b"<0x%02X>" % byte for byte in range(256)]
    file.set("tokenizer.ggml.tokens", strings(tokens))
    file.set("tokenizer.ggml.scores", numbers(F32, [0.0] * len(tokens)))
    assert read_header(_written(tmp_path / "m.gguf", file)).n_vocab == len(tokens)
