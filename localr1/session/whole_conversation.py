"""The conversation of a session with all its branches, whether it is kept or not."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from localr1.chat.exporting.tree import ConversationTree, in_a_line

if TYPE_CHECKING:
    from localr1.session.chat_session import ChatSession


async def whole_conversation(session: ChatSession) -> ConversationTree:
    """As it is exported; of one that is not kept there is only what is shown.

    Raises:
        StorageError: the history cannot be read.
    """
    kept, identity = session.conversations, session.conversation_id
    if kept is not None and identity is not None and session.messages:
        return await kept.whole(identity)
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return ConversationTree(
        id="",
        title=session.title,
        model=session.model_name,
        created_at=now,
        updated_at=now,
        messages=in_a_line(session.messages),
        shown=len(session.messages) - 1 if session.messages else None,
    )
