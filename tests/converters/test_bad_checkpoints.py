"""Every kind of unusable checkpoint is refused in one line that says what is wrong."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from localr1_convert.source import read_checkpoint

from localr1.errors import Localr1Error, ModelNotFound, ModelRefused
from tests.converters import make_checkpoints

Change = Callable[[Path], object]
INDEX = "model.safetensors.index.json"
FIRST, SECOND = (f"model-0000{n}-of-00002.safetensors" for n in (1, 2))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A tiny checkpoint in two shards that converts as it is."""
    made = make_checkpoints.tiny(tmp_path / "checkpoint", shards=2)
    assert read_checkpoint(made).parameters > 0
    return made


def _edit(name: str, change: Callable[[dict[str, Any]], object]) -> Change:
    def edit(folder: Path) -> None:
        content = json.loads((folder / name).read_text("utf-8"))
        change(content)
        (folder / name).write_text(json.dumps(content), "utf-8")

    return edit


def _config(**values: Any) -> Change:
    return _edit("config.json", lambda config: config.update(values))


def _edit_header(change: Callable[[dict[str, Any]], object], name: str = FIRST) -> Change:
    def edit(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (length,) = struct.unpack("<Q", content[:8])
        header = json.loads(content[8 : 8 + length])
        change(header)
        text = json.dumps(header).encode()
        start = struct.pack("<Q", len(text)) + text
        (folder / name).write_bytes(start + content[8 + length :])

    return edit


def _first_tensor(**values: Any) -> Change:
    def change(header: dict[str, Any]) -> None:
        name = next(name for name in header if name != "__metadata__")
        header[name].update(values)

    return _edit_header(change)


def _rename_tensor(header: dict[str, Any]) -> None:
    header["model.layers.7.extra.weight"] = header.pop("model.layers.0.mlp.up_proj.weight")


def _overlap(header: dict[str, Any]) -> None:
    names = [name for name in header if name != "__metadata__"]
    header[names[1]]["data_offsets"] = header[names[0]]["data_offsets"]
    header[names[1]]["shape"] = header[names[0]]["shape"]


def _hole(header: dict[str, Any]) -> None:
    del header[list(header)[3]]


def _beyond(header: dict[str, Any]) -> None:
    last = list(header)[-1]
    begin, end = header[last]["data_offsets"]
    header[last] = {"dtype": "BF16", "shape": [(end - begin) // 2 + 8],
                    "data_offsets": [begin, end + 16]}  # fmt: skip


def _swap_shape(header: dict[str, Any]) -> None:
    header["model.layers.0.mlp.up_proj.weight"]["shape"].reverse()


def _bytes(name: str, content: bytes) -> Change:
    return lambda folder: (folder / name).write_bytes(content)


def _remove(*names: str) -> Change:
    def remove(folder: Path) -> None:
        for name in names:
            (folder / name).unlink()

    return remove


def _truncate(folder: Path) -> None:
    os.truncate(folder / SECOND, (folder / SECOND).stat().st_size - 100)


def _only_pickle(folder: Path) -> None:
    _remove(FIRST, SECOND, INDEX)(folder)
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x02")


def _fifo(folder: Path) -> None:
    (folder / FIRST).unlink()
    os.mkfifo(folder / FIRST)


def _index_name(name: str) -> Change:
    return _edit(INDEX, lambda index: index["weight_map"].update({"model.norm.weight": name}))


def _vocabulary(change: Callable[[dict[str, Any]], object]) -> Change:
    return _edit("tokenizer.json", lambda tokenizer: change(tokenizer["model"]["vocab"]))


def _tokenizer(change: Callable[[dict[str, Any]], object]) -> Change:
    return _edit("tokenizer.json", change)


def _missing_and_extra(folder: Path) -> None:
    _edit_header(_rename_tensor)(folder)
    (folder / INDEX).unlink()


def _unknown_pattern(tokenizer: dict[str, Any]) -> None:
    split = tokenizer["pre_tokenizer"]["pretokenizers"][0]
    split["pattern"]["Regex"] = "(a+)+$"  # never run: it would take forever


BAD: dict[str, tuple[Change, str]] = {
    "no config": (_remove("config.json"), "has no config.json"),
    "config is no JSON": (_bytes("config.json", b"{"), "config.json is not valid JSON"),
    "config is a list": (_bytes("config.json", b"[]"), "does not hold a JSON object"),
    "deep JSON": (_bytes("config.json", b"[" * 100_000), "config.json is not valid JSON"),
    "unknown architecture": (
        _config(architectures=["MambaForCausalLM"]),
        "names MambaForCausalLM; localr1 converts LlamaForCausalLM, Qwen2ForCausalLM",
    ),
    "no architecture": (_config(architectures=None), "names no architecture"),
    "hidden size missing": (_config(hidden_size=None), "does not give hidden_size"),
    "hidden size is a text": (_config(hidden_size="256"), "hidden_size is '256', a positive"),
    "too many layers": (_config(num_hidden_layers=10_000), "10,000 layers; llama.cpp takes 512"),
    "odd groups": (_config(num_key_value_heads=3), "4 heads cannot share 3 key-value heads"),
    "unknown rope": (_config(rope_scaling={"type": "spiral"}), "'spiral' is not known"),
    "yarn without length": (
        _config(rope_scaling={"type": "yarn", "factor": 2.0}),
        "does not give original_max_position_embeddings",
    ),
    "GPTQ": (_config(quantization_config={"quant_method": "gptq"}), "already quantized (gptq)"),
    "AWQ": (_config(quantization_config={"quant_method": "awq"}), "already quantized (awq)"),
    "bitsandbytes": (
        _config(quantization_config={"load_in_4bit": True, "quant_method": "bitsandbytes"}),
        "already quantized (bitsandbytes)",
    ),
    "GPTQ by its tensors": (
        _edit_header(lambda h: h.update({"a.qweight": h.pop("model.embed_tokens.weight")})),
        "disagree: missing model.embed_tokens.weight; not in the index a.qweight",
    ),
    "only pickle": (_only_pickle, "only pickle files (.bin), which can run code"),
    "no weights": (_remove(FIRST, SECOND, INDEX), "holds no model*.safetensors file"),
    "shard missing": (_remove(SECOND), f"1 weight file is missing: {SECOND}"),
    "shard truncated": (_truncate, "is cut short: 100 bytes are missing"),
    "shard empty": (_bytes(FIRST, b""), "is too short (0 bytes)"),
    "header beyond the file": (
        _bytes(FIRST, struct.pack("<Q", 5000) + b"{}"),
        "has a header of 5,000 bytes in 10",
    ),
    "huge header": (_bytes(FIRST, struct.pack("<Q", 1 << 40)), "has a header of 1,099,511,627,776"),
    "header is no JSON": (_bytes(FIRST, struct.pack("<Q", 4) + b"{..}"), "an unreadable header"),
    "header is a pickle": (_bytes(FIRST, struct.pack("<Q", 4) + b"\x80\x02.."), "no JSON header"),
    "key twice": (
        _bytes(FIRST, struct.pack("<Q", 14) + b'{"a":1,"a": 2}'),
        "has an unreadable header",
    ),
    "overlapping": (_edit_header(_overlap), "has overlapping tensors at"),
    "hole": (_edit_header(_hole), "has a hole at"),
    "beyond the end": (_edit_header(_beyond), "is cut short: 16 bytes are missing"),
    "extra bytes": (
        lambda folder: (folder / FIRST).write_bytes((folder / FIRST).read_bytes() + bytes(9)),
        "has 9 bytes that belong to no tensor",
    ),
    "negative size": (_first_tensor(shape=[-1, 256]), "with sizes that are no sizes"),
    "enormous size": (_first_tensor(shape=[1 << 62, 1 << 62]), "with sizes that are no sizes"),
    "lying shape": (_first_tensor(shape=[1, 2]), "a wrong number of bytes"),
    "unknown dtype": (_first_tensor(dtype="F5"), "as F5"),
    "dtype is a list": (_first_tensor(dtype=["BF16"]), "as ['BF16']"),
    "no offsets": (_first_tensor(data_offsets=None), "in an unknown way"),
    "wrong dtype": (_first_tensor(dtype="I16"), "neither F32, F16 nor BF16: 1 tensor"),
    "missing and extra tensor": (
        _missing_and_extra,
        "missing 1 tensor: model.layers.0.mlp.up_proj.weight; unexpected 1 tensor: "
        "model.layers.7.extra.weight",
    ),
    "misshapen tensor": (
        _edit_header(_swap_shape),
        "misshapen 1 tensor: model.layers.0.mlp.up_proj.weight is 256×512, not 512×256",
    ),
    "FIFO as a shard": (_fifo, "is not a regular file"),
    "index leaves the folder": (_index_name("../secret.safetensors"), "a file outside its folder"),
    "index is absolute": (_index_name("/etc/passwd"), "a file outside its folder"),
    "index with backslash": (_index_name("..\\x.safetensors"), "a file outside its folder"),
    "index with a drive": (_index_name("C:x.safetensors"), "a file outside its folder"),
    "index with NUL": (_index_name("a\0.safetensors"), "a file outside its folder"),
    "index names a pickle": (_index_name("pytorch_model.bin"), "not a .safetensors file"),
    "index without map": (_bytes(INDEX, b"{}"), "has no weight_map"),
    "index names unknown tensors": (
        _edit(INDEX, lambda index: index["weight_map"].update(ghost=FIRST)),
        "disagree: missing ghost",
    ),
    "no tokenizer": (_remove("tokenizer.json"), "has no tokenizer.json"),
    "tokenizer is no JSON": (_bytes("tokenizer.json", b"\xff"), "tokenizer.json is not valid JSON"),
    "tokenizer without model": (_bytes("tokenizer.json", b"{}"), "has an unknown form"),
    "tokenizer of another kind": (
        _tokenizer(lambda t: t["model"].update(type="Unigram")),
        "is Unigram, not byte-level BPE",
    ),
    "SentencePiece BPE": (
        _tokenizer(lambda t: t["model"].update(byte_fallback=True)),
        "is BPE, not byte-level BPE",
    ),
    "no merges": (_tokenizer(lambda t: t["model"].update(merges=[])), "has no merges"),
    "unknown cutting": (
        _tokenizer(_unknown_pattern),
        'no name for: {"type": "Sequence"',
    ),
    "duplicate id": (_vocabulary(lambda v: v.update({"A": 5})), "the same id 5"),
    "id beyond the rows": (
        _vocabulary(lambda v: v.update({"A": 9999})),
        "the id 9999; the model has",
    ),
    "id is a text": (_vocabulary(lambda v: v.update({"A": "7"})), "which is no number"),
    "hole before the special tokens": (
        _tokenizer(lambda t: [token.update(id=token["id"] + 1) for token in t["added_tokens"]]),
        "which leaves a hole or is taken",
    ),
    "special token twice": (
        _tokenizer(lambda t: t["added_tokens"].append(dict(t["added_tokens"][0]))),
        "which leaves a hole or is taken",
    ),
    "negative special id": (_config(bos_token_id=-1), "bos_token_id the value -1"),
    "special id beyond the rows": (_config(pad_token_id=90_000), "pad_token_id the value 90000"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_refused_in_one_line(folder: Path, case: str) -> None:
    change, words = BAD[case]
    change(folder)
    with pytest.raises(Localr1Error) as caught:
        read_checkpoint(folder)
    assert words in caught.value.message
    assert "\n" not in caught.value.message
    assert type(caught.value) in (ModelRefused, ModelNotFound)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="no checkpoint folder"):
        read_checkpoint(tmp_path / "nothing")


def test_names_are_cleaned_of_control_characters(folder: Path) -> None:
    _config(architectures=["\x1b]0;owned\x07"])(folder)
    with pytest.raises(ModelRefused) as caught:
        read_checkpoint(folder)
    assert "\x1b" not in caught.value.message
    assert "\x07" not in caught.value.message


def test_a_hole_inside_the_vocabulary_is_a_notice(folder: Path) -> None:
    def swap(tokenizer: dict[str, Any]) -> None:
        # The last merged word moves behind the special tokens and leaves its old id empty.
        vocabulary = tokenizer["model"]["vocab"]
        word = max(vocabulary, key=vocabulary.get)
        vocabulary[word] = max(token["id"] for token in tokenizer["added_tokens"]) + 2

    _tokenizer(swap)(folder)
    source = read_checkpoint(folder)
    assert any("1 token id has no text" in notice for notice in source.notices) or any(
        "2 token ids have no text" in notice for notice in source.notices
    )


def test_a_harmlessly_edited_tokenizer_is_recognised_with_a_notice(folder: Path) -> None:
    source = read_checkpoint(folder)
    assert source.metadata["tokenizer.ggml.pre"].endswith(b"llama-bpe")
    assert source.notices == [
        "the vocabulary is new to llama.cpp; its text is cut like llama-bpe's"
    ]


def test_an_unknown_pretokenizer_can_be_named(folder: Path) -> None:
    change, _ = BAD["unknown cutting"]
    change(folder)
    source = read_checkpoint(folder, pre="qwen2")
    assert source.metadata["tokenizer.ggml.pre"].endswith(b"qwen2")


@pytest.mark.parametrize(
    "card",
    [
        "---\na: &a [x, x]\nb: &b [*a, *a]\nbase_model: *b\n---\n",
        "---\nlicense: [unclosed\n---\n",
        "---\nbase_model: [{name: [1]}]\n---\n",
        "---\nlicense: {a: 1}\n---\n",
    ],
)
def test_an_odd_model_card_is_left_out(folder: Path, card: str) -> None:
    (folder / "README.md").write_text(card, "utf-8")
    source = read_checkpoint(folder)
    assert any("README.md" in notice for notice in source.notices)
    assert "general.license" not in source.metadata


def test_nothing_outside_the_folder_is_opened(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    real = os.open

    def watched(path: Any, *rest: Any, **named: Any) -> int:
        opened.append(os.fspath(path))
        return real(path, *rest, **named)

    monkeypatch.setattr(os, "open", watched)
    _index_name("../secret.safetensors")(folder)
    with pytest.raises(ModelRefused):
        read_checkpoint(folder)
    assert opened
    assert all(Path(path).resolve().is_relative_to(folder) for path in opened)
