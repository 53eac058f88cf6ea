"""A model's own template: rendered by llama.cpp or in a limited child, and never trusted."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from localr1.chat.messages import Message, TextPart, user_message
from localr1.chat.prompt import ChatFormat
from localr1.engine.native import apply_builtin_template
from localr1.engine.templates import RenderedPrompt, SpecialWords, render_with_template

WORDS = SpecialWords(bos="<s>", eos="</s>")
CHATML = (
    "{% for m in messages %}{{'<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n'}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
OWN = (
    "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}"
)
NO_SYSTEM = (
    "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no') }}{% endif %}"
    "({{ m.content }}){% endfor %}"
)

CONVERSATION = [
    user_message("Hi {{ 7 * 7 }}"),
    Message("assistant", (TextPart("Yo"),)),
    user_message("Bye"),
]


def no_builtin(template: str, turns: Sequence[tuple[str, str]]) -> str | None:
    return None


def render(template: str, messages: Sequence[Message], *, thinks: bool = False) -> RenderedPrompt:
    chat = ChatFormat(style="template", template=template, thinks=thinks)
    return render_with_template(messages, chat, WORDS, apply_builtin_template)


def text_of(prompt: RenderedPrompt) -> str:
    return "".join(segment.text for segment in prompt.segments)


def words_of(prompt: RenderedPrompt) -> list[str]:
    return [segment.text for segment in prompt.segments if not segment.is_template]


def test_known_templates_are_rendered_by_llama_cpp() -> None:
    prompt = render(CHATML, CONVERSATION)
    assert text_of(prompt) == (
        "<|im_start|>user\nHi {{ 7 * 7 }}<|im_end|>\n<|im_start|>assistant\nYo<|im_end|>\n"
        "<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n"
    )
    assert words_of(prompt) == ["Hi {{ 7 * 7 }}", "Yo", "Bye"]
    assert prompt.notices == []


def test_other_templates_are_rendered_as_jinja() -> None:
    prompt = render(OWN, CONVERSATION)
    assert text_of(prompt) == "<s>[user]Hi {{ 7 * 7 }}[assistant]Yo[user]Bye[assistant]"
    assert words_of(prompt) == ["Hi {{ 7 * 7 }}", "Yo", "Bye"]


def test_a_thinking_template_keeps_its_open_block() -> None:
    prompt = render(
        CHATML.replace("assistant\n'", "assistant\n<think>\n'"), CONVERSATION, thinks=True
    )
    assert text_of(prompt).endswith("<|im_start|>assistant\n<think>\n")


def test_system_text_that_a_template_refuses_goes_into_the_question() -> None:
    messages = [Message("system", (TextPart("Be brief."),)), user_message("Hi")]
    prompt = render(NO_SYSTEM, messages)
    assert text_of(prompt) == "(Be brief.\n\nHi)"
    assert [kind for kind, _ in prompt.notices] == ["system"]


HOSTILE = {
    "escapes the sandbox": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "reads a file": "{% include '/etc/passwd' %}",
    "imports": "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "drops the question": "{% for m in messages if m.role != 'user' %}{{ m.content }}{% endfor %}",
    "repeats it": "{% for m in messages %}{{ m.content }}{{ m.content }}{% endfor %}",
    "changes it": "{% for m in messages %}{{ m.content|upper }}{% endfor %}",
    "does not compile": "{% for %}",
    "raises": "{{ raise_exception('never') }}",
    "counts for ever": "{% for i in range(99999) %}" * 2 + "{% endfor %}" * 2,
    "eats memory": "{{ 'a' * 9000000000 }}",
    "eats memory while it compiles": "{{ '%2000000000d'|format(1) }}",
    "writes too much": "{{ messages[0].content }}{{ 'abcdefgh' * 900000 }}",
    "recurses": "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_templates_cost_a_notice_and_no_more(name: str, tmp_path: Path) -> None:
    chat = ChatFormat(style="template", template=HOSTILE[name])
    started = time.monotonic()
    prompt = render_with_template(CONVERSATION, chat, WORDS, no_builtin)
    assert time.monotonic() - started < 30
    assert [kind for kind, _ in prompt.notices] == ["template"]
    assert words_of(prompt) == ["Hi {{ 7 * 7 }}", "Yo", "Bye"]


def test_messages_are_unguessable_inside_the_template() -> None:
    spy = "{% if 'secret' in messages[0].content %}FOUND{% endif %}{{ messages[0].content }}"
    prompt = render(spy, [user_message("my secret")])
    assert text_of(prompt) == "my secret"
