"""Machines and models that the planner is tried on: nothing of them is really there."""

from __future__ import annotations

from typing import NamedTuple

from localr1.hardware.machine import Cpu, Device, Machine, Memory, Power
from localr1.hardware.model_sizes import ModelSizes
from localr1.hardware.refusal import QUANT_BITS, scaled

GIB, MIB = 1 << 30, 1 << 20


class Shape(NamedTuple):
    """A model of the R1 family; sources: the config.json of each."""

    n_layer: int
    n_embd: int
    n_ff: int
    n_head: int
    n_head_kv: int
    n_vocab: int
    tied: bool = False


R1_FAMILY = {
    "R1-Distill-Qwen-1.5B": Shape(28, 1536, 8960, 12, 2, 151_936),
    "R1-Distill-Qwen-7B": Shape(28, 3584, 18_944, 28, 4, 152_064),
    "R1-Distill-Llama-8B": Shape(32, 4096, 14_336, 32, 8, 128_256),
    "R1-0528-Qwen3-8B": Shape(36, 4096, 12_288, 32, 8, 151_936),
    "R1-Distill-Qwen-14B": Shape(48, 5120, 13_824, 40, 8, 152_064),
    "R1-Distill-Qwen-32B": Shape(64, 5120, 27_648, 40, 8, 152_064),
    "R1-Distill-Llama-70B": Shape(80, 8192, 28_672, 64, 8, 128_256),
}
HEAD_WIDTH = 128


def r1_model(name: str, quant: str = "Q4_K_M", n_ctx_train: int = 131_072) -> ModelSizes:
    """A member of the family in this quant."""
    shape = R1_FAMILY[name]
    kv_width = shape.n_head_kv * HEAD_WIDTH
    q_width = shape.n_head * HEAD_WIDTH
    attention = shape.n_embd * (2 * q_width + 2 * kv_width)
    layer = attention + 3 * shape.n_embd * shape.n_ff
    matrix = shape.n_vocab * shape.n_embd
    parameters = layer * shape.n_layer + matrix * (1 if shape.tied else 2)
    one_byte = ModelSizes(
        name=f"{name} {quant}",
        parameters=parameters,
        layer_bytes=(layer,) * shape.n_layer,
        input_bytes=matrix,
        output_bytes=matrix,
        output_is_tied=shape.tied,
        other_bytes=0,
        n_tensors=12 * shape.n_layer + 3,
        n_embd=shape.n_embd,
        n_ff=shape.n_ff,
        n_head=shape.n_head,
        n_vocab=shape.n_vocab,
        n_merges=151_387,
        n_ctx_train=n_ctx_train,
        k_widths=(kv_width,) * shape.n_layer,
        v_widths=(kv_width,) * shape.n_layer,
        q_width=q_width,
        window_tokens=0,
        windowed=(False,) * shape.n_layer,
        is_known=True,
    )
    return scaled(one_byte, parameters * QUANT_BITS[quant] / 8)


def cpu(cores: int, logical: int | None = None, fast: int | None = None) -> Cpu:
    """A processor."""
    return Cpu(
        model="simulated",
        physical_cores=cores,
        performance_cores=fast or cores,
        logical_cores=logical or cores,
        allowed_cores=fast or cores,
        instruction_sets=("avx2",),
    )


def machine(
    available: float,
    cores: int = 8,
    *,
    limit_source: str | None = None,
    power: Power | None = None,
    processor: Cpu | None = None,
) -> Machine:
    """A computer with this many GiB of memory to give."""
    size = int(available * GIB)
    limit = size if limit_source else None
    return Machine(
        cpu=processor or cpu(cores),
        memory=Memory(
            total_bytes=int(size * 1.2),
            available_bytes=size,
            limit_bytes=limit,
            limit_source=limit_source,
        ),
        disks=(),
        graphics=(),
        power=power or Power(on_battery=False),
    )


def gpu(name: str, total: float, free: float | None = None, kind: str = "gpu") -> Device:
    """A GPU with this many GiB."""
    size = int(total * GIB)
    return Device(
        name, f"simulated {name}", kind, int((total - 0.3 if free is None else free) * GIB), size
    )


CPU_DEVICE = Device("CPU", "simulated", "cpu", 0, 0)

MACHINES: dict[str, tuple[Machine, tuple[Device, ...]]] = {
    "8 GB laptop without a GPU": (machine(5.5, 4), (CPU_DEVICE,)),
    "16 GB M-series": (machine(11, 8), (gpu("Metal", 10.7, 10.6), CPU_DEVICE)),
    "24 GB RTX": (machine(28, 12), (gpu("CUDA0", 24), CPU_DEVICE)),
    "two unequal GPUs": (machine(28, 12), (gpu("CUDA0", 8), gpu("CUDA1", 24), CPU_DEVICE)),
    "6 GB old laptop GPU": (machine(12, 4), (gpu("CUDA0", 6, 5.2), CPU_DEVICE)),
    "512 MB container": (
        machine(0.5, 1, limit_source="memory.max of a control group"),
        (CPU_DEVICE,),
    ),
    "big server": (machine(480, 64), (CPU_DEVICE,)),
    "AMD with Vulkan only": (machine(28, 8), (gpu("Vulkan0", 16), CPU_DEVICE)),
    "laptop with an integrated GPU": (machine(12, 6), (gpu("Vulkan0", 8, kind="igpu"), CPU_DEVICE)),
    "two desktops": (machine(28, 8), (gpu("CUDA0", 24), gpu("RPC0", 24), CPU_DEVICE)),
}
