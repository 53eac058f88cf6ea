"""Conversations on disk, reasoning included."""
