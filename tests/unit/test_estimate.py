"""Memory without loading: exact where it can be, near llama.cpp's own figures elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from localr1.gguf_header import read_header
from localr1.hardware.estimate import (
    KV_BYTES,
    LoadSettings,
    compute_bytes,
    device_compute_bytes,
    estimate,
    kv_cache_bytes,
    kv_layer_bytes,
    scores_bytes,
)
from localr1.hardware.model_sizes import ModelSizes, sizes_of
from tests.simulated import MIB, r1_model
from tests.tiny_models import write_tiny_model

RECORDED = json.loads((Path(__file__).parents[1] / "data" / "compute-buffers.json").read_text())
SETTINGS = LoadSettings(8192, 256, "f16", "f16", flash_attention=False)


def shaped(n_layer: int, n_embd: int, n_ff: int, n_head: int, n_kv: int, width: int) -> ModelSizes:
    model = r1_model("R1-Distill-Qwen-1.5B")
    return model._replace(
        layer_bytes=(0,) * n_layer,
        n_embd=n_embd,
        n_ff=n_ff,
        n_head=n_head,
        n_vocab=400,
        k_widths=(n_kv * width,) * n_layer,
        v_widths=(n_kv * width,) * n_layer,
        q_width=n_head * width,
        windowed=(False,) * n_layer,
    )


@pytest.mark.parametrize("row", RECORDED, ids=lambda row: "-".join(map(str, row[:-1])))
def test_the_compute_buffer_is_the_one_llama_cpp_reports(row: list[Any]) -> None:
    _, *shape, n_ctx, n_ubatch, type_k, type_v, flash, mib = row
    settings = LoadSettings(n_ctx, n_ubatch, type_k, type_v, flash)
    ours = compute_bytes(shaped(*shape), settings) / MIB
    assert -0.1 <= ours - mib <= max(0.05 * mib, 4)


def test_there_are_recorded_buffers_of_every_family() -> None:
    assert {row[0] for row in RECORDED} == {"llama", "qwen2", "qwen3"}
    assert len(RECORDED) == 180


def test_the_kv_cache_of_r1_7b() -> None:
    """28 layers x (keys + values) x 4 heads x 128 wide x 2 bytes = 57,344 bytes a token."""
    model = r1_model("R1-Distill-Qwen-7B")
    assert kv_cache_bytes(model, SETTINGS) == 57_344 * 8192
    halved = SETTINGS._replace(type_k="q8_0", type_v="q8_0", flash_attention=True)
    assert kv_cache_bytes(model, halved) == 57_344 * 8192 * 34 // 64


def test_the_window_is_padded_as_llama_cpp_pads_it() -> None:
    model = r1_model("R1-Distill-Qwen-7B")
    assert kv_cache_bytes(model, SETTINGS._replace(n_ctx=8000)) == 57_344 * 8192


def test_a_sliding_window_is_kept_whole_or_not() -> None:
    model = r1_model("R1-Distill-Qwen-7B")._replace(window_tokens=1024, windowed=(True, False) * 14)
    whole = kv_layer_bytes(model, SETTINGS)
    assert len(set(whole)) == 1
    some = kv_layer_bytes(model, SETTINGS._replace(whole_window=False))
    assert some[1::2] == whole[1::2]
    assert some[0] == whole[0] * (1024 + 256) // 8192


def test_every_kv_type_has_its_size() -> None:
    assert {kind: size * 8 / values for kind, (values, size) in KV_BYTES.items()} == {
        "f32": 32, "f16": 16, "bf16": 16, "q8_0": 8.5, "q5_1": 6, "q5_0": 5.5, "q4_1": 5,
        "q4_0": 4.5, "iq4_nl": 4.5,
    }  # fmt: skip


def test_scores_are_for_every_pair_and_head() -> None:
    assert scores_bytes(r1_model("R1-Distill-Qwen-7B"), 8192, 256) == 8192 * 256 * 28 * 4


@pytest.mark.parametrize("architecture", ["llama", "qwen2", "qwen3"])
def test_weights_are_those_of_the_file(architecture: Any, tmp_path: Path) -> None:
    header = read_header(write_tiny_model(tmp_path / "tiny.gguf", architecture=architecture))
    model = sizes_of(header)
    assert model.weights_bytes == sum(tensor.size_bytes for tensor in header.tensors)
    assert model.n_layer == header.n_layer == len(model.k_widths)
    host = estimate(model, SETTINGS).host
    assert host.weights_bytes == model.weights_bytes


def test_numbers_of_a_strange_file_do_no_harm(tmp_path: Path) -> None:
    """An architecture that is not checked can claim any number of layers."""
    path = write_tiny_model(tmp_path / "tiny.gguf")
    content = path.read_bytes()
    assert content.count(b"qwen2") >= 10
    path.write_bytes(content.replace(b"qwen2", b"qwen9"))
    header = read_header(path)
    header.metadata["qwen9.block_count"] = 1 << 31  # type: ignore[index]  # a dict, when parsed
    model = sizes_of(header)
    assert model.n_layer == 2
    assert not model.is_known


def test_the_demo_and_smollm2(demo: Path, smollm2: Path) -> None:
    for path, kv_token_bytes in ((demo, 5 * 2 * 128 * 2), (smollm2, 30 * 2 * 192 * 2)):
        header = read_header(path)
        model = sizes_of(header)
        assert model.weights_bytes == sum(tensor.size_bytes for tensor in header.tensors)
        assert model.output_is_tied
        assert kv_cache_bytes(model, SETTINGS) == kv_token_bytes * 8192


def test_layers_go_to_devices_from_the_end() -> None:
    model = r1_model("R1-Distill-Qwen-7B")
    all_on_one = estimate(model, SETTINGS, (29,))
    assert all_on_one.host.weights_bytes == model.input_bytes
    assert all_on_one.host.kv_cache_bytes == 0
    assert all_on_one.devices[0].weights_bytes == sum(model.layer_bytes) + model.output_bytes
    some = estimate(model, SETTINGS, (4, 5))
    cache = kv_layer_bytes(model, SETTINGS)[0]
    assert [need.kv_cache_bytes for need in some.devices] == [4 * cache, 4 * cache]
    assert some.host.kv_cache_bytes == 20 * cache
    assert some.devices[1].weights_bytes == 4 * model.layer_bytes[0] + model.output_bytes
    none = estimate(model, SETTINGS, (0, 0))
    assert [need.total_bytes for need in none.devices] == [0, 0]


def test_a_device_takes_something_besides_what_is_put_on_it() -> None:
    model = r1_model("R1-Distill-Qwen-7B")
    without, with_layers = (estimate(model, SETTINGS, (n,)).devices[0] for n in (0, 1))
    assert without.total_bytes == 0
    assert with_layers.other_bytes >= 64 * MIB


def test_a_device_keeps_a_second_copy_of_one_layer_s_quantized_cache() -> None:
    model = r1_model("R1-Distill-Llama-8B")
    flash = SETTINGS._replace(n_ctx=131_072, n_ubatch=512, flash_attention=True)
    assert device_compute_bytes(model, flash) == compute_bytes(model, flash)
    small = flash._replace(type_k="q8_0", type_v="q8_0")
    copies = 131_072 * 2 * 1024 * 2
    assert device_compute_bytes(model, small) > compute_bytes(model, small) + copies // 2


def test_a_device_holds_copies_of_what_the_host_has() -> None:
    """A prompt is read on the GPU for all layers: recorded on an H100, 14 of 29 layers on it."""
    model = r1_model("R1-Distill-Qwen-7B")
    some, every = (estimate(model, SETTINGS, (n,)).devices[0].compute_bytes for n in (14, 29))
    assert some - every == model.layer_bytes[0] // 2


def test_plain_attention_on_a_device_holds_scores_twice() -> None:
    model = r1_model("R1-Distill-Llama-8B")
    scores = scores_bytes(model, SETTINGS.n_ctx, SETTINGS.n_ubatch)
    assert device_compute_bytes(model, SETTINGS) == compute_bytes(model, SETTINGS) + scores // 2


def test_a_tied_output_is_there_twice_only_on_a_device() -> None:
    model = r1_model("R1-Distill-Qwen-7B")
    tied = model._replace(output_is_tied=True, output_bytes=model.input_bytes)
    on_host, on_device = estimate(tied, SETTINGS), estimate(tied, SETTINGS, (29,))
    weights = on_device.host.weights_bytes + on_device.devices[0].weights_bytes
    assert weights == on_host.host.weights_bytes + tied.input_bytes


def test_an_architecture_that_was_not_checked_gets_a_margin() -> None:
    known = r1_model("R1-Distill-Qwen-7B")
    other = known._replace(is_known=False)
    assert compute_bytes(other, SETTINGS) == int(compute_bytes(known, SETTINGS) * 1.25)
