"""Every setting as a person sees it: its group, its value, and where that came from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from localr1.chat.effort import Asked
from localr1.engine.sampling import Sampling
from localr1.hardware.load_plan import LoadPlan
from localr1.settings import RULES, Settings, variable

GROUPS: dict[str, tuple[str, ...]] = {
    "Model and memory": (
        "model",
        "n_ctx",
        "n_gpu_layers",
        "type_k",
        "type_v",
        "flash_attn",
        "mmap",
        "mlock",
        "memory_check",
        "rpc",
        "offline",
    ),
    "Reasoning": (
        "effort",
        "reasoning_budget",
        "reasoning_seconds",
        "closing_sentence",
        "reasoning",
        "reasoning_tags",
        "force_thinking",
        "collapse_thinking",
    ),
    "Speed": (
        "threads",
        "batch",
        "ubatch",
        "speculate",
        "draft",
        "read_ahead",
        "parked_memory_mib",
        "state_disk_gib",
    ),
    "Drawing tokens": ("temperature", "top_p", "top_k", "min_p", "seed", "max_tokens"),
    "Chat and history": ("system", "save_history"),
    "Interface": ("theme", "notify", "reduced_motion", "plain"),
}
"""Every setting once."""

AUTOMATIC = "automatic"

_CONVERSATION = "this conversation"
_OF_CONVERSATION = ("effort", "reasoning_budget", "reasoning_seconds")
_PLANNED = {
    "n_ctx": "n_ctx",
    "n_gpu_layers": "n_gpu_layers",
    "threads": "n_threads",
    "batch": "n_batch",
    "ubatch": "n_ubatch",
    "type_k": "type_k",
    "type_v": "type_v",
    "flash_attn": "flash_attn",
    "mmap": "use_mmap",
    "mlock": "use_mlock",
}
"""Fields of the plan that say what an automatic setting became."""

_SAMPLED = ("temperature", "top_p", "top_k", "min_p")


class ListedSetting(NamedTuple):
    """A setting as it is now. Values are untrusted: they may come from a file."""

    name: str
    group: str
    value: str
    """As it is shown; `AUTOMATIC` where the choice is localr1's."""
    became: str
    """What localr1 chose where that is known; empty otherwise."""
    origin: str
    """Where the value came from; empty where nobody gave one."""
    sentence: str

    def holds(self, words: str) -> bool:
        """Whether all of these words stand in what is shown of it."""
        told = " ".join(self).casefold()
        return all(word in told for word in words.casefold().split())


def list_settings(
    settings: Settings,
    limit: Asked | None = None,
    plan: LoadPlan | None = None,
    sampling: Sampling | None = None,
) -> Iterator[ListedSetting]:
    """Every setting, group by group.

    Args:
        settings: that hold.
        limit: what was asked for in this conversation, which goes before the settings.
        plan: of the loaded model.
        sampling: how its tokens are drawn.
    """
    chosen = {
        **{name: getattr(plan, field) for name, field in _PLANNED.items() if plan},
        **{name: getattr(sampling, name) for name in _SAMPLED if sampling},
    }
    for group, names in GROUPS.items():
        for name in names:
            yield _listed(name, group, settings, limit, chosen.get(name))


def _listed(
    name: str, group: str, settings: Settings, limit: Asked | None, chosen: object
) -> ListedSetting:
    value, origin = getattr(settings, name), _origin(name, settings)
    if limit is not None and name in _OF_CONVERSATION:
        of_conversation = (limit.effort, limit.tokens, limit.seconds)
        asked = of_conversation[_OF_CONVERSATION.index(name)]
        value, origin = asked, _CONVERSATION if asked is not None else ""
    became = shown_value(chosen) if value is None and chosen is not None else ""
    return ListedSetting(
        name, group, shown_value(value), became, origin, RULES[name].about.sentence
    )


def shown_value(value: object) -> str:
    """A value as it is shown; nearly as it is written."""
    if value is None:
        return AUTOMATIC
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _origin(name: str, settings: Settings) -> str:
    origin = settings.origin(name)
    if origin == "environment":
        return f"environment variable {variable(name)}"
    return "" if origin == "automatic" else origin
