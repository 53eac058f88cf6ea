"""The Textual interface: screens and widgets over a ChatSession."""
