"""Which settings could be, and which of those that fit is best."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from localr1.hardware.estimate import PLAIN_TYPES, LoadSettings, scores_bytes
from localr1.hardware.kv_types import KvType
from localr1.hardware.model_sizes import ModelSizes
from localr1.hardware.placement import Placement, Places, place

WINDOWS = (32_768, 24_576, 16_384, 12_288, 8_192, 6_144, 4_096, 3_072, 2_048)
"""Tokens. R1's authors let it write up to 32,768; more is for those who ask for it."""

UNTOLD_WINDOW = 4_096
"""For a file that does not say which window its model was trained with."""

LEAST_WINDOW = 8_192
"""Below this a long thought does not end in an answer: the last thing to be given up."""

GOOD_WINDOW = 16_384
"""Up to this a KV cache of 8 bits is worth its small loss."""

SCORES_LIMIT_BYTES = 512 << 20
"""Most that attention scores may take without flash attention."""

CPU_UBATCH, GPU_UBATCH = 256, 512
"""Prompt tokens processed at once: progress is told, and a stop obeyed, that often."""


class Asked(NamedTuple):
    """What a person fixed; None leaves the choice."""

    n_ctx: int | None = None
    n_gpu_layers: int | None = None
    """-1: all of them."""
    type_k: KvType | None = None
    type_v: KvType | None = None
    flash_attn: str | None = None
    n_ubatch: int | None = None


class Candidate(NamedTuple):
    """Settings that fit, and where the layers then are."""

    settings: LoadSettings
    placement: Placement

    @property
    def rank(self) -> tuple[int | bool, ...]:
        """What makes one better than another, the weightiest first.

        Layers on a GPU go before a longer window, but for the window that thinking needs. Every
        part is about what is gained, so more memory can only raise the best rank.
        """
        n_ctx = self.settings.n_ctx
        return (
            min(n_ctx, LEAST_WINDOW),
            self.placement.n_gpu_layers,
            n_ctx >= GOOD_WINDOW,
            self.settings.type_k in PLAIN_TYPES and self.settings.type_v in PLAIN_TYPES,
            n_ctx,
            self.settings.whole_window,
            not self.settings.flash_attention,
        )


def best(model: ModelSizes, asked: Asked, where: Places) -> Candidate | None:
    """The best settings that fit; None where nothing does."""
    found = list(fitting(model, asked, where))
    return max(found, key=lambda candidate: candidate.rank) if found else None


def fitting(model: ModelSizes, asked: Asked, where: Places) -> Iterator[Candidate]:
    """Every choice of settings that fits."""
    most, least = layer_limits(model, asked, where)
    on_gpu = most > 0 and any(each.usable_bytes > 0 for each in where.devices)
    for settings in choices(model, asked, on_gpu=on_gpu):
        placement = place(model, settings, where, most, least)
        if placement is not None and _attention_suits(model, settings, asked, placement):
            yield Candidate(settings, placement)


def choices(model: ModelSizes, asked: Asked, *, on_gpu: bool) -> Iterator[LoadSettings]:
    """All settings that could be tried, whether they fit or not."""
    for n_ctx in windows(model, asked):
        for type_k, type_v in _kv_types(asked):
            for flash in _attentions(asked, type_v, on_gpu=on_gpu):
                for whole in (True, False) if any(model.windowed) else (True,):
                    n_ubatch = asked.n_ubatch or (GPU_UBATCH if on_gpu else CPU_UBATCH)
                    yield LoadSettings(n_ctx, n_ubatch, type_k, type_v, flash, whole)


def windows(model: ModelSizes, asked: Asked) -> Sequence[int]:
    """Windows to be tried, in tokens, the longest first."""
    if asked.n_ctx is not None:
        return (asked.n_ctx,)
    trained = model.n_ctx_train or UNTOLD_WINDOW
    shorter = [n_ctx for n_ctx in WINDOWS if n_ctx < trained]
    return [trained, *shorter] if trained <= WINDOWS[0] else WINDOWS


def layer_limits(model: ModelSizes, asked: Asked, where: Places) -> tuple[int, int]:
    """The most layers that may, and the least that must be on devices."""
    everything = model.n_layer + 1 if where.devices else 0
    if asked.n_gpu_layers is None:
        return everything, 0
    wanted = everything if asked.n_gpu_layers < 0 else min(asked.n_gpu_layers, everything)
    return wanted, wanted


def _kv_types(asked: Asked) -> list[tuple[KvType, KvType]]:
    automatic: tuple[KvType, ...] = ("f16", "q8_0")
    kinds = [(asked.type_k or kind, asked.type_v or kind) for kind in automatic]
    if asked.flash_attn == "off" and not asked.type_v:  # a quantized V cache needs it
        kinds = [(type_k, "f16") for type_k, _ in kinds]
    return list(dict.fromkeys(kinds))


def _attentions(asked: Asked, type_v: str, *, on_gpu: bool) -> tuple[bool, ...]:
    if asked.flash_attn in ("on", "off"):
        return (asked.flash_attn == "on",)
    if type_v not in PLAIN_TYPES:
        return (True,)
    return (True, False) if not on_gpu else (True,)


def _attention_suits(
    model: ModelSizes, settings: LoadSettings, asked: Asked, placement: Placement
) -> bool:
    """Plain attention is for the CPU, and only while its scores stay small."""
    if settings.flash_attention or asked.flash_attn == "off":
        return True
    scores = scores_bytes(model, settings.n_ctx, settings.n_ubatch)
    return placement.n_gpu_layers == 0 and scores <= SCORES_LIMIT_BYTES
