"""A model file looked at before anything native sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from localr1.chat.prompt import ChatFormat, choose_format
from localr1.engine.sampling import Sampling, choose_sampling
from localr1.errors import UsageError
from localr1.models.reference import ModelReference
from localr1.settings import Settings
from localr1.terminal_text import clean

if TYPE_CHECKING:
    from localr1.gguf_header import GgufHeader


class ModelFile(NamedTuple):
    """A model file that was checked; a transcript has no header."""

    name: str
    chat: ChatFormat
    sampling: Sampling
    settings: Settings
    """With those of this model."""
    notices: list[tuple[str, str]]
    """Kind and sentence of what a person should know."""
    header: GgufHeader | None = None


def read_model_file(reference: ModelReference, settings: Settings) -> ModelFile:
    """Check the file; choose how its model is spoken to and how its replies are drawn.

    Raises:
        Localr1Error: it is not a file that can be run.
    """
    if reference.kind == "transcript":
        chat = ChatFormat(style="r1", thinks=True)
        return ModelFile(reference.name, chat, choose_sampling(chat, settings), settings, [])
    from localr1.chat.guards import load_notices, prefix_notices
    from localr1.gguf_header import read_header

    header = read_header(reference.path)
    settings = settings.for_model(*model_names(reference, header))
    chosen = choose_format(header)
    chat = _with_asked(chosen.format, settings)
    sampling = choose_sampling(chat, settings)
    notices = [
        *chosen.notices,
        *(("file", warning) for warning in header.warnings),
        *prefix_notices(chat, header.chat_template),
        *load_notices(chat, temperature=sampling.temperature, system=settings.system),
    ]
    return ModelFile(header.name, chat, sampling, settings, notices, header)


def with_settings(file: ModelFile, reference: ModelReference, settings: Settings) -> ModelFile:
    """The file under other settings, as far as they hold without loading it again.

    Raises:
        UsageError: a setting that this model cannot go with.
    """
    if file.header is not None:
        settings = settings.for_model(*model_names(reference, file.header))
    _check_closing(settings.closing_sentence or "", file.chat)
    return file._replace(settings=settings, sampling=choose_sampling(file.chat, settings))


def model_names(reference: ModelReference, header: GgufHeader) -> tuple[str, ...]:
    """What the table of a model in the settings file may be called."""
    return reference.name, header.name, reference.path.name


def _with_asked(chat: ChatFormat, settings: Settings) -> ChatFormat:
    if settings.reasoning_tags is not None:
        opened, closed = reasoning_tags(settings.reasoning_tags)
        chat = msgspec.structs.replace(chat, open_tag=opened, close_tag=closed, thinks=True)
    if settings.force_thinking:
        chat = msgspec.structs.replace(chat, force_thinking=True, thinks=True)
    _check_closing(settings.closing_sentence or "", chat)
    return chat


def _check_closing(sentence: str, chat: ChatFormat) -> None:
    """A tag in it would end the thought before the sentence does."""
    for tag in (chat.open_tag, chat.close_tag):
        if tag in sentence:
            raise UsageError(f"closing_sentence must not hold the tag {tag}", "leave the tag out")


def reasoning_tags(text: str) -> tuple[str, str]:
    """The opening and the closing tag of the setting.

    Raises:
        UsageError: these are not two different words that a terminal could show.
    """
    tags = text.split()
    if len(tags) != 2 or tags[0] == tags[1]:
        raise UsageError(
            "reasoning_tags must be two different words", "for example `<think> </think>`"
        )
    if clean(text) != text:
        raise UsageError("reasoning_tags must not hold control characters", "type the tags anew")
    return tags[0], tags[1]
