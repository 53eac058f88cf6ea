"""A JSON document of conversations: which program wrote it, and its elements one by one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from localr1.chat.exporting import json_form
from localr1.chat.exporting.tree import ConversationTree
from localr1.chat.imports import chatgpt, open_webui
from localr1.chat.imports.found import Found, LeftOut, Unreadable, misfit, name_of
from localr1.errors import ImportRefused

KNOWN_FORMS = "exports of localr1, ChatGPT and Open WebUI, and oterm's store.db"

_UTF_8_MARK = b"\xef\xbb\xbf"
_NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError)


class _Form(NamedTuple):
    source: str
    read: Callable[[dict[str, Any]], ConversationTree]
    """Raises Unreadable or msgspec.ValidationError."""


_OWN = _Form("localr1", json_form.tree_from_json)
_CHATGPT = _Form("ChatGPT", chatgpt.tree_of)
_OPEN_WEBUI = _Form("Open WebUI", open_webui.tree_of)


class _Signs(msgspec.Struct):
    """Fields by which a form is known; read without the rest of the conversation."""

    mapping: msgspec.Raw = msgspec.Raw()
    chat: msgspec.Raw = msgspec.Raw()
    history: msgspec.Raw = msgspec.Raw()


def conversations_in(document: bytes) -> Found:
    """The conversations of a document, each decoded when it is asked for.

    Raises:
        ImportRefused: it is not JSON, or of no form that is known.
    """
    elements, is_own = _elements(document.removeprefix(_UTF_8_MARK))
    if is_own:
        return Found(_OWN.source, _read_all(elements, lambda _: _OWN))
    form = next((form for form in map(_form_of, elements) if form), None)
    if form is None:
        what = "it is an empty list" if not elements else "its JSON is of no form that is known"
        raise ImportRefused(what, f"what can be imported: {KNOWN_FORMS}")
    return Found(form.source, _read_all(elements, _form_of))


def _elements(document: bytes) -> tuple[list[msgspec.Raw], bool]:
    """The conversations, still encoded, and whether localr1 wrote them."""
    if document.lstrip()[:1] == b"[":
        return _decoded(document, list[msgspec.Raw]), False
    fields = _decoded(document, dict[str, msgspec.Raw])
    version = fields.get("localr1_export")
    if version is None:
        return [msgspec.Raw(document)], False
    if bytes(version) != str(json_form.VERSION).encode():
        raise ImportRefused(
            "it was exported by a newer localr1, in a form that this one does not know",
            "install the newest localr1",
        )
    return _decoded(bytes(fields.get("conversations", b"")), list[msgspec.Raw]), True


def _decoded(document: bytes, type_: Any) -> Any:
    try:
        try:
            return msgspec.json.decode(document, type=type_)
        except msgspec.ValidationError as error:
            raise ImportRefused(
                "its JSON is of no form that is known", f"what can be imported: {KNOWN_FORMS}"
            ) from error
        except _NOT_JSON:
            mended = _without_half_characters(document)
            if mended == document:
                raise
            return msgspec.json.decode(mended, type=type_)
    except RecursionError as error:
        raise ImportRefused("its JSON is nested more deeply than any export's") from error
    except _NOT_JSON as error:
        raise ImportRefused(_what_is_wrong(document, error)) from error


def _what_is_wrong(document: bytes, error: Exception) -> str:
    if not document.strip():
        return "it is empty"
    if "truncated" in str(error):
        return "it is cut off: its JSON has no end"
    place = re.search(r"\(byte (\d+)\)", str(error))
    return f"it is not JSON, or damaged at byte {int(place[1]):,}" if place else "it is not JSON"


_ESCAPES = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


def _without_half_characters(document: bytes) -> bytes:
    """Escaped halves of characters, which a program cut apart, as replacement characters."""
    return _ESCAPES.sub(lambda match: rb"\ufffd" if match[1] else match[0], document)


def _form_of(element: msgspec.Raw) -> _Form | None:
    try:
        signs = msgspec.json.decode(element, type=_Signs)
    except (*_NOT_JSON, RecursionError):
        return None
    if signs.mapping:
        return _CHATGPT
    return _OPEN_WEBUI if signs.chat or signs.history else None


def _read_all(
    elements: Iterable[msgspec.Raw], form_of: Callable[[msgspec.Raw], _Form | None]
) -> Iterator[ConversationTree | LeftOut]:
    for number, element in enumerate(elements, 1):
        title: object = None
        try:
            form = form_of(element)
            values = msgspec.json.decode(element)
            if form is None or not isinstance(values, dict):
                raise Unreadable("it is of no form that is known")
            title = values.get("title")
            yield form.read(values)
        except Unreadable as error:
            yield LeftOut(name_of(number, title), str(error))
        except msgspec.ValidationError as error:
            yield LeftOut(name_of(number, title), misfit(error))
        except (*_NOT_JSON, RecursionError):
            yield LeftOut(name_of(number, title), "its JSON is damaged")
