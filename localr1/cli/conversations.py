"""Opening the history for a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from localr1 import paths
from localr1.cli.output import Printer
from localr1.errors import ConversationNotFound, StorageError, UsageError

if TYPE_CHECKING:
    from localr1.history.store import Conversation, HistoryStore
    from localr1.settings import Settings


class Opened(NamedTuple):
    """What a command talks in."""

    conversation: Conversation | None = None
    """None when nothing is kept."""
    store: HistoryStore | None = None


def open_conversation(
    settings: Settings,
    model_name: str,
    printer: Printer,
    *,
    latest: bool,
    identity: str | None,
    session_opens: bool = False,
) -> Opened:
    """The conversation to write to, and all others.

    A history that cannot be used is told and done without, unless a stored conversation was
    asked for. With `session_opens`, `ChatSession.open_history` opens it for a new conversation,
    and tells what there is to tell.

    Raises:
        ConversationNotFound: the one asked for is not there.
        UsageError: it was asked for together with --no-history.
    """
    asked = latest or identity is not None
    if settings.save_history is False:
        if asked:
            raise UsageError("--no-history cannot go with --continue or --conversation")
        return Opened()
    from localr1.history.store import HistoryStore  # completing a line needs no history

    try:
        store = HistoryStore(
            paths.history_file(), paths.locks_folder(), opens_later=session_opens and not asked
        )
        if store.notice and not session_opens:
            printer.line(store.notice)
        if not asked:
            return Opened(store.create(model_name), store)
        found = identity or store.latest()
        if found is None:
            raise ConversationNotFound("there is no conversation to continue yet")
        return Opened(store.open(found), store)
    except ConversationNotFound:
        raise
    except StorageError as error:
        if asked:
            raise
        printer.line(f"{error.message}. You can go on; this chat is not stored.")
        return Opened()


@contextmanager
def open_history(printer: Printer) -> Iterator[HistoryStore]:
    """The history, closed at the end; a repair is told.

    Raises:
        StorageError: it cannot be opened.
    """
    from localr1.history.store import HistoryStore

    store = HistoryStore(paths.history_file(), paths.locks_folder())
    try:
        if store.notice:
            printer.line(store.notice)
        yield store
    finally:
        store.close()
