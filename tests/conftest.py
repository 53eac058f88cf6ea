"""Fixtures that all tests share."""

from __future__ import annotations

from pathlib import Path

import hypothesis
import pytest

from localr1.models.reference import demo_path
from tests.models_on_disk import smollm2_path
from tests.tiny_models import write_r1_qwen_vocabulary_model, write_tiny_model

# The same examples at every run; `--hypothesis-profile=explore` (make acceptance) tries new ones.
hypothesis.settings.register_profile("same", derandomize=True, deadline=None)
hypothesis.settings.register_profile("explore", max_examples=2000, deadline=None)
hypothesis.settings.load_profile("same")


BUSY = ("engine", "cli", "converters", "offload", "distribution")
"""Folders whose tests keep a core busy or wait for real time: they run one after the other."""

IN_TERMINALS = ("test_in_tmux.py", "test_kills.py")


@pytest.hookimpl(tryfirst=True)  # xdist reads the marks in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let one worker of pytest-xdist have all of the busy tests, and the others the rest."""
    tests = Path(__file__).parent
    for item in items:
        room = item.path.relative_to(tests).parts[0]
        if room in BUSY or item.path.name in IN_TERMINALS:
            item.add_marker(pytest.mark.xdist_group("busy"))


@pytest.fixture(autouse=True)
def localr1_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test touches the files of the person who runs it."""
    home = tmp_path / "localr1-home"
    monkeypatch.setenv("LOCALR1_HOME", str(home))
    return home


@pytest.fixture(scope="session")
def demo() -> Path:
    """The demo model: tiny, and it really reasons."""
    return demo_path()


@pytest.fixture(scope="session")
def smollm2() -> Path:
    """A small real chat model."""
    return smollm2_path()


@pytest.fixture(scope="session")
def tiny_r1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model with random weights and R1's special tokens."""
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny-r1.gguf", r1_tokens=True)


@pytest.fixture(scope="session")
def r1_vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model with the real vocabulary of the R1 Qwen distills."""
    return write_r1_qwen_vocabulary_model(tmp_path_factory.mktemp("models") / "r1-qwen.gguf")
