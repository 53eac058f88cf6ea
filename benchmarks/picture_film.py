"""Screens of an interface as a film: an SVG that moves by CSS alone, also inside of an <img>."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.picture_rows import ROW, Picture, framed


class Frame(NamedTuple):
    """A screen and how long it is seen."""

    picture: Picture
    seconds: float


def film(frames: Sequence[Frame], title: str) -> str:
    """All frames below each other in one strip that moves on step by step, and begins anew.

    A row that is the same in several frames is there once. Who wants less movement sees the last
    frame.
    """
    frames = _merged(frames)
    first = frames[0].picture
    height = first.height * ROW
    total = sum(frame.seconds for frame in frames)
    names: dict[str, str] = {}
    strip, steps, elapsed = [], [], 0.0
    for number, (picture, seconds) in enumerate(frames):
        uses = [
            f'<use href="#{names.setdefault(row, f"r{len(names)}")}" y="{at * ROW}"/>'
            for at, row in enumerate(picture.rows)
            if row
        ]
        strip.append(f'<g transform="translate(0 {number * height})">{"".join(uses)}</g>')
        steps.append(f"{100 * elapsed / total:.2f}%{{transform:translateY(-{number * height}px)}}")
        elapsed += seconds
    last = (len(frames) - 1) * height
    style = (
        f"@keyframes strip{{{''.join(steps)}100%{{transform:translateY(-{last}px)}}}}"
        f".strip{{animation:strip {total:.2f}s step-end infinite}}"
        "@media (prefers-reduced-motion:reduce)"
        f"{{.strip{{animation:none;transform:translateY(-{last}px)}}}}"
    )
    rows = "\n".join(f'<g id="{name}">{row}</g>' for row, name in names.items())
    body = f'<defs>\n{rows}\n</defs>\n<g class="strip">\n' + "\n".join(strip) + "\n</g>"
    return framed(first, title, body, style)


def _merged(frames: Sequence[Frame]) -> list[Frame]:
    merged: list[Frame] = []
    for frame in frames:
        if merged and merged[-1].picture == frame.picture:
            merged[-1] = Frame(frame.picture, merged[-1].seconds + frame.seconds)
        else:
            merged.append(frame)
    return merged
