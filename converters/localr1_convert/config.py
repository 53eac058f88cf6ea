"""Typed access to a checkpoint's config.json, which is untrusted."""

from __future__ import annotations

import math
from typing import Any

from localr1.errors import ModelRefused
from localr1.terminal_text import clean_line

_LARGEST = (1 << 31) - 1


class Config:
    """Reads values by name; a value of the wrong kind is refused with its name."""

    def __init__(self, values: dict[str, Any], where: str = "config.json") -> None:
        self.values = values
        self._where = where

    def whole(self, name: str, default: int | None = None, low: int = 1) -> int:
        """A whole number from `low` to 2^31 - 1.

        Raises:
            ModelRefused: absent without a default, or not such a number.
        """
        value = self._value(name, default)
        if type(value) is not int or not low <= value <= _LARGEST:
            raise self._wrong(name, value, "a positive whole number")
        return value

    def number(self, name: str, default: float | None = None) -> float:
        """A finite number.

        Raises:
            ModelRefused: absent without a default, or not such a number.
        """
        value = self._value(name, default)
        if type(value) not in (int, float) or not math.isfinite(value):
            raise self._wrong(name, value, "a number")
        return float(value)

    def flag(self, name: str, default: bool) -> bool:
        """True or false.

        Raises:
            ModelRefused: something else.
        """
        value = self._value(name, default)
        if type(value) is not bool:
            raise self._wrong(name, value, "true or false")
        return value

    def text(self, name: str) -> str | None:
        """A text, or None where it is absent.

        Raises:
            ModelRefused: something else.
        """
        value = self.values.get(name)
        if value is not None and not isinstance(value, str):
            raise self._wrong(name, value, "a text")
        return value

    def section(self, name: str) -> Config | None:
        """A nested object, or None where it is absent.

        Raises:
            ModelRefused: something else.
        """
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self._wrong(name, value, "an object")
        return Config(value, f"{self._where}: {name}")

    def has(self, name: str) -> bool:
        """Whether the value is there and not null."""
        return self.values.get(name) is not None

    def _value(self, name: str, default: Any) -> Any:
        value = self.values.get(name)
        return default if value is None else value

    def _wrong(self, name: str, value: Any, wanted: str) -> ModelRefused:
        if value is None:
            return ModelRefused(f"{self._where} does not give {name}")
        return ModelRefused(
            f"{self._where}: {name} is {clean_line(repr(value), 40)}, {wanted} is needed"
        )
