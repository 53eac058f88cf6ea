"""A conversation with one model: plan, engine and history behind one object without a UI."""

from localr1.session.chat_session import ChatSession

__all__ = ["ChatSession"]
