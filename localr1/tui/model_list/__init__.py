"""The models screen without its widgets: what it lists, in which words, and how it finds out."""
