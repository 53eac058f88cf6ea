"""Prompts as segments: which words are template and which are a person's or a model's.

Only template segments may become control tokens. R1's format is written here, not rendered
from the file: R1's own template prints exactly this, and a file's template is untrusted code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from localr1.chat.attachments import prompt_text
from localr1.chat.messages import Message, TextPart

if TYPE_CHECKING:
    from localr1.gguf_header import GgufHeader

USER_MARKER = "<｜User｜>"
ASSISTANT_MARKER = "<｜Assistant｜>"
END_MARKER = "<｜end▁of▁sentence｜>"

KNOWN_R1_TEMPLATES = frozenset(
    {
        # DeepSeek-R1-Distill-*, tokenizer_config.json of the first release (January 2025)
        "56571e803298c8644900d5f5f6e699d0f4683da3a3db4b953d1db7ccc442b95a",
        # the same files since February 2025: the prompt ends with an open <think>
        "c9328b177a8158a14129e110ae1165312569c19278e247154b59c5a14a2c4903",
        # llama.cpp's models/templates copy for the Qwen distills: knows enable_thinking
        "da5f155ec769f745992507f768df68310da068086833f09cabf7f1772e0d7b6f",
    }
)
"""SHA-256 of R1 templates after `_normalized`."""


REASONING_TAGS = (
    ("<think>", "</think>"),  # R1, Qwen3, QwQ, SmolLM3 and most others
    ("[THINK]", "[/THINK]"),  # Magistral
    ("<seed:think>", "</seed:think>"),  # Seed-OSS
    ("<thought>", "</thought>"),  # EXAONE Deep
)
"""What models put around their reasoning, as their own templates show."""


class ChatFormat(msgspec.Struct, frozen=True, kw_only=True):
    """How this model is spoken to; decided from the file's metadata before it is loaded."""

    style: Literal["r1", "template", "plain"]
    """R1's own format, the file's template, or a default for a file that has none."""
    template: str | None = None
    """The file's Jinja template, for style "template"."""
    open_tag: str = "<think>"
    close_tag: str = "</think>"
    thinks: bool = False
    """The model was trained to reason between the tags."""
    takes_system: bool = True
    """False where the authors advise against a system prompt: it goes into the first question."""
    force_thinking: bool = False
    """A prompt whose template leaves no block open gets one opened after it."""
    cut_runs: bool = False
    """The file names a pre-tokenizer that is not known to survive long runs of one character."""


class Segment(NamedTuple):
    """A stretch of the prompt."""

    text: str
    is_template: bool


class FormatChoice(NamedTuple):
    """A format and what a person should know about it: (kind, sentence) pairs."""

    format: ChatFormat
    notices: list[tuple[str, str]]


def choose_format(header: GgufHeader) -> FormatChoice:
    """How to speak to the model of this file."""
    template = header.chat_template
    cut_runs = not header.pre_tokenizer_is_safe
    if is_r1(header):
        # R1-0528-Qwen3-8B allows a system prompt (its model card); the older distills advise none.
        allows_system = header.architecture == "qwen3"
        chosen = ChatFormat(style="r1", thinks=True, takes_system=allows_system, cut_runs=cut_runs)
        return FormatChoice(chosen, _template_notices(template))
    if template:
        tags = next((tags for tags in REASONING_TAGS if any(tag in template for tag in tags)), None)
        open_tag, close_tag = tags or REASONING_TAGS[0]
        return FormatChoice(
            ChatFormat(
                style="template",
                template=template,
                open_tag=open_tag,
                close_tag=close_tag,
                thinks=tags is not None,
                cut_runs=cut_runs,
            ),
            [],
        )
    sentence = "This file has no prompt template; a plain question-and-answer form is used."
    return FormatChoice(ChatFormat(style="plain", cut_runs=cut_runs), [("template", sentence)])


def is_r1(header: GgufHeader) -> bool:
    """Whether the vocabulary has R1's turn markers and the template, if any, uses them."""
    if header.architecture not in ("qwen2", "llama", "qwen3"):
        return False
    if header.chat_template is not None and ASSISTANT_MARKER not in header.chat_template:
        return False
    tokens = header.tokens
    return USER_MARKER in tokens and ASSISTANT_MARKER in tokens and "<think>" in tokens


def _template_notices(template: str | None) -> list[tuple[str, str]]:
    if template is None or template_fingerprint(template) in KNOWN_R1_TEMPLATES:
        return []
    sentence = (
        "This file brings its own prompt template, different from the ones localr1 knows for R1. "
        "localr1 does not use it: it writes R1's format itself."
    )
    return [("template", sentence)]


def template_fingerprint(template: str) -> str:
    """SHA-256 of the template without white space that Jinja's trim markers may remove."""
    import hashlib  # it loads OpenSSL

    return hashlib.sha256(_normalized(template).encode("utf-8", "replace")).hexdigest()


def _normalized(template: str) -> str:
    text = re.sub(r"\{([%{])-?", r"{\1", template)
    text = re.sub(r"-?([%}])\}", r"\1}", text)
    text = re.sub(r"\s*(\{[%{])\s*", r"\1", text)
    text = re.sub(r"\s*([%}]\})\s*", r"\1", text)
    return re.sub(r"\s+", " ", text)


# ---- rendering -----------------------------------------------------------------------------


def r1_segments(messages: Sequence[Message], *, bos: str, chat: ChatFormat) -> list[Segment]:
    """R1's format: BOS, bare system text, marked turns, an open reasoning block at the end.

    Old replies keep only what follows their reasoning, as R1's template does, but for a thought
    that a person wants carried.
    """
    segments = [Segment(bos, True)]
    for message in messages if chat.takes_system else system_into_question(messages):
        if message.role == "system":
            segments.append(Segment(message.text, False))
        elif message.role == "user":
            segments += [Segment(USER_MARKER, True), *message_words(message, chat)]
        else:
            segments += [Segment(ASSISTANT_MARKER, True), *message_words(message, chat)]
            segments.append(Segment(END_MARKER, True))
    segments.append(Segment(f"{ASSISTANT_MARKER}{chat.open_tag}\n", True))
    return segments


def message_words(message: Message, chat: ChatFormat) -> list[Segment]:
    """The words of a message; before an answer its thought in tags, where that is carried.

    Files are words, too: of theirs nothing becomes a control token.
    """
    answer = Segment(prompt_text(message), False)
    thought = message.reasoning
    if message.role != "assistant" or thought is None or not thought.carried:
        return [answer]
    return [
        Segment(f"{chat.open_tag}\n", True),
        Segment(thought.text, False),
        Segment(f"\n{chat.close_tag}\n\n", True),
        answer,
    ]


def plain_segments(messages: Sequence[Message], *, bos: str, chat: ChatFormat) -> list[Segment]:
    """A default for models without a template: paragraphs that name the speaker."""
    names = {"system": "", "user": "User: ", "assistant": "Assistant: "}
    segments = [Segment(bos, True)]
    for message in messages:
        segments += [Segment(names[message.role], True), *message_words(message, chat)]
        segments.append(Segment("\n\n", True))
    segments.append(Segment("Assistant:", True))
    return segments


def system_into_question(messages: Sequence[Message]) -> list[Message]:
    """The messages with system text moved to the beginning of the first question."""
    system = "\n\n".join(message.text for message in messages if message.role == "system")
    rest = [message for message in messages if message.role != "system"]
    first = next((i for i, message in enumerate(rest) if message.role == "user"), None)
    if not system or first is None:
        return rest
    question = rest[first]
    parts = (TextPart(f"{system}\n\n"), *question.parts)
    rest[first] = msgspec.structs.replace(question, parts=parts)
    return rest


def split_at_placeholders(
    rendered: str, words: Mapping[str, Sequence[Segment]]
) -> list[Segment] | None:
    """The rendered prompt with each placeholder replaced by its words, as segments.

    Returns:
        None when a placeholder does not stand in the prompt exactly once: such a template
        drops, repeats or changes messages, and cannot be used.
    """
    segments: list[Segment] = []
    rest = rendered
    for placeholder, replacement in words.items():
        before, found, rest = rest.partition(placeholder)
        if not found or placeholder in rest:
            return None
        segments += [Segment(before, True), *replacement]
    segments.append(Segment(rest, True))
    return segments


def starts_in_reasoning(segments: Iterable[Segment], chat: ChatFormat) -> bool:
    """Whether the template's tail, after the last words of a message, leaves a block open."""
    tail = ""
    for segment in segments:
        tail = tail + segment.text if segment.is_template else ""
    return tail.rfind(chat.open_tag) > tail.rfind(chat.close_tag)
