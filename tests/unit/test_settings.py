"""Flags go before the environment, that before the file; what cannot be used is one line."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import get_args

import pytest

from localr1.errors import ExitCode, UsageError
from localr1.hardware.kv_types import KvType
from localr1.hardware.load_plan import FlashAttention
from localr1.settings import Settings, load_settings, settings_reference

REFERENCE = {row.name: row for row in settings_reference()}


def load(
    tmp_path: Path,
    toml: str | bytes = "",
    environment: dict[str, str] | None = None,
    **flags: object,
) -> Settings:
    file = tmp_path / "settings.toml"
    file.write_bytes(toml.encode() if isinstance(toml, str) else toml)
    return load_settings(flags, environment or {}, file)


def test_without_any_source_everything_is_automatic(tmp_path: Path) -> None:
    settings = load_settings({}, {}, tmp_path / "missing.toml")
    assert settings == Settings()
    on = ("save_history", "memory_check", "collapse_thinking")
    assert all(getattr(settings, name) is True for name in on)
    given = ("force_thinking", "offline", "state_disk_gib")
    assert [getattr(settings, name) for name in given] == [False, False, 8.0]
    known = (*on, *given, "origins", "models", "keys")
    others = [each.name for each in fields(settings) if each.name not in known]
    assert {getattr(settings, name) for name in others} == {None}
    assert {settings.origin(name) for name in others} == {"automatic"}


def test_each_value_remembers_its_origin(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        "n_ctx = 1024\nseed = 1\ntheme = 'nord'",
        {"LOCALR1_N_CTX": "2048", "LOCALR1_SEED": "2"},
        n_ctx=4096,
        top_p=None,
    )
    assert (settings.n_ctx, settings.origin("n_ctx")) == (4096, "flag")
    assert (settings.seed, settings.origin("seed")) == (2, "environment")
    assert (settings.theme, settings.origin("theme")) == ("nord", "settings file")
    assert (settings.top_p, settings.origin("top_p")) == (None, "automatic")


@pytest.mark.parametrize("flag", [None, False])
@pytest.mark.parametrize("variable", [None, "true"])
@pytest.mark.parametrize("line", [None, "mmap = false"])
def test_precedence(
    tmp_path: Path, flag: bool | None, variable: str | None, line: str | None
) -> None:
    settings = load(tmp_path, line or "", {"LOCALR1_MMAP": variable} if variable else {}, mmap=flag)
    if flag is not None:
        assert (settings.mmap, settings.origin("mmap")) == (False, "flag")
    elif variable is not None:
        assert (settings.mmap, settings.origin("mmap")) == (True, "environment")
    elif line is not None:
        assert (settings.mmap, settings.origin("mmap")) == (False, "settings file")
    else:
        assert (settings.mmap, settings.origin("mmap")) == (None, "automatic")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("model", "/models/a b.gguf", "/models/a b.gguf"),
        ("n_ctx", "256", 256),
        ("n_ctx", " 4096 ", 4096),
        ("n_gpu_layers", "-1", -1),
        ("temperature", "0", 0.0),
        ("temperature", "0.6", 0.6),
        ("top_p", "1", 1.0),
        ("mmap", "No", False),
        ("mmap", "ON", True),
        ("mmap", "1", True),
        ("save_history", "0", False),
        ("type_k", "q8_0", "q8_0"),
        ("flash_attn", "off", "off"),
        ("reasoning", "only", "only"),
        ("system", " be short ", " be short "),
        ("n_ctx", "", None),
    ],
)
def test_variables_are_read_as_what_they_should_be(name: str, text: str, value: object) -> None:
    settings = load_settings({}, {REFERENCE[name].variable: text})
    assert getattr(settings, name) == value
    assert type(getattr(settings, name)) is type(value)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("temperature = 1", 1.0),
        ("temperature = 0.25", 0.25),
        ("threads = 0x10", 16),
        ('system = """\nbe\nshort"""', "be\nshort"),
        ("save_history = false", False),
        ('system = ""', ""),
    ],
)
def test_the_file_is_toml(tmp_path: Path, line: str, value: object) -> None:
    settings = load(tmp_path, line)
    name = line.split(" ", maxsplit=1)[0]
    assert getattr(settings, name) == value
    assert type(getattr(settings, name)) is type(value)


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("n_ctx", -5, "must be at least 256"),
        ("n_ctx", 10**400, "must be at most 16,777,216"),
        ("n_ctx", 512.5, "must be a whole number from 256 to 16,777,216"),
        ("n_gpu_layers", -2, "must be at least -1"),
        ("threads", 0, "must be at least 1"),
        ("threads", True, "must be a whole number"),
        ("batch", 0, "must be at least 1"),
        ("temperature", -0.1, "must be at least 0"),
        ("temperature", 5.1, "must be at most 5"),
        ("temperature", float("inf"), "must be at most 5"),
        ("temperature", float("nan"), "must be a number from 0 to 5"),
        ("top_p", 1.01, "must be at most 1"),
        ("min_p", -1, "must be at least 0"),
        ("top_k", -1, "must be at least 0"),
        ("seed", 2**32 - 1, "must be at most 4,294,967,294"),
        ("max_tokens", 0, "must be at least 1"),
        ("type_k", "f8", "must be one of f32, f16, bf16"),
        ("flash_attn", "maybe", "must be one of auto, on, off"),
        ("reasoning", "loud", "must be one of show, hide, only"),
    ],
)
def test_one_rule_for_all_three_sources(
    tmp_path: Path, name: str, value: object, fault: str
) -> None:
    toml = f"'{value}'" if isinstance(value, str) else str(value).lower()
    sources: dict[str, Callable[[], Settings]] = {
        "on the command line": lambda: load_settings({name: value}, {}),
        f"in LOCALR1_{name.upper()}": lambda: load_settings(
            {}, {f"LOCALR1_{name.upper()}": str(value)}
        ),
        f"in {tmp_path / 'settings.toml'}": lambda: load(tmp_path, f"{name} = {toml}"),
    }
    for place, source in sources.items():
        with pytest.raises(UsageError) as raised:
            source()
        message = raised.value.message
        assert message.startswith(f"{name} = ")
        assert f" {place}: must be " in message
        assert fault in message
        assert message.isprintable()
        assert raised.value.exit_code is ExitCode.USAGE
        assert raised.value.hint


def test_the_message_names_value_and_place(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        load(tmp_path, "n_ctx = -5")
    assert raised.value.message == f"n_ctx = -5 in {tmp_path}/settings.toml: must be at least 256"


@pytest.mark.parametrize(
    ("name", "text"),
    [("threads", "many"), ("temperature", "warm"), ("mmap", "perhaps"), ("n_ctx", "9" * 5000)],
)
def test_a_variable_that_is_not_its_type_is_one_line(name: str, text: str) -> None:
    with pytest.raises(UsageError, match=f"in LOCALR1_{name.upper()}: must be") as raised:
        load_settings({}, {f"LOCALR1_{name.upper()}": text})
    assert len(raised.value.message) < 200


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("n_ctx = '4096'", "n_ctx"),
        ("n_ctx = [4096]", "n_ctx"),
        ("[n_ctx]\nvalue = 1", "n_ctx"),
        ("model = 3", "model"),
        ("model = 1979-05-27", "model"),
        ("save_history = 1", "save_history"),
        ("temperature = true", "temperature"),
        ('model = "a\\u0000b"', "model"),
    ],
)
def test_a_wrong_type_in_the_file_is_one_line(tmp_path: Path, line: str, name: str) -> None:
    with pytest.raises(UsageError, match=f"^{name} = .*: must be ") as raised:
        load(tmp_path, line)
    assert raised.value.message.isprintable()


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("n_ctxx", "did you mean n_ctx?"),
        ("N-CTX", "did you mean n_ctx?"),
        ("temprature", "did you mean temperature?"),
        ("history", "did you mean save_history?"),
        ("zzzzzz", "there are: model, n_ctx"),
        ("origins", "there are: "),
    ],
)
def test_an_unknown_setting_in_the_file_names_the_nearest(
    tmp_path: Path, key: str, hint: str
) -> None:
    with pytest.raises(UsageError, match=f"unknown setting {key} in ") as raised:
        load(tmp_path, f"{key} = 1")
    assert raised.value.hint.startswith(hint)


def test_other_variables_are_ignored() -> None:
    environment = {"LOCALR1_HOME": "/x", "LOCALR1_DEBUG": "1", "LOCALR1_N_CTXX": "1", "N_CTX": "9"}
    assert load_settings({}, environment) == Settings()


@pytest.mark.parametrize(
    "content",
    [
        b"n_ctx = ",
        b"n_ctx 4096",
        b"n_ctx = 1\nn_ctx = 2",
        b"\x1b[2J = 1",
        b"n_ctx = " + b"9" * 5000,
        b"a = " + b"[" * 20_000,
        b"system = '\xff'",
        b"\xff\xfen\x00",
        b"\0" * 100,
        b"# filler\n" * 150_000,
    ],
    ids=range(10),
)
def test_a_broken_file_is_one_line(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UsageError) as raised:
        load(tmp_path, content)
    assert str(tmp_path / "settings.toml") in raised.value.message
    assert raised.value.message.isprintable()


def test_a_byte_order_mark_and_windows_lines_are_read(tmp_path: Path) -> None:
    assert load(tmp_path, b"\xef\xbb\xbfn_ctx = 512\r\nseed = 7\r\n").seed == 7


def test_what_is_not_a_file_is_one_line(tmp_path: Path) -> None:
    if sys.platform == "win32":
        raise NotImplementedError("these checks need a POSIX system")
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(UsageError, match=f"{path} is not a file"):
            load_settings({}, {}, path)


def test_a_folder_that_cannot_be_has_no_settings(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("in the way")
    assert load_settings({}, {}, tmp_path / "plain" / "settings.toml") == Settings()


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().n_ctx = 1  # type: ignore[misc]  # the point of the test


def test_the_reference_has_every_setting_and_a_sentence() -> None:
    assert [*REFERENCE] == [
        each.name for each in fields(Settings) if each.name not in ("origins", "models", "keys")
    ]
    for row in REFERENCE.values():
        assert row.variable == f"LOCALR1_{row.name.upper()}"
        assert row.sentence.endswith(".")
        assert row.values
    assert REFERENCE["n_ctx"].values == "a whole number from 256 to 16,777,216"


def test_choices_are_those_of_the_load_plan() -> None:
    assert REFERENCE["type_k"].values == f"one of {', '.join(get_args(KvType))}"
    assert REFERENCE["type_v"].values == REFERENCE["type_k"].values
    assert REFERENCE["flash_attn"].values == f"one of {', '.join(get_args(FlashAttention))}"


def write_models(folder: Path, text: str) -> Path:
    file = folder / "settings.toml"
    file.write_text(text, "utf-8")
    return file


def test_a_models_own_settings_go_before_the_files_and_after_flags(tmp_path: Path) -> None:
    text = """
effort = "low"
top_k = 10
[models."R1-Qwen-7B"]
effort = "high"
top_k = 20
temperature = 0.5
"""
    settings = load_settings({"top_k": 30}, {}, write_models(tmp_path, text))
    own = settings.for_model("r1-qwen-7b", "another name")
    assert (own.effort, own.temperature, own.top_k) == ("high", 0.5, 30)
    assert own.origin("effort") == "model's settings"
    assert own.origin("top_k") == "flag"
    assert settings.for_model("other").effort == "low"


@pytest.mark.parametrize(
    "text",
    [
        "models = 3",
        'models = ["x"]',
        "[models]\nx = 3",
        '[models."x"]\ncolour = 1',
        '[models."x"]\nn_ctx = "many"',
        '[models."x"]\nmodels = {}',
        '[models."x"]\nmodel = "demo"',
        '[models."x"]\nsave_history = false',
    ],
)
def test_tables_of_models_that_cannot_be_used(text: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        load_settings({}, {}, write_models(tmp_path, text))
