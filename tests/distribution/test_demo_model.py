"""The demo model as it ships: its size, where it comes from, and that it reasons."""

from __future__ import annotations

import hashlib
import importlib
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from localr1.chat.messages import Message, TextPart, user_message
from localr1.engine.client import EngineClient
from localr1.engine.protocol import Answer, Done
from localr1.gguf_header import read_header
from localr1.models.reference import demo_path
from tests.converters.converting import converted, open_source
from tests.converters.make_checkpoints import DEMO_CHECKPOINT
from tests.engine.talk import ask, generate, last, started, text_of

REPOSITORY = Path(__file__).parents[2]
FOLDER = REPOSITORY / "packaging" / "demo_model"
MODULES = ("calendar_problems", "mix", "problems", "steps", "stories", "talk", "wordings")
KINDS = ("add", "subtract", "multiply", "divide", "word problem", "time", "date", "follow-up")


@pytest.fixture(scope="module")
def mix() -> Iterator[Any]:
    """The generator of the demo's problems."""
    sys.path.insert(0, str(FOLDER))
    yield importlib.import_module("mix")
    sys.path.remove(str(FOLDER))
    for name in MODULES:
        sys.modules.pop(name, None)


def test_it_is_small() -> None:
    assert demo_path().stat().st_size <= 8_000_000
    files = [path for path in DEMO_CHECKPOINT.iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 12_000_000


def test_the_file_is_what_convert_makes_of_the_checkpoint(tmp_path: Path) -> None:
    made = converted(open_source(DEMO_CHECKPOINT), tmp_path / "demo.gguf", quant="Q8_0")
    shipped = hashlib.sha256(demo_path().read_bytes()).hexdigest()
    assert list(made.sha256) == [shipped]


def test_k_quants_apply() -> None:
    header = read_header(demo_path())
    matrices = [tensor for tensor in header.tensors if len(tensor.shape) == 2]
    assert len(matrices) > 30
    assert all(tensor.shape[0] % 256 == 0 for tensor in matrices)
    assert header.architecture == "qwen2"
    assert header.metadata["general.license"] == "mit"


def test_the_tokenizer_spells_every_byte() -> None:
    vocabulary = json.loads((DEMO_CHECKPOINT / "tokenizer.json").read_text("utf-8"))["model"]
    single = [token for token in vocabulary["vocab"] if len(token) == 1]
    assert len(single) == 256


def test_the_wheel_carries_it_and_stays_small(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.stat().st_size < 12_000_000
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read("localr1/demo/localr1-demo.gguf") == demo_path().read_bytes()


def test_the_card_says_what_was_measured() -> None:
    card = (FOLDER / "MODEL_CARD.md").read_text("utf-8")
    for kind in ("add", "subtract", "logic", "follow-up", "reasoning closed at once"):
        assert re.search(rf"^\| {kind}\b", card, re.MULTILINE), kind
    assert (DEMO_CHECKPOINT / "README.md").read_text("utf-8") == card


@pytest.fixture
async def client(demo: Path, tmp_path: Path) -> AsyncIterator[EngineClient]:
    client = await started(demo, tmp_path / "logs")
    yield client
    await client.close()


async def test_it_solves_problems_that_it_was_not_trained_on(
    client: EngineClient, mix: Any
) -> None:
    """The short form of evaluate.py: three problems of each of these kinds, greedily."""
    problems = mix.held_out_problems(4711, KINDS, 3 * len(KINDS))
    right = closed = 0
    for problem in problems:
        events = await ask(client, generate(client, *_messages(problem), temperature=0.0))
        boxes = re.findall(r"\\boxed\{([^{}]*)\}", text_of(events, Answer))
        right += bool(boxes) and boxes[-1] == problem.expected
        closed += last(events, Done).reasoning_ended_by == "closed"
    assert closed == len(problems)
    assert right >= 0.85 * len(problems)


def _messages(problem: Any) -> list[Message]:
    """The earlier turns and the question."""
    messages = []
    for question, answer in problem.history:
        messages += [user_message(question), Message("assistant", (TextPart(answer),), "stop")]
    return [*messages, user_message(problem.question)]
