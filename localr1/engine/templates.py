"""Prompts for models with a template of their own.

llama.cpp recognises common templates by marks in their text and renders them itself; nothing
of the file is run. All others, and those that mention a reasoning block (which llama.cpp's
renderings lose), are run as Jinja in a child process with limits on time, memory and output.
Messages go in as unguessable placeholders and are put back as segments afterwards, so that a
template cannot read, change or drop them unnoticed.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

from localr1.chat.messages import Message
from localr1.chat.prompt import (
    ChatFormat,
    Segment,
    message_words,
    plain_segments,
    split_at_placeholders,
    system_into_question,
)
from localr1.engine.process_limits import (
    ADDRESS_SPACE_BYTES,
    CORE_BYTES,
    CPU_SECONDS,
    FILE_BYTES,
    limit_this_process,
)
from localr1.engine.worker_command import worker_command, worker_environment

TIME_LIMIT_SECONDS = 5
MEMORY_LIMIT_BYTES = 512 << 20
OUTPUT_LIMIT_BYTES = 4 << 20

BuiltinRenderer = Callable[[str, Sequence[tuple[str, str]]], str | None]


class TemplateRefused(Exception):
    """The template cannot be used; the message says why."""


class SpecialWords(NamedTuple):
    """Texts of the tokens that templates print by name."""

    bos: str
    eos: str


class RenderedPrompt(NamedTuple):
    """A prompt and what a person should know about it: (kind, sentence) pairs."""

    segments: list[Segment]
    notices: list[tuple[str, str]]


def render_with_template(
    messages: Sequence[Message], chat: ChatFormat, words: SpecialWords, builtin: BuiltinRenderer
) -> RenderedPrompt:
    """The prompt by the file's own template; by the plain form where that cannot be used."""
    template = chat.template or ""
    try:
        return RenderedPrompt(_render(messages, chat, words, builtin, template), [])
    except TemplateRefused:
        pass
    if any(message.role == "system" for message in messages):
        moved = system_into_question(messages)
        try:
            segments = _render(moved, chat, words, builtin, template)
        except TemplateRefused:
            pass
        else:
            sentence = "The system text was put before the first question."
            return RenderedPrompt(segments, [("system", sentence)])
    sentence = (
        "This file's prompt template cannot be used; a plain question-and-answer form is used."
    )
    return RenderedPrompt(
        plain_segments(messages, bos=words.bos, chat=chat), [("template", sentence)]
    )


def _render(
    messages: Sequence[Message],
    chat: ChatFormat,
    words: SpecialWords,
    builtin: BuiltinRenderer,
    template: str,
) -> list[Segment]:
    contents = {f"x{secrets.token_hex(16)}x": message_words(each, chat) for each in messages}
    turns = [(message.role, key) for message, key in zip(messages, contents, strict=True)]
    rendered = None if chat.thinks else builtin(template, turns)
    if rendered is None:
        rendered = _render_in_child(template, turns, words)
    segments = split_at_placeholders(rendered, contents)
    if segments is None:
        raise TemplateRefused("it drops, repeats or changes messages")
    return segments


def _render_in_child(template: str, turns: Sequence[tuple[str, str]], words: SpecialWords) -> str:
    request = {
        "template": template,
        "messages": [{"role": role, "content": content} for role, content in turns],
        "bos_token": words.bos,
        "eos_token": words.eos,
    }
    try:
        child = subprocess.run(
            worker_command("render-template"),
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=TIME_LIMIT_SECONDS + 1,
            env=worker_environment(),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TemplateRefused("it takes too long") from error
    if child.returncode != 0 or len(child.stdout) > OUTPUT_LIMIT_BYTES:
        raise TemplateRefused("it fails, or needs too much time or memory")
    return child.stdout.decode("utf-8", "replace")


def render_template_command() -> None:
    """Body of the hidden `render-template` command: one request on stdin, the text on stdout."""
    limit_this_process(
        {
            CPU_SECONDS: TIME_LIMIT_SECONDS,
            ADDRESS_SPACE_BYTES: MEMORY_LIMIT_BYTES,
            CORE_BYTES: 0,
            FILE_BYTES: 0,
        }
    )
    request = json.load(sys.stdin)
    from jinja2 import TemplateError
    from jinja2.ext import loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def raise_exception(reason: str) -> None:
        raise TemplateError(reason)

    # trim_blocks and lstrip_blocks: what transformers' apply_chat_template sets
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols]
    )
    environment.globals["raise_exception"] = raise_exception
    environment.globals["strftime_now"] = _strftime_now
    template = environment.from_string(request.pop("template"))
    text = template.render(**request, add_generation_prompt=True, enable_thinking=True)
    sys.stdout.buffer.write(text.encode("utf-8", "replace")[: OUTPUT_LIMIT_BYTES + 1])


def _strftime_now(layout: str) -> str:
    from datetime import datetime

    return datetime.now().strftime(layout)
