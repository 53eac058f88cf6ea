"""Quants as people and file names write them."""

from __future__ import annotations

import re
from typing import Final

_K: Final = r"K(?:_(?:S|M|L|XL|P))?"
_NAME: Final = (
    rf"(?:UD-)?(?:I?Q[1-8]_(?:[01]|{_K}|XXS|XS|NL|S|M)|BF16|F16|F32|TQ[12]_0|MXFP4(?:_MOE)?|NVFP4)"
)
_QUANT: Final = re.compile(_NAME, re.IGNORECASE)
_IN_FILE: Final = re.compile(rf"(?<![A-Za-z0-9]){_NAME}(?![A-Za-z0-9_])", re.IGNORECASE)
_SHORT: Final = {"Q3_K": "Q3_K_M", "Q4_K": "Q4_K_M", "Q5_K": "Q5_K_M"}


def quant_named(text: str) -> str | None:
    """The usual name of a quant, whatever the case; Q4_K means Q4_K_M. None where it is none."""
    if not _QUANT.fullmatch(text):
        return None
    name = text.upper()
    return _SHORT.get(name, name)


def quant_of_file(name: str) -> str | None:
    """The quant that a file's name ends with; None where it names none."""
    found = _IN_FILE.findall(name)
    return quant_named(found[-1]) if found else None
