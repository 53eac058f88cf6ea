"""The commands of the model library: list, show, import, rm, verify, where."""
