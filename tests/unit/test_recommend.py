"""What is recommended to simulated machines, and that every row is the planner's own answer."""

from __future__ import annotations

import functools
import itertools
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localr1.advice.computer import Computer
from localr1.advice.expected_speed import GPU_LAYER_SECONDS, SHARE_OF_MEASURED, expected_tps
from localr1.advice.model_row import ModelRow
from localr1.advice.model_shapes import planned_sizes
from localr1.advice.recommend import QUANTS, Offer, recommend, row_of
from localr1.advice.recommend_choice import LEAST_TPS, with_roles
from localr1.cli.recommend_table import document, table
from localr1.errors import DoesNotFit
from localr1.hardware.candidates import LEAST_WINDOW
from localr1.hardware.card_bandwidth import card_bandwidth
from localr1.hardware.machine import Device
from localr1.hardware.plan import plan_for
from localr1.models.catalog import Scores, load_catalog
from localr1.settings import Settings, load_settings
from tests.simulated import CPU_DEVICE, GIB, MACHINES, gpu, machine

CATALOG = load_catalog()
LAPTOP, DESKTOP, APPLE, SERVER = 30e9, 50e9, 90e9, 200e9
BANDWIDTHS = {
    "8 GB laptop without a GPU": LAPTOP,
    "16 GB M-series": APPLE,
    "6 GB old laptop GPU": LAPTOP,
    "512 MB container": LAPTOP,
    "big server": SERVER,
    "laptop with an integrated GPU": DESKTOP,
}


def named(device: Device, description: str) -> Device:
    return Device(device.name, description, device.kind, device.free_bytes, device.total_bytes)


def computer(name: str) -> Computer:
    simulated, devices = MACHINES[name]
    return Computer(simulated, devices, BANDWIDTHS.get(name, DESKTOP))


COMPUTERS = {name: computer(name) for name in MACHINES} | {
    "RTX 4090": Computer(
        machine(28, 12),
        (named(gpu("CUDA0", 24), "NVIDIA GeForce RTX 4090"), CPU_DEVICE),
        DESKTOP,
    ),
    "64 GB M3 Max": Computer(
        machine(50, 12), (named(gpu("Metal", 48, 47), "Apple M3 Max"), CPU_DEVICE), APPLE
    ),
    "old desktop": Computer(machine(12, 4), (CPU_DEVICE,), 14e9),
    "tablet": Computer(machine(3, 4), (CPU_DEVICE,), LAPTOP),
    "tight": Computer(machine(1.1, 4), (CPU_DEVICE,), LAPTOP),
    "not measured": Computer(machine(12, 4), (CPU_DEVICE,)),
}


@functools.cache
def rows_for(name: str) -> tuple[ModelRow, ...]:
    return tuple(recommend(CATALOG, COMPUTERS[name], Settings()))


def with_role(name: str, role: str) -> str | None:
    found = [row.reference for row in rows_for(name) if row.role == role]
    assert len(found) <= 1
    return found[0] if found else None


PICKS = [
    # computer: what to take, what is faster, what is stronger
    ("8 GB laptop without a GPU", "r1-qwen-7b:Q4_K_M", "r1-qwen-1.5b:Q6_K", None),
    ("16 GB M-series", "r1-0528-qwen3-8b:Q4_K_M", "r1-qwen-1.5b:Q6_K", None),
    ("24 GB RTX", "r1-0528-qwen3-8b:Q6_K", "r1-qwen-1.5b:Q6_K", "r1-qwen-32b:Q4_K_M"),
    ("two unequal GPUs", "r1-0528-qwen3-8b:Q6_K", "r1-qwen-1.5b:Q6_K", "r1-qwen-32b:Q4_K_M"),
    ("6 GB old laptop GPU", "r1-0528-qwen3-8b:Q4_K_M", "r1-qwen-1.5b:Q6_K", None),
    ("512 MB container", None, None, None),
    ("big server", "r1-0528-qwen3-8b:Q6_K", "r1-qwen-1.5b:Q6_K", "r1-qwen-32b:Q4_K_M"),
    ("AMD with Vulkan only", "r1-0528-qwen3-8b:Q6_K", "r1-qwen-1.5b:Q6_K", "r1-qwen-32b:Q4_K_M"),
    ("laptop with an integrated GPU", "r1-0528-qwen3-8b:Q4_K_M", "r1-qwen-1.5b:Q6_K", None),
    ("two desktops", "r1-0528-qwen3-8b:Q6_K", "r1-qwen-1.5b:Q6_K", "r1-qwen-32b:Q4_K_M"),
    ("RTX 4090", "r1-qwen-32b:Q4_K_M", "r1-0528-qwen3-8b:Q6_K", "r1-llama-70b:Q4_K_M"),
    ("64 GB M3 Max", "r1-0528-qwen3-8b:Q6_K", "r1-qwen-1.5b:Q6_K", "r1-qwen-32b:Q4_K_M"),
    ("old desktop", "r1-qwen-1.5b:Q4_K_M", None, "r1-0528-qwen3-8b:Q4_K_M"),
    ("tablet", "r1-qwen-1.5b:Q6_K", None, None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "pick", "faster", "stronger"), PICKS)
def test_what_is_recommended(
    name: str, pick: str | None, faster: str | None, stronger: str | None
) -> None:
    roles = {role: with_role(name, role) for role in ("pick", "faster", "stronger")}
    assert roles == {"pick": pick, "faster": faster, "stronger": stronger}
    assert [row.reference for row in rows_for(name) if row.is_pick] == ([pick] if pick else [])


@pytest.mark.parametrize("name", COMPUTERS)
def test_every_row_is_what_the_planner_says(name: str) -> None:
    where = COMPUTERS[name]
    rows = {row.reference: row for row in rows_for(name)}
    assert list(rows) == [f"{e.name}:{quant}" for e, quant in itertools.product(CATALOG, QUANTS)]
    for entry, quant in itertools.product(CATALOG, QUANTS):
        row = rows[f"{entry.name}:{quant}"]
        model = planned_sizes(entry, quant)
        try:
            plan = plan_for(model, Settings(), where.machine, where.devices)
        except DoesNotFit as refused:
            assert not row.fits
            assert "does not fit" in row.reason
            assert (row.n_ctx, row.tokens_per_second) == (0, None)
            if "needs" in refused.message:
                assert row.reason.split("needs ")[1].split(" of")[0] in refused.message
            continue
        assert row.fits
        assert (row.n_ctx, row.n_gpu_layers) == (plan.n_ctx, plan.n_gpu_layers)
        assert (row.kv_type, row.memory_bytes) == (plan.type_k, plan.memory_bytes)
        assert row.devices == tuple(share.name for share in plan.devices)


@pytest.mark.parametrize("name", COMPUTERS)
def test_every_pick_can_be_worked_with(name: str) -> None:
    picks = [row for row in rows_for(name) if row.is_pick]
    for row in picks:
        assert row.fits
        assert row.best_of_model
        assert row.n_ctx >= LEAST_WINDOW or not any(r.n_ctx >= LEAST_WINDOW for r in rows_for(name))
        assert row.tokens_per_second is None or row.tokens_per_second >= LEAST_TPS
        assert "GPQA Diamond" in row.reason or "window" in row.reason
    best = [row.name for row in rows_for(name) if row.best_of_model]
    assert best == [entry.name for entry in CATALOG]
    assert bool(picks) == any(row.fits for row in rows_for(name))


def test_where_little_fits_the_window_is_told() -> None:
    pick = next(row for row in rows_for("tight") if row.is_pick)
    assert pick.name == "r1-qwen-1.5b"
    assert f"a window of {pick.n_ctx:,} tokens is short" in pick.reason


def test_a_smaller_quant_is_taken_where_no_larger_one_fits() -> None:
    picks = []
    smallest = [next(iter(CATALOG))]
    for gib in (1.2, 1.4, 1.5, 1.6):
        small = Computer(machine(gib, 4), (CPU_DEVICE,), LAPTOP)
        picks.append(next(row for row in recommend(smallest, small, Settings()) if row.is_pick))
    assert [row.quant for row in picks] == ["Q2_K", "Q3_K_M", "IQ4_XS", "Q4_K_M"]
    assert "loses much of what it can" in picks[0].reason
    assert picks[3].reason == "the only one that fits here with a window of 8,192 tokens"


def test_all_too_slow_takes_the_fastest() -> None:
    slow = COMPUTERS["old desktop"]._replace(host_bandwidth=1e9)
    rows = recommend(CATALOG, slow, Settings())
    pick = next(row for row in rows if row.is_pick)
    assert pick.name == "r1-qwen-1.5b"
    assert "the fastest that fits here, though slower than 3 tokens" in pick.reason


def test_a_person_who_wants_a_long_window_gets_a_model_that_has_it() -> None:
    asked = load_settings({"n_ctx": 65_536}, environment={})
    rows = recommend(CATALOG, COMPUTERS["8 GB laptop without a GPU"], asked)
    assert {row.n_ctx for row in rows if row.fits} == {65_536}
    assert [row.name for row in rows if row.is_pick] == ["r1-qwen-1.5b"]


def test_settings_of_a_single_model_hold_for_its_rows(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('[models."DeepSeek-R1-Distill-Qwen-7B"]\nn_ctx = 2048\n')
    rows = recommend(CATALOG, COMPUTERS["big server"], load_settings({}, {}, file))
    assert {row.n_ctx for row in rows if row.name == "r1-qwen-7b"} == {2048}
    assert {row.n_ctx for row in rows if row.name == "r1-llama-8b"} == {32_768}


# ---- the hub's own list ----------------------------------------------------------------------


def offered(*quants: str, size_bytes: int = 0) -> dict[str, dict[str, Offer]]:
    rows = rows_for("big server")
    return {
        entry.name: {
            row.quant: Offer("me/mirror", size_bytes or row.size_bytes)
            for row in rows
            if row.name == entry.name and row.quant in quants
        }
        for entry in CATALOG
    }


def test_what_the_hub_has_not_is_not_picked() -> None:
    rows = recommend(CATALOG, COMPUTERS["big server"], Settings(), offered("Q4_K_M", "Q8_0"))
    assert {row.quant for row in rows if row.best_of_model} == {"Q4_K_M"}
    assert {row.quant for row in rows if row.is_offered} == {"Q4_K_M", "Q8_0"}
    assert {row.repo for row in rows if row.size_is_exact} == {"me/mirror"}
    nothing = recommend(CATALOG, COMPUTERS["big server"], Settings(), {})
    assert not any(row.is_pick for row in nothing)


def test_a_file_of_another_size_is_planned_with_that_size() -> None:
    entry = CATALOG.get("r1-qwen-7b")
    assert entry is not None
    where = COMPUTERS["big server"]
    usual = row_of(entry, "Q4_K_M", where, Settings())
    offers = {entry.name: {"Q4_K_M": Offer("me/mirror", 2 * usual.size_bytes)}}
    larger = row_of(entry, "Q4_K_M", where, Settings(), offers)
    assert larger.memory_bytes - usual.memory_bytes == pytest.approx(usual.size_bytes, rel=0.01)
    assert larger.tokens_per_second is not None
    assert usual.tokens_per_second is not None
    assert larger.tokens_per_second < 0.6 * usual.tokens_per_second
    same = row_of(entry, "Q4_K_M", where, Settings(), {})
    assert same.is_offered is False
    tiny = {entry.name: {"Q4_K_M": Offer("me/mirror", 24)}}
    assert row_of(entry, "Q4_K_M", where, Settings(), tiny).fits


# ---- speed -----------------------------------------------------------------------------------


def test_the_speed_is_a_share_of_what_memory_allows() -> None:
    entry = CATALOG.get("r1-qwen-7b")
    assert entry is not None
    model = planned_sizes(entry, "Q4_K_M")
    where = COMPUTERS["big server"]
    plan = plan_for(model, Settings(), where.machine, where.devices)
    tps = expected_tps(model, plan, where.devices, 100e9)
    kv_bytes = 57_344 * 4096
    read = sum(model.layer_bytes) + model.output_bytes + kv_bytes
    assert tps == pytest.approx(SHARE_OF_MEASURED * 100e9 / read)
    assert expected_tps(model, plan, where.devices, None) is None


def test_layers_on_a_card_are_read_at_its_speed() -> None:
    card = named(gpu("CUDA0", 24), "NVIDIA GeForce RTX 4090")
    by_card = {}
    for device in (card, named(card, "NVIDIA GeForce RTX 3060"), named(card, "who knows")):
        where = Computer(machine(28, 12), (device, CPU_DEVICE))
        rows = recommend(CATALOG, where, Settings())
        by_card[device.description] = next(r for r in rows if r.reference == "r1-qwen-14b:Q4_K_M")
    speeds = [row.tokens_per_second or 0 for row in by_card.values()]
    assert speeds == sorted(speeds, reverse=True)
    # 49 layers, each with what it takes besides reading
    reading = [1 / speed - 49 * GPU_LAYER_SECONDS for speed in speeds]
    assert reading[1] / reading[0] == pytest.approx(1008 / 360)
    assert all(row.is_on_gpu for row in by_card.values())


@pytest.mark.parametrize(
    ("description", "gigabytes"),
    [
        ("NVIDIA GeForce RTX 4090", 1008),
        ("NVIDIA GeForce RTX 4070 Ti", 504),
        ("NVIDIA GeForce RTX 4070 Laptop GPU", 302.4),
        ("AMD Radeon RX 7900 XTX (RADV NAVI31)", 960),
        ("Apple M3 Max", 300),
        ("Apple M1", 68),
        ("NVIDIA A100-SXM4-80GB", 1555),
        ("NVIDIA H100 80GB HBM3", 3350),
        ("NVIDIA H100 PCIe", 2000),
        ("Intel(R) UHD Graphics", None),
        ("", None),
    ],
)
def test_published_bandwidths(description: str, gigabytes: float | None) -> None:
    found = card_bandwidth(description)
    assert found == (gigabytes and pytest.approx(gigabytes * 1e9))


# ---- as it is shown --------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "shows_all"), itertools.product(COMPUTERS, (False, True)))
def test_the_table_fits_eighty_columns_and_agrees(name: str, shows_all: bool) -> None:
    rows = rows_for(name)
    lines = list(table(rows, COMPUTERS[name], shows_all=shows_all))
    text = "".join(piece for line in lines for piece, _ in line)
    assert all(len(line) <= 80 for line in text.splitlines()[1:]), text
    assert text.count("r1-llama-70b:") >= (7 if shows_all else 1)
    pick = next((row for row in rows if row.is_pick), None)
    assert (f"localr1 pull {pick.reference}" in text) if pick else "Nothing" in text
    told = msgspec.json.decode(document(rows, COMPUTERS[name], []))
    assert told["pick"] == (pick and pick.reference)


def test_the_document_holds_every_row() -> None:
    where = COMPUTERS["two desktops"]
    told = msgspec.json.decode(document(rows_for("two desktops"), where, ["a notice"]))
    assert told["pick"] == "r1-0528-qwen3-8b:Q6_K"
    assert len(told["rows"]) == len(CATALOG) * len(QUANTS)
    assert told["notices"] == ["a notice"]
    assert told["bandwidth_bytes_per_second"] == DESKTOP


def test_a_model_without_scores_is_listed_and_not_picked() -> None:
    entry = next(iter(CATALOG))
    mine = msgspec.structs.replace(entry, name="mine", full_name="Mine", scores=Scores())
    rows = recommend([mine, entry], COMPUTERS["big server"], Settings())
    assert next(row.name for row in rows if row.is_pick) == entry.name
    text = "".join(
        p for line in table(rows, COMPUTERS["big server"], shows_all=False) for p, _ in line
    )
    assert "mine:" in text
    assert recommend([], COMPUTERS["big server"], Settings()) == []


SPEEDS = st.none() | st.floats(min_value=0.01, max_value=500)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "c"]), st.sampled_from(QUANTS), st.booleans(),
            st.sampled_from([0, 2048, 8192, 32_768]), SPEEDS,
            st.none() | st.floats(min_value=0, max_value=100), st.none() | st.booleans(),
        ),
        max_size=12, unique_by=lambda each: each[:2],
    )
)  # fmt: skip
def test_any_rows_have_at_most_one_pick_and_it_fits(
    given_rows: list[tuple[str, str, bool, int, float | None, float | None, bool | None]],
) -> None:
    rows = [
        ModelRow(
            reference=f"{name}:{quant}", name=name, full_name=name, quant=quant,
            size_bytes=GIB * (1 + QUANTS.index(quant)), fits=fits, n_ctx=n_ctx if fits else 0,
            n_layers=29, memory_bytes=GIB, tokens_per_second=tps if fits else None,
            scores=Scores(gpqa_diamond=score), is_offered=is_offered,
        )
        for name, quant, fits, n_ctx, tps, score, is_offered in given_rows
    ]  # fmt: skip
    told = with_roles(rows)
    assert [row.reference for row in told] == [row.reference for row in rows]
    picks = [row for row in told if row.is_pick]
    assert len(picks) <= 1
    assert all(row.fits and row.is_offered is not False for row in picks)
    assert bool(picks) >= any(
        row.fits and row.is_offered is not False for row in told if row.best_of_model
    )
    roles = [row.role for row in told if row.role]
    assert len(roles) == len(set(roles))
