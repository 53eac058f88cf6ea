"""What to say of a model that does not fit: one sentence, and two things that would work."""

from __future__ import annotations

from collections.abc import Iterator

from localr1.hardware.candidates import Asked, Candidate, best, choices, layer_limits
from localr1.hardware.estimate import PLAIN_TYPES, Estimate, LoadSettings, estimate
from localr1.hardware.machine import Memory
from localr1.hardware.model_sizes import ModelSizes
from localr1.hardware.placement import WORKER_BYTES, Places
from localr1.hardware.plan_reasons import available
from localr1.units import count, memory_size

QUANT_BITS = {
    "Q8_0": 8.5,
    "Q6_K": 6.57,
    "Q5_K_M": 5.7,
    "Q4_K_M": 4.9,
    "Q3_K_M": 3.95,
    "Q2_K": 3.2,
}
"""Bits a weight in files of that type, of models of 1.5 to 70 billion parameters, rounded up."""

_OWN_WORK = "--no-memory-check tries it all the same"


def refusal(model: ModelSizes, asked: Asked, where: Places, memory: Memory) -> tuple[str, str]:
    """What does not fit, and a hint with two alternatives that do.

    Args:
        model: what was to be loaded.
        asked: what a person fixed.
        where: the memory there is to plan with.
        memory: the computer's, to be told.
    """
    least = _least_settings(model, asked)
    if asked.n_gpu_layers and where.devices:
        fewer = best(model, asked._replace(n_gpu_layers=None), where)
        if fewer is not None:
            return _too_many_layers(model, asked, where, least.n_ctx, fewer)
    need = least_need(model, asked)
    message = (
        f"{model.name} with a window of {count(least.n_ctx, 'token')} needs "
        f"{memory_size(need.total_bytes + WORKER_BYTES)} of memory ({_parts(need)}), which does "
        f"not fit into {available(memory)}"
    )
    return message, _either(list(_alternatives(model, asked, where)))


def least_need(model: ModelSizes, asked: Asked) -> Estimate:
    """The least memory that the model takes, all on the host."""
    return estimate(model, _least_settings(model, asked))


def _least_settings(model: ModelSizes, asked: Asked) -> LoadSettings:
    return list(choices(model, asked, on_gpu=False))[-1]


def _parts(need: Estimate) -> str:
    host = need.host
    rest = host.compute_bytes + host.other_bytes + WORKER_BYTES
    return (
        f"weights {memory_size(host.weights_bytes)}, KV cache {memory_size(host.kv_cache_bytes)}, "
        f"the rest {memory_size(rest)}"
    )


def _alternatives(model: ModelSizes, asked: Asked, where: Places) -> Iterator[str]:
    """Things that would work, the smallest change first."""
    if asked.n_ctx is not None and (shorter := longest_window(model, asked, where)):
        yield f"--n-ctx {shorter}"
    if _is_wide_cache(asked):
        smaller = asked._replace(type_k="q8_0", type_v="q8_0", flash_attn=None)
        if best(model, smaller, where):
            yield "--type-k q8_0 --type-v q8_0"
    yield from _smaller_quants(model, asked, where)
    yield f"a model of at most {_most_parameters(where)} parameters as Q4_K_M"
    yield _OWN_WORK


def longest_window(model: ModelSizes, asked: Asked, where: Places) -> int | None:
    """The longest window that fits with everything else as it was asked for."""
    found = best(model, asked._replace(n_ctx=None), where)
    if found is not None:
        return found.settings.n_ctx
    for n_ctx in (1024, 512, 256):
        if best(model, asked._replace(n_ctx=n_ctx), where):
            return n_ctx
    return None


def _is_wide_cache(asked: Asked) -> bool:
    return any(kind in PLAIN_TYPES for kind in (asked.type_k, asked.type_v))


def _smaller_quants(model: ModelSizes, asked: Asked, where: Places) -> Iterator[str]:
    """The largest quant of the same model that fits."""
    for name, bits in QUANT_BITS.items():
        smaller = scaled(model, bits * model.parameters / 8)
        if smaller.weights_bytes < model.weights_bytes and (found := best(smaller, asked, where)):
            size = memory_size(smaller.weights_bytes)
            window = "" if asked.n_ctx else f" with a window of {found.settings.n_ctx:,} tokens"
            yield f"a {name} file of the same model (about {size}){window}"
            return


def scaled(model: ModelSizes, weights_bytes: float) -> ModelSizes:
    """The model with all of its weights made smaller or larger alike."""
    factor = weights_bytes / max(1, model.weights_bytes)
    return model._replace(
        layer_bytes=tuple(int(size * factor) for size in model.layer_bytes),
        input_bytes=int(model.input_bytes * factor),
        output_bytes=int(model.output_bytes * factor),
        other_bytes=int(model.other_bytes * factor),
    )


def _most_parameters(where: Places) -> str:
    """Of a Q4_K_M file that leaves four tenths of the memory for its context and the rest."""
    own = sum(each.usable_bytes for each in where.devices if not each.shares_host)
    parameters = (where.host_bytes + own) * 0.6 * 8 / QUANT_BITS["Q4_K_M"]
    if parameters >= 1e9:
        return f"{parameters / 1e9:.0f} billion"
    return f"{max(1, parameters / 1e6):.0f} million"


def _too_many_layers(
    model: ModelSizes, asked: Asked, where: Places, n_ctx: int, fewer: Candidate
) -> tuple[str, str]:
    """Of a model that fits with fewer layers on its GPUs than were asked for."""
    wanted, _ = layer_limits(model, asked, where)
    fitting = fewer.placement.n_gpu_layers
    names = " and ".join(each.name for each in where.devices)
    free = memory_size(sum(each.usable_bytes for each in where.devices))
    message = (
        f"{count(wanted, 'layer')} of {model.name} do not fit into the {free} that {names} can "
        f"give, with a window of {n_ctx:,} tokens"
    )
    return message, _either([f"--n-gpu-layers {fitting}", "leave the choice to localr1", _OWN_WORK])


def _either(alternatives: list[str]) -> str:
    return "what works: " + ", or ".join(alternatives[:2])
