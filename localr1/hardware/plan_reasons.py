"""The sentences that say why a plan is as it is."""

from __future__ import annotations

from localr1.hardware.candidates import GOOD_WINDOW, LEAST_WINDOW, UNTOLD_WINDOW, WINDOWS, Candidate
from localr1.hardware.estimate import Need, scores_bytes
from localr1.hardware.machine import Memory
from localr1.hardware.model_sizes import ModelSizes
from localr1.hardware.placement import Places
from localr1.settings import Settings
from localr1.units import count, memory_size

SETTING_OF_FIELD = {
    "n_ctx": "n_ctx",
    "n_gpu_layers": "n_gpu_layers",
    "n_threads": "threads",
    "n_threads_batch": "threads",
    "n_batch": "batch",
    "n_ubatch": "ubatch",
    "type_k": "type_k",
    "type_v": "type_v",
    "flash_attn": "flash_attn",
    "use_mmap": "mmap",
    "use_mlock": "mlock",
    "rpc": "rpc",
}
"""Which setting decides a field of the plan."""


NO_GPU = "this build of the engine can use no GPU here"


def of_candidate(model: ModelSizes, chosen: Candidate, where: Places) -> dict[str, str]:
    """Why this window, these layers, these types."""
    return {
        "n_ctx": _window(model, chosen, where),
        "n_gpu_layers": _layers(model, chosen, where),
        "type_k": _cache_type(chosen),
        "type_v": _cache_type(chosen),
        "flash_attn": _attention(model, chosen),
        "swa_full": _sliding_window(model, chosen),
        "n_batch": "llama.cpp's default",
        "n_ubatch": _micro_batch(chosen),
    }


def of_loading() -> dict[str, str]:
    """Why the file is loaded this way."""
    return {
        "use_mmap": "the file is mapped, so that unchanged pages can be shared and dropped",
        "use_mlock": "other programs may need the memory",
    }


def of_asked(settings: Settings) -> dict[str, str]:
    """Fields that a person decided, with where that was said."""
    return {
        field: f"asked for ({settings.origin(setting)})"
        for field, setting in SETTING_OF_FIELD.items()
        if getattr(settings, setting) is not None
    }


def shortened_window(
    model: ModelSizes, chosen: Candidate, settings: Settings, memory: Memory
) -> str:
    """What to say of a window in which long thoughts do not fit; empty where there is none."""
    n_ctx = chosen.settings.n_ctx
    wanted = min(LEAST_WINDOW, model.n_ctx_train or UNTOLD_WINDOW)
    if n_ctx >= wanted or settings.n_ctx is not None:
        return ""
    return (
        f"The context window is {n_ctx:,} tokens, short for long reasoning: more does not fit "
        f"into {available(memory)}."
    )


def unmet_layers(chosen: Candidate, settings: Settings) -> str:
    """What to say where layers were asked to be on a GPU and none can be; empty where not."""
    if not settings.n_gpu_layers or chosen.placement.n_gpu_layers:
        return ""
    return f"No layer is on a GPU as asked for: {NO_GPU}; `localr1 doctor` says why."


def available(memory: Memory) -> str:
    """The memory there is to plan with, and what limits it."""
    limit = f" (limited by {memory.limit_source})" if memory.limit_source else ""
    return f"the {memory_size(memory.available_bytes)} of memory that are free{limit}"


def _window(model: ModelSizes, chosen: Candidate, where: Places) -> str:
    n_ctx = chosen.settings.n_ctx
    cache = sum(need.kv_cache_bytes for need in _needs(chosen))
    takes = f"its KV cache takes {memory_size(cache)}"
    if not model.n_ctx_train:
        return f"the file does not say what the model was trained for; {takes}"
    if n_ctx == model.n_ctx_train:
        return f"what the model was trained for; {takes}"
    if n_ctx >= WINDOWS[0]:
        return f"as much as R1 is meant to write; {takes}"
    if where.devices and chosen.placement.n_gpu_layers:
        return f"a longer one would leave fewer layers on the GPU; {takes}"
    return f"the longest that fits; {takes}"


def _layers(model: ModelSizes, chosen: Candidate, where: Places) -> str:
    on_devices, everything = chosen.placement.n_gpu_layers, model.n_layer + 1
    if not where.devices:
        return NO_GPU
    names = " and ".join(name for name, n in chosen.placement.layers if n)
    if on_devices == everything:
        return f"all of them fit into the memory of {names}"
    if on_devices:
        return f"{on_devices} of {everything} fit into the free memory of {names}"
    return "the GPU's free memory holds not even one layer and its context"


def _cache_type(chosen: Candidate) -> str:
    if chosen.settings.type_k == "f16" or chosen.settings.type_v == "f16":
        return "llama.cpp's default"
    if chosen.settings.n_ctx > LEAST_WINDOW and chosen.settings.n_ctx <= GOOD_WINDOW:
        return "half the memory of f16, which buys a longer window at a very small loss"
    return "half the memory of f16, at a very small loss; f16 would not fit as well"


def _attention(model: ModelSizes, chosen: Candidate) -> str:
    use = chosen.settings
    if chosen.placement.n_gpu_layers:
        return "the engine uses it where the device supports it"
    if not use.flash_attention:
        scores = scores_bytes(model, use.n_ctx, use.n_ubatch)
        return f"off is faster on a CPU; its scores take {memory_size(scores)}"
    if use.type_v != "f16":
        return "a quantized V cache needs it"
    return "without it, attention scores would take too much memory"


def _sliding_window(model: ModelSizes, chosen: Candidate) -> str:
    if not any(model.windowed):
        return "no layer has a sliding window"
    layers = count(sum(model.windowed), "layer")
    if chosen.settings.whole_window:
        return f"{layers} with a sliding window keep every token: the next turn starts at once"
    return f"{layers} keep {model.window_tokens:,} tokens only: all of them would not fit"


def _micro_batch(chosen: Candidate) -> str:
    if chosen.placement.n_gpu_layers:
        return "a GPU reads prompts faster in larger pieces"
    return "progress is told, and a stop obeyed, after every one"


def _needs(chosen: Candidate) -> tuple[Need, ...]:
    memory = chosen.placement.estimate
    return (memory.host, *memory.devices)
