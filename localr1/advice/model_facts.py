"""What a model file says of itself in a few facts, and whether it fits into this computer."""

from __future__ import annotations

from pathlib import Path

import msgspec

from localr1.advice.first_look import Fitting
from localr1.errors import DoesNotFit, Localr1Error


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a model can be loaded now, by the planner."""

    fits: bool
    n_ctx: int = 0
    """Context window it would get; 0 where it does not fit."""
    memory_bytes: int = 0
    """All that loading it takes; 0 where it does not fit."""
    why: str = ""
    """Why it does not fit, and what would."""


class FileFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A model file in a few facts; only `problem` where it cannot be used."""

    model_name: str = ""
    architecture: str = ""
    quant_type: str = ""
    parameters: int = 0
    n_ctx_train: int = 0
    """Tokens of the context window it was trained with."""
    fit: Fit | None = None
    problem: str = ""
    """Why the file cannot be used, on one line."""


def facts_of(path: Path, fitting: Fitting | None) -> FileFacts:
    """Read a file's header.

    Args:
        path: of the file.
        fitting: knows the computer; None asks only what the file says.
    """
    from localr1.gguf_header import read_header
    from localr1.terminal_text import clean_line

    try:
        header = read_header(path)
    except Localr1Error as error:
        return FileFacts(problem=error.message)
    fit = None
    if fitting is not None:
        try:
            plan = fitting.plan_of(header)
            fit = Fit(fits=True, n_ctx=plan.n_ctx, memory_bytes=plan.memory_bytes)
        except DoesNotFit as error:
            fit = Fit(fits=False, why=f"{error.message}; {error.hint}")
    return FileFacts(
        model_name=header.name,
        architecture=clean_line(header.architecture, 60),
        quant_type=header.quant_type,
        parameters=header.parameters,
        n_ctx_train=header.n_ctx_train,
        fit=fit,
    )
