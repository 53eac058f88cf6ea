"""What a person is told about R1's use; a table of false alarms for worked examples."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localr1.chat.few_shot import TEXT_LIMIT_CHARACTERS, has_worked_examples
from localr1.chat.guards import load_notices, prefix_notices, question_notices
from localr1.chat.prompt import ChatFormat
from tests.few_shot_texts import FEW_SHOT, HONEST, LONG_INTERVIEW

TEMPLATES = Path(__file__).parents[1] / "data" / "templates"
R1 = ChatFormat(style="r1", thinks=True, takes_system=False)
R1_0528 = ChatFormat(style="r1", thinks=True)
THINKER = ChatFormat(style="template", template="x", thinks=True, open_tag="[THINK]")
PLAIN = ChatFormat(style="plain")

EXAMPLES = "Q: 2+2?\nA: 4\nQ: 3+3?\nA: 6\nQ: 4+4?\nA:"


@pytest.mark.parametrize(
    ("chat", "temperature", "system", "kinds"),
    [
        (R1, 0.6, None, []),
        (R1, 0.0, None, ["greedy"]),
        (R1, 0.29, None, ["greedy"]),
        (R1, 0.3, None, []),
        (R1, 5.0, None, []),
        (THINKER, 0.0, "Be brief.", ["greedy"]),
        (PLAIN, 0.0, "Be brief.", []),
        (R1, 0.6, "Be brief.", ["system_prompt"]),
        (R1, 0.6, " \n", []),
        (R1, 0.6, "", []),
        (R1_0528, 0.6, "Be brief.", []),
        (R1, 0.0, "Be brief.", ["greedy", "system_prompt"]),
    ],
)
def test_what_is_told_when_a_model_is_loaded(
    chat: ChatFormat, temperature: float, system: str | None, kinds: list[str]
) -> None:
    notices = load_notices(chat, temperature=temperature, system=system)
    assert [kind for kind, _ in notices] == kinds


def test_sentences_say_what_the_authors_advise() -> None:
    greedy, system = load_notices(R1, temperature=0, system="Be brief.")
    assert greedy.sentence.startswith("Temperature 0: ")
    assert "0.6 (0.5 to 0.7)" in greedy.sentence
    assert "in front of the first question" in system.sentence
    (few_shot,) = question_notices(R1, EXAMPLES)
    assert few_shot.kind == "few_shot"
    assert "describe the task" in few_shot.sentence


def test_worked_examples_matter_to_a_model_that_thinks_only() -> None:
    assert question_notices(THINKER, EXAMPLES)
    assert not question_notices(PLAIN, EXAMPLES)
    assert not question_notices(R1, "What is 4+4?")


def test_a_template_that_does_not_open_the_block() -> None:
    first, later = (
        (TEMPLATES / f"deepseek-r1-distill-{name}.jinja").read_text("utf-8")
        for name in ("first-release", "qwen-32b")
    )
    (notice,) = prefix_notices(R1, first)
    assert notice.kind == "think_prefix"
    assert "<think>" in notice.sentence
    assert prefix_notices(R1, later) == []
    assert prefix_notices(R1, None) == []
    assert prefix_notices(THINKER, first) == []


def test_every_sentence_is_one_short_line() -> None:
    notices = [
        *load_notices(R1, temperature=0.123456789, system="x"),
        *question_notices(R1, EXAMPLES),
        *prefix_notices(R1, "x"),
    ]
    for notice in notices:
        assert notice is not None
        assert "\n" not in notice.sentence
        assert len(notice.sentence) <= 160


# ---- worked examples -----------------------------------------------------------------------


@pytest.mark.parametrize("text", FEW_SHOT.values(), ids=FEW_SHOT.keys())
def test_worked_examples_are_seen(text: str) -> None:
    assert has_worked_examples(text)


@pytest.mark.parametrize("text", HONEST.values(), ids=HONEST.keys())
def test_honest_text_is_left_alone(text: str) -> None:
    assert not has_worked_examples(text)


def test_the_table_is_large() -> None:
    assert len(HONEST) >= 40
    assert len(FEW_SHOT) >= 30


def test_attached_files_do_not_count() -> None:
    attached = f"[file name]: faq.txt\n[file content begin]\n{EXAMPLES}\n[file content end]\n"
    assert not has_worked_examples(attached + "Summarise this.")
    assert not has_worked_examples(attached)
    assert has_worked_examples(attached + EXAMPLES)
    assert not has_worked_examples(f"[file content begin]\n{EXAMPLES}")


@pytest.mark.parametrize("fence", ["```", "~~~", "  ```"])
def test_code_does_not_count(fence: str) -> None:
    assert not has_worked_examples(f"Explain:\n{fence}text\n{EXAMPLES}\n{fence}")
    assert has_worked_examples(f"{fence}\ncode\n{fence}\n{EXAMPLES}")


def test_a_long_document_does_not_count() -> None:
    assert not has_worked_examples("word " * (TEXT_LIMIT_CHARACTERS // 5) + "\n" + EXAMPLES)
    assert not has_worked_examples(LONG_INTERVIEW)


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert has_worked_examples(text) in (True, False)


@pytest.mark.parametrize(
    "unit",
    [
        *("Q:", "Q: A: ", "[file content begin]", "```\n", " ", "\n", "# # # ", "a -> b\n", "问："),
        *("A: b\n", "<example", "Input 1 ", "A" * 30 + " ", "_" * 12 + "Q", "explain the "),
    ],
)
def test_hostile_text_is_read_to_its_end(unit: str) -> None:
    """Anything worse than linear work would not end at this size."""
    for size in (TEXT_LIMIT_CHARACTERS, 1 << 20):
        assert has_worked_examples(unit * (size // len(unit))) in (True, False)
