"""Settings that change while the chat is open: what follows them, and from when on."""

from __future__ import annotations

from pathlib import Path

import pytest

from localr1 import paths
from localr1.engine.protocol import Failed
from localr1.errors import EngineError, UsageError
from localr1.models.reference import ModelReference
from localr1.session import ChatSession, loaded_model
from localr1.session.change_setting import change_setting
from localr1.session.model_file import ModelFile, read_model_file, with_settings
from localr1.session.setting_effects import EFFECTS, SENTENCES, check_together, effect
from localr1.settings import RULES, Settings, load_settings


def test_every_setting_is_in_exactly_one_class() -> None:
    listed = [name for names in EFFECTS.values() for name in names]
    assert sorted(listed) == sorted(RULES)
    assert EFFECTS.keys() == SENTENCES.keys()
    assert effect("n_ctx") == "next load"


@pytest.mark.parametrize(
    "values",
    [{"speculate": "draft"}, {"rpc": "nowhere"}, {"reasoning_tags": "<think>"}],
)
def test_settings_that_do_not_go_together(values: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        check_together(load_settings(values, {}))
    check_together(load_settings({"speculate": "lookup", "reasoning_tags": "<a> <b>"}, {}))


def test_a_file_follows_settings_without_being_read_again(tmp_path: Path, demo: Path) -> None:
    reference = ModelReference(demo, "demo", "gguf")
    file = read_model_file(reference, Settings())
    toml = tmp_path / "settings.toml"
    toml.write_text('temperature = 0.1\n[models."demo"]\ntop_k = 3\n')
    changed = with_settings(file, reference, load_settings({}, {}, toml))
    assert (changed.sampling.temperature, changed.sampling.top_k) == (0.1, 3)
    assert changed.settings.origin("top_k") == "model's settings"
    assert (changed.header, changed.chat) == (file.header, file.chat)
    tag = load_settings({"closing_sentence": file.chat.close_tag}, {})
    with pytest.raises(UsageError, match="tag"):
        with_settings(file, reference, tag)


async def test_a_session_uses_them_from_then_on(demo: Path) -> None:
    session = ChatSession(ModelReference(demo, "demo", "gguf"), Settings())
    session.use_settings(load_settings({"effort": "low"}, {}))
    assert session.settings.effort == "low"
    assert session.reasoning_limit.tokens == 512
    assert session.settings_names == ("demo", demo.name)
    assert session.log_path is None
    with pytest.raises(UsageError):
        session.use_settings(load_settings({"rpc": "nowhere"}, {}))
    assert session.settings.effort == "low"
    await session.close()


async def changed(demo: Path, toml: str, name: str, value: object, **flags: object) -> str:
    """The sentence about a change; the session with these settings must follow the file."""
    file = paths.settings_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(toml)
    session = ChatSession(
        ModelReference(demo, "demo", "gguf"), load_settings(flags, {}, file).for_model("demo")
    )
    try:
        sentence = await change_setting(session, file, name, value)
        now = load_settings(flags, {}, file)
        assert getattr(session.settings, name) == getattr(now, name)
        return sentence
    finally:
        await session.close()


async def test_a_change_is_saved_followed_and_told(demo: Path) -> None:
    file = paths.settings_file()
    assert await changed(demo, "", "top_k", 5) == "Saved. It holds from the next reply on."
    assert file.read_text() == "top_k = 5\n"
    assert "loaded again" in await changed(demo, "n_ctx = 512\n", "n_ctx", None)
    assert file.read_text() == ""
    assert "A flag of this start goes before it" in await changed(demo, "", "seed", 1, seed=2)
    assert file.read_text() == "seed = 1\n"
    await changed(demo, '[models."Demo"]\ntop_k = 3 # few\n', "top_k", 4)
    assert file.read_text() == '[models."Demo"]\ntop_k = 4 # few\n'


async def test_what_is_refused_is_not_written(demo: Path) -> None:
    for name, value in [("speculate", "draft"), ("rpc", "nowhere"), ("n_ctx", 3)]:
        with pytest.raises(UsageError):
            await changed(demo, "# mine\n", name, value)
        assert paths.settings_file().read_text() == "# mine\n"


async def test_a_change_while_the_file_is_read_is_not_lost(
    demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = ChatSession(ModelReference(demo, "demo", "gguf"), Settings())

    def read(reference: ModelReference, settings: Settings) -> ModelFile:
        session.use_settings(load_settings({"top_k": 7}, {}))
        return read_model_file(reference, settings)

    async def start() -> None:
        raise EngineError("no engine here")

    monkeypatch.setattr(loaded_model, "read_model_file", read)
    monkeypatch.setattr(session._engine, "start", start)
    events = [event async for event in session.load()]
    assert isinstance(events[-1], Failed)
    assert session.settings.top_k == 7
    assert session.sampling is not None
    assert session.sampling.top_k == 7
    await session.close()
