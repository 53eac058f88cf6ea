"""A model in a quant on this computer, as the recommendation tells it."""

from __future__ import annotations

from typing import Literal

import msgspec

from localr1.models.catalog import Scores

Role = Literal["", "pick", "faster", "stronger"]


class ModelRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row. Numbers of what is not here yet are estimates."""

    reference: str
    """As it is typed: "r1-qwen-7b:Q4_K_M"."""
    name: str
    """In the catalog."""
    full_name: str
    quant: str
    size_bytes: int
    """Of the file."""
    size_is_exact: bool = False
    """The hub was asked; else it is computed from the shape."""
    is_offered: bool | None = None
    """Whether the hub has it; null where it was not asked."""
    repo: str = ""
    """Of the hub, where it is offered."""
    fits: bool
    n_ctx: int = 0
    """The window that the planner would choose, in tokens; 0 where it does not fit."""
    kv_type: str = ""
    """Of the KV cache."""
    n_gpu_layers: int = 0
    n_layers: int
    """All of them, the output counted as one."""
    devices: tuple[str, ...] = ()
    """That layers are put on, in ggml's names."""
    memory_bytes: int
    """What loading takes; where it does not fit, with the shortest window."""
    tokens_per_second: float | None = None
    """Expected; null where it is not known."""
    scores: Scores
    """Published, of the model before it was quantized."""
    best_of_model: bool = False
    """The quant to take, if this model."""
    role: Role = ""
    is_pick: bool = False
    reason: str = ""
    """Why it is the pick, or what speaks against it."""

    @property
    def is_on_gpu(self) -> bool:
        """All layers are."""
        return self.n_gpu_layers == self.n_layers
