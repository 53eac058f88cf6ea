"""What a person should be told once when a reasoning model is used against its authors' advice.

The advice is from DeepSeek-R1's README (usage recommendations) and paper (section 5 on prompts).
Each notice is a (kind, sentence) pair; kinds are stable, so that each is told once a conversation.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from localr1.chat.few_shot import has_worked_examples
from localr1.chat.prompt import ASSISTANT_MARKER, ChatFormat

GuardKind = Literal["greedy", "system_prompt", "few_shot", "think_prefix"]

NEARLY_GREEDY = 0.3
"""Below this a token half as likely as the likeliest is drawn less than a tenth as often.

A share p is drawn in proportion to p^(1/temperature): 2 to 1 becomes 3 to 1 at R1's 0.6 and
10 to 1 at 0.3. That is nearly greedy choice, which R1's authors saw repeat itself without end.
"""


class Notice(NamedTuple):
    """Something to be told once in a conversation."""

    kind: GuardKind
    sentence: str


def load_notices(chat: ChatFormat, *, temperature: float, system: str | None) -> list[Notice]:
    """What is known before the first question: of sampling and of the system prompt."""
    notices = []
    if chat.thinks and temperature < NEARLY_GREEDY:
        sentence = (
            f"Temperature {temperature:g}: models that think tend to repeat themselves without end "
            "when greedy; R1's authors advise 0.6 (0.5 to 0.7)."
        )
        notices.append(Notice("greedy", sentence))
    if not chat.takes_system and system and system.strip():
        sentence = (
            "R1's authors advise against a system prompt: "
            "yours goes in front of the first question."
        )
        notices.append(Notice("system_prompt", sentence))
    return notices


def question_notices(chat: ChatFormat, text: str) -> list[Notice]:
    """What is known of one question; attached files in it do not count."""
    if not chat.thinks or not has_worked_examples(text):
        return []
    sentence = (
        "This question holds worked examples, which make R1's answers worse; its authors advise to "
        "describe the task and the form of the answer instead."
    )
    return [Notice("few_shot", sentence)]


def prefix_notices(chat: ChatFormat, template: str | None) -> list[Notice]:
    """Of an R1 distill whose own template does not open the reasoning block.

    The first release did not; R1's authors then advised to begin every reply with the tag, and
    changed it. localr1 writes R1's format itself, so there is nothing to do.
    """
    if chat.style != "r1" or template is None or f"{ASSISTANT_MARKER}{chat.open_tag}" in template:
        return []
    sentence = (
        f"This file's template does not begin replies with {chat.open_tag}, as R1's authors "
        "advise; localr1 does."
    )
    return [Notice("think_prefix", sentence)]
