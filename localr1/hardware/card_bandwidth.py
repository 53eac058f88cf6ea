"""How fast well-known graphics cards read their own memory, as their makers publish it.

Measuring it needs the engine and a model; for an estimate of speed before any model is here, the
published number does.
"""

from __future__ import annotations

import re

UNKNOWN_CARD = 200e9
"""Bytes a second, of a card that is not in the table: the slowest of those with 6 GB and more."""

_GIGABYTES_A_SECOND = {
    # NVIDIA GeForce
    "rtx 5090": 1792, "rtx 5080": 960, "rtx 5070 ti": 896, "rtx 5070": 672, "rtx 5060": 448,
    "rtx 4090": 1008, "rtx 4080": 717, "rtx 4070 ti": 504, "rtx 4070": 504, "rtx 4060": 272,
    "rtx 3090": 936, "rtx 3080": 760, "rtx 3070": 448, "rtx 3060": 360, "rtx 3050": 224,
    "rtx 2080 ti": 616, "rtx 2080": 448, "rtx 2070": 448, "rtx 2060": 336,
    "gtx 1080 ti": 484, "gtx 1080": 320, "gtx 1070": 256, "gtx 1660": 192, "gtx 1060": 192,
    # NVIDIA for workstations and servers
    "rtx 6000 ada": 960, "rtx a6000": 768, "rtx a5000": 768, "rtx a4000": 448,
    "h200": 4800, "h100 80gb hbm3": 3350, "h100 nvl": 3938, "h100": 2000, "a100": 1555,
    "l40": 864, "l4": 300, "a10": 600, "t4": 320,
    # AMD
    "rx 9070": 640, "rx 7900 xtx": 960, "rx 7900 xt": 800, "rx 7800 xt": 624, "rx 7700 xt": 432,
    "rx 7600": 288, "rx 6900 xt": 512, "rx 6800": 512, "rx 6700 xt": 384, "rx 6600": 224,
    # Intel
    "arc a770": 512, "arc a750": 512, "arc b580": 456,
    # Apple, shared with the processor; the smaller of two where a name has two
    "m1 ultra": 800, "m1 max": 400, "m1 pro": 200, "m1": 68,
    "m2 ultra": 800, "m2 max": 400, "m2 pro": 200, "m2": 100,
    "m3 ultra": 819, "m3 max": 300, "m3 pro": 150, "m3": 100,
    "m4 max": 410, "m4 pro": 273, "m4": 120,
}  # fmt: skip
_LAPTOP = re.compile(r"laptop|mobile|max-q", re.IGNORECASE)
"""Their cards have the names of faster ones."""
_LAPTOP_SHARE = 0.6


def card_bandwidth(description: str) -> float | None:
    """Bytes a second of the card with this description; None where it is not known."""
    words = f" {' '.join(re.split(r'[^a-z0-9]+', description.lower()))} "
    known = [name for name in _GIGABYTES_A_SECOND if f" {name} " in words]
    if not known:
        return None
    share = _LAPTOP_SHARE if _LAPTOP.search(description) else 1.0
    return _GIGABYTES_A_SECOND[max(known, key=len)] * 1e9 * share
