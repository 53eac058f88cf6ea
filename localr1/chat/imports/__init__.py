"""Conversations of other programs, and of localr1's own exports, as plain values."""
