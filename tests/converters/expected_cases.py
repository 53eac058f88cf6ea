"""The conversions whose bytes are compared with llama.cpp's own programs.

benchmarks/convert_expected.py makes each of them with convert_hf_to_gguf.py and llama-quantize
and records the SHA-256 in tests/data/convert-expected.json.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.converters import make_checkpoints
from tests.converters.tokenizer_files import DATA

QUANTS = (
    "BF16", "F16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q4_K_S", "Q3_K_M", "Q2_K", "IQ4_XS"
)  # fmt: skip
FAMILIES = ("Tiny-R1-Qwen", "Tiny-Qwen3", "Tiny-R1-Llama", "localr1-demo")
IMATRIX_NAME = "imatrix.gguf"


@dataclass(frozen=True)
class Case:
    """A conversion with options; `tool_flags` are llama-quantize's for the same."""

    name: str
    checkpoint: str
    quant: str
    tool_flags: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    first_quant: str = ""
    """Where it is set: the source is a GGUF of this quant."""
    split: str = ""


OPTION_CASES = (
    Case("imatrix", "Tiny-Qwen2.5", "Q4_K_M", ("--imatrix", IMATRIX_NAME)),
    Case("imatrix-small", "Tiny-Qwen2.5", "IQ2_S", ("--imatrix", IMATRIX_NAME)),
    Case(
        "tensor-types", "Tiny-Qwen2.5", "Q4_K_S",
        ("--tensor-type", "attn_v=q8_0", "--tensor-type", r"blk\.[0-3]\.ffn_down=iq4_nl",
         "--output-tensor-type", "q5_k"),
        {"tensor_types": (("attn_v", "Q8_0"), (r"blk\.[0-3]\.ffn_down", "IQ4_NL")),
         "output_type": "Q5_K"},
    ),
    Case("embedding-type", "Tiny-Qwen2.5", "Q3_K_S", ("--token-embedding-type", "q4_1"),
         {"embedding_type": "Q4_1"}),
    Case("pure", "Tiny-Qwen2.5", "Q5_K_S", ("--pure",), {"pure": True}),
    Case("requantize", "Tiny-Qwen2.5", "Q4_0", ("--allow-requantize",),
         {"allow_requantize": True}, first_quant="Q8_0"),
    Case("from-16-bit", "Tiny-Qwen2.5", "Q5_1", first_quant="BF16"),
    Case("split", "Tiny-Qwen2.5", "Q4_K_M", options={"split_bytes": 20_000_000}, split="20M"),
)  # fmt: skip


def expected() -> dict[str, Any]:
    """What llama.cpp's programs wrote: SHA-256 of files and headers, by case."""
    facts: dict[str, Any] = json.loads((DATA / "convert-expected.json").read_text("utf-8"))
    return facts["files"]  # type: ignore[no-any-return]


def make_imatrix(folder: Path, checkpoint: Path) -> Path:
    """The importance matrix of the cases, beside which they are run."""
    config = json.loads((checkpoint / "config.json").read_text("utf-8"))
    return make_checkpoints.imatrix(folder / IMATRIX_NAME, config)
