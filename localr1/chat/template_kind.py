"""Whose prompt template a model file brings, and what localr1 does with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from localr1.chat.prompt import KNOWN_R1_TEMPLATES, is_r1, template_fingerprint

if TYPE_CHECKING:
    from localr1.gguf_header import GgufHeader


class TemplateKind(NamedTuple):
    """What is known of a file's template."""

    kind: Literal["official", "own", "missing"]
    """One of DeepSeek's or llama.cpp's for R1, the file's own, or none."""
    is_used: bool
    """Whether prompts are rendered with it; R1's format is written by localr1 itself."""
    sentence: str
    fingerprint: str
    """SHA-256 without white space; empty without a template."""


def template_kind(header: GgufHeader) -> TemplateKind:
    """Whose template this is."""
    template = header.chat_template
    writes_r1 = is_r1(header)
    if template is None:
        instead = "R1's format" if writes_r1 else "a plain question-and-answer form"
        return TemplateKind("missing", False, f"none; localr1 uses {instead}", "")
    fingerprint = template_fingerprint(template)
    if fingerprint in KNOWN_R1_TEMPLATES:
        return TemplateKind("official", False, "official; localr1 writes its format", fingerprint)
    if writes_r1:
        sentence = "the file's own, different from the ones known for R1; it is not used"
        return TemplateKind("own", False, sentence, fingerprint)
    sentence = "the file's own; it is rendered in a process with limits"
    return TemplateKind("own", True, sentence, fingerprint)
