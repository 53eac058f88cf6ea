"""Settings that change while the chat is open: what follows them, and from when on."""

from __future__ import annotations

from pathlib import Path

import pytest

from localr1.errors import UsageError
from localr1.models.reference import ModelReference
from localr1.session import ChatSession
from localr1.session.model_file import read_model_file, with_settings
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
