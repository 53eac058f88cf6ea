"""From when on a changed setting holds, and whether settings go together."""

from __future__ import annotations

from typing import Literal

from localr1.errors import UsageError
from localr1.hardware.rpc_servers import on_other_computers, rpc_servers
from localr1.models.offline import refuse_if_offline
from localr1.session.model_file import reasoning_tags
from localr1.settings import Settings

Effect = Literal["at once", "next reply", "next load", "next start"]

EFFECTS: dict[Effect, tuple[str, ...]] = {
    "at once": ("offline", "theme", "notify", "reduced_motion"),
    "next reply": (
        "temperature",
        "top_p",
        "top_k",
        "min_p",
        "seed",
        "max_tokens",
        "system",
        "reasoning_budget",
        "reasoning_seconds",
        "effort",
        "closing_sentence",
        "read_ahead",
        "state_disk_gib",
        "speculate",
        "collapse_thinking",
    ),
    "next load": (
        "n_ctx",
        "n_gpu_layers",
        "threads",
        "batch",
        "ubatch",
        "type_k",
        "type_v",
        "flash_attn",
        "mmap",
        "mlock",
        "memory_check",
        "rpc",
        "reasoning_tags",
        "force_thinking",
        "parked_memory_mib",
        "draft",
    ),
    "next start": ("model", "save_history", "plain", "reasoning"),
}
"""Every setting once. `reasoning` is of `localr1 run`, each of which is a start."""

SENTENCES: dict[Effect, str] = {
    "at once": "It holds now.",
    "next reply": "It holds from the next reply on.",
    "next load": "It takes effect when the model is loaded again.",
    "next start": "It takes effect when localr1 is started again.",
}


def effect(name: str) -> Effect:
    """From when on a change of this setting holds."""
    return next((when for when, names in EFFECTS.items() if name in names), "next start")


def check_together(settings: Settings) -> None:
    """What can be seen of settings without loading a model, beyond each value by itself.

    Raises:
        UsageError: they would be refused at the next load.
        Offline: they need the network, and a person wants localr1 to stay offline.
    """
    check_draft(settings)
    check_rpc(settings)
    if settings.reasoning_tags is not None:
        reasoning_tags(settings.reasoning_tags)


def check_draft(settings: Settings) -> None:
    """Whether what shall guess ahead is there.

    Raises:
        UsageError: a draft model is to guess, and none is named.
    """
    if settings.speculate == "draft" and not settings.draft:
        raise UsageError("--speculate draft needs --draft FILE")


def check_rpc(settings: Settings) -> None:
    """Whether the RPC servers of the settings can and may be used.

    Raises:
        UsageError: an address cannot be used.
        Offline: a server is on another computer, and a person wants localr1 to stay offline.
    """
    elsewhere = on_other_computers(rpc_servers(settings.rpc or ""))
    if elsewhere:
        refuse_if_offline(settings, f"the RPC server {elsewhere[0]}")
