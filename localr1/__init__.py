"""localr1: run a reasoning model on your own laptop, offline, in a terminal."""

__version__ = "0.1.0"
