"""Messages, the reasoning parser and prompts as segments; knows no engine and no interface."""
