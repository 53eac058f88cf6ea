"""Which row to take, and what else one could: rules, each with its sentence.

The published scores are of whole models. What quantizing takes away is not published for them,
so no score is made up for it: of a model, Q4_K_M is taken, smaller quants only where that does not
fit, and larger ones where they cost nothing that is felt.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import msgspec

from localr1.advice.model_row import ModelRow, Role
from localr1.hardware.candidates import LEAST_WINDOW
from localr1.models.catalog import DEFAULT_QUANT
from localr1.units import memory_size

LEAST_TPS = 3.0
"""Below this a thought of 2,000 tokens takes more than eleven minutes: not picked."""

GOOD_TPS = 15.0
"""Above this, faster than one reads: a larger quant may take what is beyond."""

HALF_SPEED_COSTS = 6.0
"""Points of the score that a model must gain for each time that it halves the speed below that."""

_LARGER_QUANTS = ("Q6_K", "Q5_K_M")
"""In place of the usual one; what Q8_0 gains over Q6_K cannot be noticed."""
_SMALLER_QUANTS = ("IQ4_XS", "Q3_K_M", "Q2_K")
_LOSSES = {
    "Q3_K_M": "at 3 bits a model loses noticeably",
    "Q2_K": "at 2 bits a model loses much of what it can",
}
_MUCH_FASTER = 1.5
_ENDURABLE_TPS = 1.0


def with_roles(rows: Sequence[ModelRow]) -> list[ModelRow]:
    """The same rows, with the pick, the alternatives and the reasons."""
    names = list(dict.fromkeys(row.name for row in rows))
    best = [_best_of([row for row in rows if row.name == name]) for name in names]
    roles: dict[str, tuple[Role, str]] = {}
    choice = [row for row in best if row.is_offered is not False]
    pick = _pick(choice)
    if pick is not None:
        roles[pick.reference] = ("pick", _why(pick, choice))
        for role, row in (("faster", _faster(choice, pick)), ("stronger", _stronger(choice, pick))):
            if row is not None:
                roles[row.reference] = (role, _compared(row, pick))  # type: ignore[assignment]
    of_models = {row.reference for row in best}
    return [_told(row, of_models, *roles.get(row.reference, ("", ""))) for row in rows]


def quality(row: ModelRow) -> float:
    """What models are ranked by: GPQA Diamond, the score that all of them have and that is
    least about one subject; 0 where none is published."""
    return row.scores.gpqa_diamond or 0.0


def _told(row: ModelRow, of_models: set[str], role: Role, reason: str) -> ModelRow:
    return msgspec.structs.replace(
        row,
        best_of_model=row.reference in of_models,
        role=role,
        is_pick=role == "pick",
        reason=reason or objection(row),
    )


def objection(row: ModelRow) -> str:
    """What speaks against a row; empty where nothing does."""
    if row.is_offered is False:
        return "the hub does not have it"
    if not row.fits:
        return f"does not fit: needs {memory_size(row.memory_bytes)} of memory"
    if row.n_ctx < LEAST_WINDOW:
        return f"a window of {row.n_ctx:,} tokens is short for long thoughts"
    if _is_slow(row):
        return f"slower than {LEAST_TPS:.0f} tokens a second"
    return _LOSSES.get(row.quant, "")


def _best_of(rows: Sequence[ModelRow]) -> ModelRow:
    """The quant to take of one model."""
    by_quant = {row.quant: row for row in rows}
    usual = by_quant.get(DEFAULT_QUANT, rows[0])
    if _is_roomy(usual):
        larger = (by_quant[quant] for quant in _LARGER_QUANTS if quant in by_quant)
        return next((row for row in larger if _costs_nothing(row, usual)), usual)
    smaller = [by_quant[quant] for quant in _SMALLER_QUANTS if quant in by_quant]
    roomy = next((row for row in smaller if _is_roomy(row)), None)
    fitting = [row for row in rows if row.fits and row.is_offered is not False]
    return roomy or max(fitting, key=lambda row: (row.n_ctx, row.size_bytes), default=usual)


def _is_roomy(row: ModelRow) -> bool:
    return row.fits and row.n_ctx >= LEAST_WINDOW and row.is_offered is not False


def _is_slow(row: ModelRow) -> bool:
    return row.tokens_per_second is not None and row.tokens_per_second < LEAST_TPS


def _costs_nothing(row: ModelRow, usual: ModelRow) -> bool:
    """Whether a larger quant takes neither window, nor layers, nor speed that is felt."""
    return (
        _is_roomy(row)
        and row.n_ctx >= usual.n_ctx
        and row.kv_type == usual.kv_type
        and row.n_gpu_layers >= usual.n_gpu_layers
        and (row.tokens_per_second or 0) >= GOOD_TPS
    )


def _pick(best: Sequence[ModelRow]) -> ModelRow | None:
    fitting = [row for row in best if row.fits]
    roomy = [row for row in fitting if row.n_ctx >= LEAST_WINDOW]
    quick = [row for row in roomy if not _is_slow(row)]
    sound = [row for row in quick if row.quant not in _LOSSES]
    if choice := sound or quick:
        return max(choice, key=lambda row: (_worth(row), -row.size_bytes))
    if roomy:
        return max(roomy, key=lambda row: row.tokens_per_second or 0)
    return max(fitting, key=lambda row: (row.n_ctx, -row.size_bytes), default=None)


def _worth(row: ModelRow) -> float:
    """The score, less what waiting takes from it."""
    speed = GOOD_TPS if row.tokens_per_second is None else row.tokens_per_second
    return quality(row) - HALF_SPEED_COSTS * math.log2(GOOD_TPS / min(speed, GOOD_TPS))


def _why(pick: ModelRow, best: Sequence[ModelRow]) -> str:
    objected = objection(pick)
    if objected and pick.n_ctx < LEAST_WINDOW:
        return f"the longest window that fits here; {objected}"
    if objected and _is_slow(pick):
        return f"the fastest that fits here, though {objected}"
    because = f"; {objected}" if objected else ""
    where = f"here with a window of {LEAST_WINDOW:,} tokens{because}"
    if sum(_is_roomy(row) for row in best) == 1:
        return f"the only one that fits {where}"
    score = f"GPQA Diamond {quality(pick):.1f}"
    if any(quality(row) > quality(pick) for row in best if _is_roomy(row)):
        told = f"the best balance of published score ({score}) and speed"
    else:
        told = f"the best published score ({score})"
    return f"{told} of those that fit {where}"


def _faster(best: Iterable[ModelRow], pick: ModelRow) -> ModelRow | None:
    """The best of those that are much faster."""
    choice = [
        row
        for row in best
        if row.fits and row.n_ctx >= LEAST_WINDOW and _speed(row) >= _MUCH_FASTER * _speed(pick)
    ]
    return max(choice, key=quality, default=None)


def _stronger(best: Iterable[ModelRow], pick: ModelRow) -> ModelRow | None:
    """The best of those with a better score, which one would have to wait for."""
    choice = [
        row
        for row in best
        if row.fits
        and quality(row) > quality(pick)
        and row.quant not in _LOSSES
        and (row.tokens_per_second is None or row.tokens_per_second >= _ENDURABLE_TPS)
    ]
    return max(choice, key=_worth, default=None)


def _speed(row: ModelRow) -> float:
    return row.tokens_per_second or 1 / row.size_bytes


def _compared(row: ModelRow, pick: ModelRow) -> str:
    score = f"GPQA Diamond {quality(row):.1f} instead of {quality(pick):.1f}"
    if row.tokens_per_second and pick.tokens_per_second:
        ratio = row.tokens_per_second / pick.tokens_per_second
        told = f"{ratio:.1f} times" if ratio >= 1 else f"{ratio:.0%} of"
        score = f"{told} the speed, {score}"
    objected = objection(row)
    return f"{score}; {objected}" if objected else score
