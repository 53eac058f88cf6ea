"""The catalog: facts that can be checked, and what a person may do to it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localr1.models.catalog import CatalogEntry, load_catalog
from localr1.models.quant_names import quant_named, quant_of_file
from localr1.models.quant_sizes import SIZED_QUANTS, file_bytes

FAMILY = {entry.name: entry for entry in load_catalog()}

BILLIONS = {
    "r1-qwen-1.5b": 1.78,
    "r1-qwen-7b": 7.62,
    "r1-llama-8b": 8.03,
    "r1-0528-qwen3-8b": 8.19,
    "r1-qwen-14b": 14.77,
    "r1-qwen-32b": 32.76,
    "r1-llama-70b": 70.55,
}
"""As the hub tells them of the checkpoints."""

REAL_SIZES = {
    "r1-qwen-1.5b": {"Q4_K_M": 1_117_320_800, "Q5_K_M": 1_285_494_880},
    "r1-qwen-7b": {
        "Q2_K": 3_015_940_064, "Q3_K_S": 3_492_368_352, "Q3_K_M": 3_808_391_136,
        "Q3_K_L": 4_088_459_232, "IQ4_XS": 4_218_472_416, "Q4_0": 4_444_121_056,
        "Q4_K_S": 4_457_768_928, "Q4_K_M": 4_683_073_504, "Q5_K_S": 5_315_176_416,
        "Q5_K_M": 5_444_831_200, "Q6_K": 6_254_198_752, "Q8_0": 8_098_525_152,
        "F16": 15_237_853_152,
    },
    "r1-0528-qwen3-8b": {
        "Q3_K_S": 3_769_612_800, "Q4_0": 4_787_333_632, "Q4_K_M": 5_027_785_216,
        "Q5_K_M": 5_851_113_984, "Q6_K": 6_725_900_800, "Q8_0": 8_709_519_872,
    },
    "r1-qwen-14b": {"Q4_K_M": 8_988_110_240},
    "r1-qwen-32b": {"Q4_K_M": 19_851_335_840},
}  # fmt: skip
"""Of files in the repositories of bartowski and unsloth, as the hub lists them."""


def own(folder: Path, text: str) -> Path:
    path = folder / "catalog.toml"
    path.write_text(text)
    return path


MINE = """
[models.mine]
full_name = "My distill"
gguf_repos = ["me/mine-GGUF"]
[models.mine.shape]
architecture = "qwen2"
n_layer = 28
n_embd = 1536
n_ff = 8960
n_head = 12
n_head_kv = 2
head_dim = 128
n_vocab = 151936
"""


# ---- the built-in one ------------------------------------------------------------------------


def test_the_family_is_whole_and_named_for_what_it_is() -> None:
    assert set(FAMILY) == set(BILLIONS)
    for entry in FAMILY.values():
        assert entry.full_name.startswith("DeepSeek-R1-")
        assert entry.checkpoint_repo == f"deepseek-ai/{entry.full_name}"
        assert entry.licence == "MIT"
        assert entry.base_model
        assert entry.base_licence
        assert "Llama" in entry.base_licence or "llama" not in entry.name
        assert {repo.split("/")[0] for repo in entry.gguf_repos} == {
            "unsloth", "bartowski", "lmstudio-community",
        }  # fmt: skip
        assert all(entry.full_name in repo for repo in entry.gguf_repos)
        assert entry.scores.source.endswith("model card")
        assert entry.n_ctx_train == 131_072


@pytest.mark.parametrize(("name", "billions"), BILLIONS.items())
def test_parameters_are_those_of_the_checkpoint(name: str, billions: float) -> None:
    assert FAMILY[name].parameters / 1e9 == pytest.approx(billions, abs=0.006)


def test_scores_are_the_published_ones() -> None:
    rows = {
        "r1-qwen-1.5b": (28.9, 83.9, 33.8, 16.9),
        "r1-qwen-7b": (55.5, 92.8, 49.1, 37.6),
        "r1-llama-8b": (50.4, 89.1, 49.0, 39.6),
        "r1-qwen-14b": (69.7, 93.9, 59.1, 53.1),
        "r1-qwen-32b": (72.6, 94.3, 62.1, 57.2),
        "r1-llama-70b": (70.0, 94.5, 65.2, 57.5),
        "r1-0528-qwen3-8b": (86.0, None, 61.1, None),
    }
    for name, row in rows.items():
        told = FAMILY[name].scores
        assert (told.aime_2024, told.math_500, told.gpqa_diamond, told.live_code_bench) == row


@pytest.mark.parametrize(
    ("name", "quant", "size_bytes"),
    [(name, *each) for name, sizes in REAL_SIZES.items() for each in sizes.items()],
)
def test_sizes_are_those_of_real_files(name: str, quant: str, size_bytes: int) -> None:
    assert file_bytes(FAMILY[name].shape, quant) == pytest.approx(size_bytes, rel=1e-4)


def test_quants_are_listed_by_size() -> None:
    for entry in FAMILY.values():
        sizes = [file_bytes(entry.shape, quant) for quant in SIZED_QUANTS]
        assert sizes == sorted(sizes)


# ---- a person's own --------------------------------------------------------------------------


def test_a_model_of_ones_own(tmp_path: Path) -> None:
    catalog = load_catalog(own(tmp_path, MINE))
    mine = catalog.get("MINE")
    assert mine == catalog.get("my distill") == catalog.of_repo("ME/mine-gguf")
    assert isinstance(mine, CatalogEntry)
    assert mine.parameters == FAMILY["r1-qwen-1.5b"].parameters
    assert len(catalog) == len(FAMILY) + 1
    assert catalog.notice == ""


def test_a_value_in_place_of_a_built_in_one(tmp_path: Path) -> None:
    text = (
        '[models.r1-qwen-7b]\ngguf_repos = ["me/mirror"]\n[models.r1-qwen-7b.scores]\nmath_500 = 1'
    )
    catalog = load_catalog(own(tmp_path, text))
    changed = catalog.get("r1-qwen-7b")
    assert changed is not None
    assert changed.gguf_repos == ("me/mirror",)
    assert (changed.scores.math_500, changed.scores.aime_2024) == (1, 55.5)
    assert changed.shape == FAMILY["r1-qwen-7b"].shape
    assert len(catalog) == len(FAMILY)


def test_without_a_file_of_ones_own(tmp_path: Path) -> None:
    catalog = load_catalog(tmp_path / "missing.toml")
    assert list(catalog) == list(FAMILY.values())
    assert catalog.notice == ""


WRONG = [
    # text, what the sentence must name
    ("models = x y", ("not valid TOML", "line 1")),
    ('x = "a"', ("line 1", " x:")),
    ("models = 3", ("line 1", "models:", "a table")),
    ("[models]\nr1 = 7", ("line 2", "models.r1:")),
    (MINE.replace("n_layer = 28", "n_layer = 'x'"), ("line 7", "models.mine.shape.n_layer", "int")),
    (MINE.replace("n_layer = 28", "n_layer = 0"), ("line 7", "models.mine.shape.n_layer", ">= 1")),
    (MINE.replace("n_layer = 28", "n_layer = 10000000"), ("line 7", "n_layer", "<= 512")),
    (MINE.replace("n_layer = 28\n", ""), ("line 5", "models.mine.shape.n_layer", "required")),
    (MINE.replace("n_ff", "width"), ("line 9", "models.mine.shape.width", "unknown")),
    (MINE.replace("me/mine-GGUF", "../../etc"), ("line 4", "gguf_repos", "organisation/")),
    (MINE.replace("models.mine", "models.'de mo'"), ("models.de mo.name", "small letters")),
    (MINE.replace("mine", "demo"), ("models.demo", "means something else")),
    (MINE.replace("qwen2", "mamba"), ("line 6", "architecture", "mamba")),
    (MINE + "\x00", ("not valid TOML",)),
    (MINE.replace("My distill", "\\u001b]0;x\\u0007" * 90), ("line 3", "full_name", "<= 100")),
    ("[models.'\\u001b[2J']\nx = 1", ("models",)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), WRONG)
def test_what_is_wrong_is_told_in_one_sentence(
    text: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    catalog = load_catalog(own(tmp_path, text))
    assert list(catalog) == list(FAMILY.values())
    assert str(tmp_path / "catalog.toml") in catalog.notice
    assert all(word in catalog.notice for word in words), catalog.notice
    assert catalog.notice.isprintable()
    assert len(catalog.notice) <= 320


def test_a_broken_model_leaves_the_others(tmp_path: Path) -> None:
    broken = "[models.other]\nfull_name = 1\n[models.third]\n"
    catalog = load_catalog(own(tmp_path, MINE + broken))
    assert catalog.get("mine")
    assert catalog.get("other") is None
    assert "line 15, models.other.full_name" in catalog.notice
    assert "1 more like this" in catalog.notice


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", b"\x00" * 3_000_000], ids=["no text", "too large"]
)
def test_a_file_that_is_no_text(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "catalog.toml"
    path.write_bytes(content)
    catalog = load_catalog(path)
    assert len(catalog) == len(FAMILY)
    assert str(path) in catalog.notice
    assert len(load_catalog(tmp_path)) == len(FAMILY)  # a folder


VALUES = st.recursive(
    st.integers() | st.booleans() | st.just("text") | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=4,
)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([line.split(" = ")[0] for line in MINE.splitlines() if " = " in line]), VALUES
)
def test_no_value_stops_the_catalog(key: str, value: object) -> None:
    import tempfile

    import tomlkit

    table: dict[str, dict[str, dict[str, object]]] = tomlkit.parse(MINE).unwrap()
    inner = table["models"]["mine"]
    target = inner if key in inner else inner["shape"]
    assert isinstance(target, dict)
    target[key] = value
    with tempfile.TemporaryDirectory() as folder:
        catalog = load_catalog(own(Path(folder), tomlkit.dumps(table)))
    assert len(catalog) == len(FAMILY) + (catalog.notice == "")


# ---- names of quants -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "quant"),
    [
        ("DeepSeek-R1-Distill-Qwen-7B-Q4_K_M.gguf", "Q4_K_M"),
        ("deepseek-r1-distill-qwen-7b.q4_k_m.gguf", "Q4_K_M"),
        ("DeepSeek-R1-Distill-Qwen-7B-f16.gguf", "F16"),
        ("x-UD-Q4_K_XL.gguf", "UD-Q4_K_XL"),
        ("x-IQ4_XS-00001-of-00002.gguf", "IQ4_XS"),
        ("Q8_0/x-Q6_K.gguf", "Q6_K"),
        ("DeepSeek-R1-Distill-Qwen-7B.gguf", None),
        ("Q4_K_Mx.gguf", None),
        ("", None),
    ],
)
def test_the_quant_of_a_file(name: str, quant: str | None) -> None:
    assert quant_of_file(name) == quant


def test_quants_in_any_case() -> None:
    assert quant_named("q4_k_m") == quant_named("Q4_K") == "Q4_K_M"
    assert quant_named("ud-q2_k_xl") == "UD-Q2_K_XL"
    assert all(quant_named(quant.lower()) == quant for quant in SIZED_QUANTS)
    assert quant_named("Q9_K") is quant_named("Q4") is quant_named("") is None
