"""Facts about GGUF and llama.cpp as tables: types, sizes, architectures, pre-tokenizers."""

from __future__ import annotations

from typing import Final

VALUE_TYPES: Final[dict[int, tuple[str, int, str]]] = {
    0: ("u8", 1, "B"),
    1: ("i8", 1, "b"),
    2: ("u16", 2, "H"),
    3: ("i16", 2, "h"),
    4: ("u32", 4, "I"),
    5: ("i32", 4, "i"),
    6: ("f32", 4, "f"),
    7: ("bool", 1, "B"),
    10: ("u64", 8, "Q"),
    11: ("i64", 8, "q"),
    12: ("f64", 8, "d"),
}
"""GGUF number types: name, size in bytes, `struct` and `array` type code (ggml/include/gguf.h)."""

BOOL, STRING, ARRAY = 7, 8, 9

TENSOR_TYPES: Final[dict[int, tuple[str, int, int]]] = {
    0: ("F32", 1, 4),
    1: ("F16", 1, 2),
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    9: ("Q8_1", 32, 36),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1),
    25: ("I16", 1, 2),
    26: ("I32", 1, 4),
    27: ("I64", 1, 8),
    28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56),
    30: ("BF16", 1, 2),
    34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17),
    40: ("NVFP4", 64, 36),
    41: ("Q1_0", 128, 18),
    42: ("Q2_0", 64, 18),
}
"""Tensor types: name, elements a block, bytes a block (ggml/src/ggml-common.h)."""

UNUSABLE_WEIGHT_TYPES: Final = frozenset(("Q8_1", "Q8_K", "I8", "I16", "I32", "I64", "F64"))
"""Types that ggml has but cannot multiply weights in: integers crash at the first decode."""

FILE_TYPES: Final[dict[int, str]] = {
    0: "F32",
    1: "F16",
    2: "Q4_0",
    3: "Q4_1",
    7: "Q8_0",
    8: "Q5_0",
    9: "Q5_1",
    10: "Q2_K",
    11: "Q3_K_S",
    12: "Q3_K_M",
    13: "Q3_K_L",
    14: "Q4_K_S",
    15: "Q4_K_M",
    16: "Q5_K_S",
    17: "Q5_K_M",
    18: "Q6_K",
    19: "IQ2_XXS",
    20: "IQ2_XS",
    21: "Q2_K_S",
    22: "IQ3_XS",
    23: "IQ3_XXS",
    24: "IQ1_S",
    25: "IQ4_NL",
    26: "IQ3_S",
    27: "IQ3_M",
    28: "IQ2_S",
    29: "IQ2_M",
    30: "IQ4_XS",
    31: "IQ1_M",
    32: "BF16",
    36: "TQ1_0",
    37: "TQ2_0",
    38: "MXFP4",
    39: "NVFP4",
    40: "Q1_0",
    41: "Q2_0",
}
"""general.file_type (llama.h, llama_ftype) in the names people use."""

CHECKED_ARCHITECTURES: Final = frozenset(("llama", "qwen2", "qwen3"))
"""Architectures whose hyper-parameters, tokenizer and tensors are checked one by one."""

_EMBEDDING_ARCHITECTURES = (
    "bert modern-bert nomic-bert nomic-bert-moe neo-bert jina-bert-v2 jina-bert-v3 "
    "eurobert gemma-embedding llama-embed t5encoder"
)
_EMBEDDING = "is an embedding model, which turns text into numbers and cannot chat"
_ENCODER_DECODER = "is an encoder-decoder (T5) model, which localr1 does not run"
_DIFFUSION = "is a diffusion language model, which localr1 does not run"
_DRAFT = "is a draft model that only speeds up another model"
_SPEECH = "is a part of a speech model and does not write text"
_PROJECTOR = "is a projector (the image or audio part of a model), not a language model"

NOT_FOR_CHAT: Final[dict[str, str]] = {
    **dict.fromkeys(_EMBEDDING_ARCHITECTURES.split(), _EMBEDDING),
    **dict.fromkeys(("dream", "llada", "llada-moe", "rnd1"), _DIFFUSION),
    **dict.fromkeys(("eagle3", "dflash", "gemma4-assistant"), _DRAFT),
    **dict.fromkeys(("wavtokenizer-dec", "qwen3tts", "pockettts"), _SPEECH),
    "t5": _ENCODER_DECODER,
    "clip": _PROJECTOR,
    "controlvector": "is a control vector, not a language model",
}
"""Architectures that llama.cpp knows but cannot hold a conversation with (llama-arch.cpp)."""

NOT_A_MODEL: Final[dict[str, str]] = {
    "adapter": "is a LoRA adapter, which needs its base model",
    "imatrix": "is an importance matrix, not a model",
    "mmproj": _PROJECTOR,
}
"""Values of general.type other than "model"."""

POOLING_TYPES: Final = {
    1: _EMBEDDING,
    2: _EMBEDDING,
    3: _EMBEDDING,
    4: "is a re-ranking model, which scores documents and cannot chat",
}
"""Values of ARCH.pooling_type other than none (llama.h, llama_pooling_type)."""

_SAFE_PRE_TOKENIZERS = (
    "llama3 llama-v3 llama-bpe falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano "
    "dbrx smaug-bpe chatglm-bpe glm4 glm5 "
    "gpt-2 phi-2 jina-es jina-de gigachat jina-v2-es jina-v2-de a.x-4.0 mellum modern-bert "
    "exaone4 jina-v1-en jina-v2-code roberta-bpe mpt olmo jais trillion granite-docling "
    "qwen2 deepseek-r1-qwen kormo f2llmv2 megrez stablelm2 hunyuan solar-open grok-2 qwen35 "
    "starcoder refact command-r smollm codeshell exaone minerva-7b mellum2 "
    "kimi-k2 laguna gemma4 granite-embed-multi-311m sarvam-moe"
)
SAFE_PRE_TOKENIZERS: Final = frozenset(_SAFE_PRE_TOKENIZERS.split())
"""tokenizer.ggml.pre names whose splitting llama.cpp does in hand-written code (src/unicode.cpp).

The others go through std::regex, which recurses once a character: tens of thousands of equal
characters end the process with a stack overflow.
"""

PRE_TOKENIZED_MODELS: Final = frozenset(("gpt2", "gemma4", "hybriddna", "whitespace"))
"""tokenizer.ggml.model values that llama.cpp splits with a pre-tokenizer at all."""

ROPE_SCALING_TYPES: Final = frozenset(("none", "linear", "yarn", "longrope"))
MAX_LAYERS: Final = 512
MAX_EXPERTS: Final = 1024
"""LLAMA_MAX_LAYERS and LLAMA_MAX_EXPERTS of llama.cpp; beyond them it aborts."""
