"""What the first screen says of models that can be fetched: the advised one, then all others."""

from __future__ import annotations

from collections.abc import Sequence

from localr1.models.offline import OFFLINE
from localr1.tui.entries import Entry
from localr1.tui.marks import one_line
from localr1.tui.model_list.phrases import short_name, speed_words
from localr1.tui.model_list.rows import Fit, Offer
from localr1.tui.widgets.notes import sentence
from localr1.units import download_size

ADVISED, FAMILY = "Advised for this computer", "Real reasoning models, to be fetched"
NONE_FITS = "None of them fits into this computer's memory now."
_BITS_A_SECOND = 100_000_000
"""A usual connection, for saying how long a download takes."""


def advised(offer: Offer) -> list[Entry]:
    """The model to take, why, and what that takes."""
    name = short_name(offer.name, offer.quant)
    told = (f"{name} {one_line(offer.quant, 12)}", _taken(offer), *_running(offer.fit))
    return [
        Entry(ADVISED, kind="heading"),
        Entry(", ".join(told)),
        Entry(f"{sentence(one_line(offer.reason))}.", kind="quiet"),
        Entry("Ctrl+F fetches it; what is chosen above opens meanwhile.", kind="command"),
    ]


def family(offers: Sequence[Offer], *, is_offline: bool) -> list[Entry]:
    """All models, each with its size and whether it fits, as far as that is known."""
    entries = [Entry(FAMILY, kind="heading")]
    if is_offline:
        entries.append(Entry(OFFLINE, kind="quiet"))
    usual = [offer for offer in offers if offer.is_usual]
    for offer in usual:
        told = (download_size(offer.size_bytes), *_running(offer.fit), one_line(offer.quality, 40))
        name = short_name(offer.name, offer.quant)
        entries.append(Entry(", ".join(part for part in told if part), name))
    if usual and all(offer.fit is not None and not offer.fit.fits for offer in usual):
        entries.append(Entry(NONE_FITS, kind="quiet"))
    return [*entries, Entry("/models in the chat fetches any of them.", kind="quiet")]


def _running(fit: Fit | None) -> list[str]:
    if fit is None:
        return []
    if not fit.fits:
        return ["does not fit"]
    return [f"window {fit.n_ctx:,}", *([speed_words(fit.tps)] if fit.tps else [])]


def _taken(offer: Offer) -> str:
    minutes = max(1, round(offer.size_bytes * 8 / _BITS_A_SECOND / 60))
    return f"{download_size(offer.size_bytes)} (about {minutes} min at 100 Mbit/s)"
