"""Markdown that arrives in pieces, turned into rows of styled text."""
