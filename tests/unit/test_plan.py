"""Plans for simulated machines: what is chosen, and that it never exceeds what there is."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localr1.errors import DoesNotFit
from localr1.hardware.candidates import LEAST_WINDOW, Asked, best
from localr1.hardware.estimate import LoadSettings, estimate
from localr1.hardware.load_plan import LoadPlan
from localr1.hardware.machine import Device, Machine, Power
from localr1.hardware.model_sizes import ModelSizes
from localr1.hardware.placement import WORKER_BYTES, Place, Places, place
from localr1.hardware.plan import plan_for
from localr1.hardware.plan_reasons import SETTING_OF_FIELD
from localr1.hardware.refusal import QUANT_BITS
from localr1.hardware.threads import Threads
from localr1.settings import Settings, load_settings
from tests.simulated import CPU_DEVICE, GIB, MACHINES, R1_FAMILY, cpu, gpu, machine, r1_model

EVERYTHING = list(itertools.product(MACHINES, R1_FAMILY, QUANT_BITS))


def asked(**flags: object) -> Settings:
    return load_settings(flags, environment={})


def plan(model: ModelSizes, where: str, **flags: object) -> LoadPlan:
    computer, devices = MACHINES[where]
    return plan_for(model, asked(**flags), computer, devices)


def needs(model: ModelSizes, made: LoadPlan, order: list[str]) -> tuple[int, dict[str, int]]:
    """Bytes on the host and on each device, computed anew from the plan's fields."""
    use = LoadSettings(
        made.n_ctx, made.n_ubatch, made.type_k, made.type_v, made.flash_attn != "off", made.swa_full
    )
    found = estimate(model, use, [share.layers for share in made.devices])
    names = [share.name for share in made.devices]
    assert set(names) <= set(order)
    device_needs = (need.total_bytes for need in found.devices)
    return found.host.total_bytes, dict(zip(names, device_needs, strict=True))


def assert_within(
    model: ModelSizes, made: LoadPlan, computer: Machine, devices: tuple[Device, ...]
) -> None:
    host, on_devices = needs(model, made, [each.name for each in devices])
    by_name = {each.name: each for each in devices}
    for name, need in on_devices.items():
        assert need <= by_name[name].free_bytes
        if by_name[name].kind == "igpu" or name == "Metal":
            host += need
    assert host + WORKER_BYTES <= computer.memory.available_bytes
    assert made.n_gpu_layers == sum(share.layers for share in made.devices)


@pytest.mark.parametrize(("where", "name", "quant"), EVERYTHING)
def test_every_plan_fits_or_is_refused_with_two_ways_out(where: str, name: str, quant: str) -> None:
    model = r1_model(name, quant)
    try:
        made = plan(model, where)
    except DoesNotFit as refused:
        assert model.name in refused.message
        assert "\n" not in refused.message + refused.hint
        assert refused.hint.startswith("what works: ")
        assert len(refused.hint.split(", or ")) == 2
        return
    assert_within(model, made, *MACHINES[where])
    assert all(made.reasons.get(field) for field in SETTING_OF_FIELD if field != "rpc")
    assert made.reasons["swa_full"]
    assert made.reasons["background_work"]
    assert made.n_ctx >= 2048
    assert (made.notice != "") == (made.n_ctx < LEAST_WINDOW)


CHOSEN = [
    # machine, model, quant: layers on GPUs, window, cache
    ("8 GB laptop without a GPU", "R1-Distill-Qwen-1.5B", "Q4_K_M", 0, 32_768, "f16"),
    ("8 GB laptop without a GPU", "R1-Distill-Qwen-7B", "Q4_K_M", 0, None, "q8_0"),
    ("16 GB M-series", "R1-Distill-Qwen-7B", "Q4_K_M", 29, 32_768, "f16"),
    ("24 GB RTX", "R1-Distill-Qwen-14B", "Q4_K_M", 49, 32_768, "f16"),
    ("24 GB RTX", "R1-Distill-Qwen-32B", "Q4_K_M", 65, None, None),
    ("two unequal GPUs", "R1-Distill-Qwen-32B", "Q4_K_M", 65, 32_768, "f16"),
    ("6 GB old laptop GPU", "R1-Distill-Qwen-1.5B", "Q4_K_M", 29, 32_768, "f16"),
    ("big server", "R1-Distill-Llama-70B", "Q8_0", 0, 32_768, "f16"),
    ("AMD with Vulkan only", "R1-Distill-Llama-8B", "Q4_K_M", 33, 32_768, "f16"),
    ("laptop with an integrated GPU", "R1-Distill-Qwen-1.5B", "Q4_K_M", 29, 32_768, "f16"),
    ("two desktops", "R1-Distill-Llama-70B", "Q4_K_M", 81, 16_384, "f16"),
]  # fmt: skip


@pytest.mark.parametrize(("where", "name", "quant", "layers", "n_ctx", "cache"), CHOSEN)
def test_what_is_chosen(
    where: str, name: str, quant: str, layers: int, n_ctx: int | None, cache: str | None
) -> None:
    made = plan(r1_model(name, quant), where)
    assert made.n_gpu_layers == layers
    assert n_ctx is None or made.n_ctx == n_ctx
    assert cache is None or made.type_k == made.type_v == cache
    assert made.n_ctx >= LEAST_WINDOW


def test_one_gpu_is_enough_where_the_model_fits_into_it() -> None:
    made = plan(r1_model("R1-Distill-Qwen-7B"), "two unequal GPUs")
    assert [share.name for share in made.devices] == ["CUDA1"]


def test_of_equal_gpus_the_first_is_taken() -> None:
    devices = (gpu("CUDA0", 24), gpu("CUDA1", 24), CPU_DEVICE)
    made = plan_for(r1_model("R1-Distill-Qwen-7B"), asked(), machine(28), devices)
    assert [share.name for share in made.devices] == ["CUDA0"]


def test_a_local_gpu_goes_before_a_remote_one() -> None:
    made = plan(r1_model("R1-Distill-Qwen-7B"), "two desktops")
    assert [share.name for share in made.devices] == ["CUDA0"]
    both = plan(r1_model("R1-Distill-Llama-70B"), "two desktops")
    assert {share.name for share in both.devices} == {"CUDA0", "RPC0"}


def test_an_integrated_gpu_is_left_alone_beside_a_real_one() -> None:
    computer = machine(16)
    devices = (gpu("Vulkan0", 16), gpu("Vulkan1", 12, kind="igpu"), CPU_DEVICE)
    made = plan_for(r1_model("R1-Distill-Qwen-7B"), asked(), computer, devices)
    assert [share.name for share in made.devices] == ["Vulkan0"]


def test_part_of_a_model_goes_to_a_small_gpu() -> None:
    made = plan(r1_model("R1-Distill-Llama-8B", "Q8_0"), "6 GB old laptop GPU")
    assert 0 < made.n_gpu_layers < 33
    assert made.n_ctx >= LEAST_WINDOW
    assert f"{made.n_gpu_layers} of 33 fit" in made.reasons["n_gpu_layers"]


def test_weights_on_the_gpu_go_before_a_longer_window() -> None:
    made = plan(r1_model("R1-Distill-Qwen-32B"), "24 GB RTX")
    assert made.n_gpu_layers == 65
    assert LEAST_WINDOW <= made.n_ctx < 32_768
    assert "fewer layers" in made.reasons["n_ctx"]


def test_a_shorter_window_is_said() -> None:
    model = r1_model("R1-Distill-Llama-8B")
    made = plan_for(model, asked(), machine(5.7, 4), (CPU_DEVICE,))
    assert made.n_ctx < LEAST_WINDOW
    assert f"{made.n_ctx:,} tokens" in made.notice


def test_a_file_that_does_not_tell_its_window() -> None:
    made = plan(r1_model("R1-Distill-Qwen-1.5B", n_ctx_train=0), "big server")
    assert made.n_ctx == 4096
    assert "does not say" in made.reasons["n_ctx"]
    assert made.notice == ""


# ---- properties ------------------------------------------------------------------------------

GIBS = st.floats(min_value=0.3, max_value=120, allow_nan=False)
NAMES = st.sampled_from(sorted(R1_FAMILY))
QUANTS = st.sampled_from(sorted(QUANT_BITS))
MORE = st.floats(min_value=0, max_value=60, allow_nan=False)


@settings(max_examples=120, deadline=None)
@given(GIBS, st.lists(GIBS, max_size=3), NAMES, QUANTS)
def test_a_plan_never_exceeds_its_memory(
    available: float, cards: list[float], name: str, quant: str
) -> None:
    model, computer = r1_model(name, quant), machine(available)
    devices = (*(gpu(f"CUDA{i}", size + 1, size) for i, size in enumerate(cards)), CPU_DEVICE)
    try:
        made = plan_for(model, asked(), computer, devices)
    except DoesNotFit:
        return
    assert_within(model, made, computer, devices)


@settings(max_examples=120, deadline=None)
@given(GIBS, MORE, GIBS, MORE, NAMES, QUANTS)
def test_more_memory_never_gives_a_worse_plan(
    host: float, more_host: float, card: float, more_card: float, name: str, quant: str
) -> None:
    model = r1_model(name, quant)
    ranks = []
    for extra_host, extra_card in ((0.0, 0.0), (more_host, more_card)):
        places = Places(
            int((host + extra_host) * GIB),
            (Place("CUDA0", int((card + extra_card) * GIB), shares_host=False, is_remote=False),),
        )
        found = best(model, Asked(), places)
        ranks.append(found.rank if found else ())
    assert ranks[0] <= ranks[1]


@settings(max_examples=60, deadline=None)
@given(st.lists(GIBS, min_size=2, max_size=3), NAMES)
def test_no_layer_more_would_fit(cards: list[float], name: str) -> None:
    model = r1_model(name)
    use = LoadSettings(8192, 512, "f16", "f16", flash_attention=True)
    devices = tuple(Place(f"CUDA{i}", int(g * GIB), False, False) for i, g in enumerate(cards))
    found = place(model, use, Places(500 * GIB, devices), model.n_layer + 1)
    assert found is not None
    if found.n_gpu_layers <= model.n_layer:
        for index in range(len(found.layers)):
            counts = [n + (i == index) for i, (_, n) in enumerate(found.layers)]
            by_name = {each.name: each.usable_bytes for each in devices}
            needs = estimate(model, use, counts).devices
            assert any(
                need.total_bytes > by_name[each]
                for need, (each, _) in zip(needs, found.layers, strict=True)
            )


# ---- what a person asked for -----------------------------------------------------------------


def test_what_is_asked_for_is_done_and_said() -> None:
    made = plan(
        r1_model("R1-Distill-Qwen-7B"), "24 GB RTX", n_ctx=5000, n_gpu_layers=10, threads=3,
        type_k="q8_0", type_v="q8_0", flash_attn="on", mmap=False, mlock=True, batch=64, ubatch=32,
    )  # fmt: skip
    assert (made.n_ctx, made.n_gpu_layers, made.n_threads) == (5000, 10, 3)
    assert (made.type_k, made.type_v, made.flash_attn) == ("q8_0", "q8_0", "on")
    assert (made.use_mmap, made.use_mlock) == (False, True)
    assert (made.n_batch, made.n_ubatch) == (64, 32)
    for field in ("n_ctx", "n_gpu_layers", "n_threads", "type_k", "flash_attn", "use_mmap"):
        assert made.reasons[field] == "asked for (flag)"


def test_the_origin_is_told() -> None:
    by_environment = load_settings({}, environment={"LOCALR1_N_CTX": "4096"})
    computer, devices = MACHINES["24 GB RTX"]
    made = plan_for(r1_model("R1-Distill-Qwen-7B"), by_environment, computer, devices)
    assert made.n_ctx == 4096
    assert made.reasons["n_ctx"] == "asked for (environment)"


def test_a_micro_batch_is_part_of_a_batch() -> None:
    made = plan(r1_model("R1-Distill-Qwen-7B"), "big server", batch=64)
    assert (made.n_batch, made.n_ubatch) == (64, 64)
    made = plan(r1_model("R1-Distill-Qwen-7B"), "big server", ubatch=4096)
    assert made.n_ubatch <= made.n_batch


@pytest.mark.parametrize("layers", [-1, 33, 99])
def test_all_layers_can_be_asked_for(layers: int) -> None:
    made = plan(r1_model("R1-Distill-Llama-8B"), "AMD with Vulkan only", n_gpu_layers=layers)
    assert made.n_gpu_layers == 33


def test_no_layers_can_be_asked_for() -> None:
    made = plan(r1_model("R1-Distill-Llama-8B"), "24 GB RTX", n_gpu_layers=0)
    assert made.devices == ()
    assert made.n_gpu_layers == 0


def test_layers_without_a_gpu_stay_on_the_cpu() -> None:
    made = plan(r1_model("R1-Distill-Llama-8B"), "big server", n_gpu_layers=20)
    assert made.n_gpu_layers == 0


def test_plain_attention_is_for_cpus_while_its_scores_are_small() -> None:
    small = plan(r1_model("R1-Distill-Qwen-1.5B"), "big server")
    assert small.flash_attn == "off"
    large = plan(r1_model("R1-Distill-Qwen-7B"), "big server")
    assert large.flash_attn == "on"
    assert plan(r1_model("R1-Distill-Qwen-7B"), "24 GB RTX").flash_attn == "auto"


# ---- threads ---------------------------------------------------------------------------------


def test_threads_are_for_fast_cores() -> None:
    computer = machine(16, processor=cpu(14, logical=20, fast=6))
    made = plan_for(r1_model("R1-Distill-Qwen-7B"), asked(), computer, (CPU_DEVICE,))
    assert (made.n_threads, made.n_threads_batch) == (6, 6)
    assert "performance core" in made.reasons["n_threads"]


@pytest.mark.parametrize(
    ("power", "word"),
    [(Power(on_battery=True), "battery"), (Power(on_battery=False, quiet=True), "low power")],
)
def test_going_easy(power: Power, word: str) -> None:
    computer = machine(16, 8, power=power)
    tuned = Threads(7, 8)
    made = plan_for(r1_model("R1-Distill-Qwen-7B"), asked(), computer, (CPU_DEVICE,), tuned)
    assert (made.n_threads, made.background_work) == (4, False)
    assert word in made.reasons["n_threads"]
    assert word in made.reasons["background_work"]


def test_tuned_threads_are_used() -> None:
    computer = machine(16, 8)
    tuned = Threads(5, 8)
    made = plan_for(r1_model("R1-Distill-Qwen-7B"), asked(), computer, (CPU_DEVICE,), tuned)
    assert (made.n_threads, made.n_threads_batch) == (5, 8)
    assert "bench --tune" in made.reasons["n_threads"]
    assert made.background_work


def test_a_card_with_little_room_gets_what_works_beside_what_its_driver_takes() -> None:
    """With 676 MiB free one layer of this model loaded on an H100 and could not compute."""
    model = r1_model("R1-Distill-Qwen-1.5B")
    few = [gpu("CUDA0", 79, free) for free in (0.3, 0.66, 1.0)]
    layers = [
        plan_for(model, asked(), machine(64), (each, CPU_DEVICE)).n_gpu_layers for each in few
    ]
    assert layers == sorted(layers)
    assert layers[0] == 0
    for card, n in zip(few, layers, strict=True):
        made = plan_for(model, asked(), machine(64), (card, CPU_DEVICE))
        if n:
            assert needs(model, made, ["CUDA0"])[1]["CUDA0"] <= card.free_bytes


FULL = Device("CUDA0", "a full card", "gpu", 0, 0)
"""CUDA tells neither size nor free memory of a card on which it cannot begin to work."""


def test_a_full_card_is_told_as_one() -> None:
    made = plan_for(r1_model("R1-Distill-Qwen-1.5B"), asked(), machine(64), (FULL, CPU_DEVICE))
    assert made.n_gpu_layers == 0
    assert "free memory holds not even one layer" in made.reasons["n_gpu_layers"]
    assert made.n_ubatch == plan(r1_model("R1-Distill-Qwen-1.5B"), "big server").n_ubatch


def test_all_layers_on_a_full_card_are_refused() -> None:
    with pytest.raises(DoesNotFit, match="do not fit into the"):
        plan_for(
            r1_model("R1-Distill-Qwen-1.5B"),
            asked(n_gpu_layers=-1),
            machine(64),
            (FULL, CPU_DEVICE),
        )


def test_a_full_card_does_not_keep_another_from_being_used() -> None:
    devices = (FULL, gpu("Vulkan0", 8, kind="igpu"), CPU_DEVICE)
    made = plan_for(r1_model("R1-Distill-Qwen-1.5B"), asked(), machine(12), devices)
    assert [share.name for share in made.devices] == ["Vulkan0"]


def test_layers_that_no_gpu_can_take_are_not_left_out_in_silence() -> None:
    model = r1_model("R1-Distill-Qwen-1.5B")
    made = plan(model, "big server", n_gpu_layers=-1)
    assert "No layer is on a GPU as asked for" in made.notice
    assert "can use no GPU" in made.reasons["n_gpu_layers"]
    assert plan(model, "big server", n_gpu_layers=0).notice == ""
    assert plan(model, "24 GB RTX", n_gpu_layers=-1).notice == ""
