"""What a model family has to say so that its checkpoints can be converted."""

from __future__ import annotations

from dataclasses import dataclass

from localr1.errors import ModelRefused
from localr1.terminal_text import clean_line
from localr1_convert import gguf_values as gv
from localr1_convert.config import Config

LAYERS_LIMIT = 512
"""llama.cpp's LLAMA_MAX_LAYERS (src/llama-hparams.h)."""


@dataclass(frozen=True)
class ExpectedTensor:
    """A tensor that the checkpoint must hold, and its name in the GGUF."""

    source: str
    target: str
    shape: tuple[int, ...]
    heads: int = 0
    """Above 0: the rows of this many heads are reordered for llama.cpp's rope (see llama.py)."""
    optional: bool = False


class Architecture:
    """Hooks of one family; the values are what llama.cpp's converter of the family writes."""

    name: str
    """The GGUF name of the architecture."""
    rope_types: frozenset[str] = frozenset({"default", "linear", "yarn", "dynamic"})

    def tensors(self, config: Config) -> list[ExpectedTensor]:
        """Every tensor of a checkpoint of this family."""
        raise NotImplementedError

    def head_dim(self, config: Config) -> int | None:
        """The size of a head where llama.cpp's converter writes it, else None."""
        return config.whole("head_dim") if config.has("head_dim") else None

    def extra_tensors(self, config: Config) -> dict[str, list[float]]:  # noqa: ARG002 # a hook
        """F32 tensors that are computed from the configuration."""
        return {}

    def extra_parameters(self, config: Config) -> gv.KeyValues:  # noqa: ARG002 # a hook
        """Metadata after the common parameters."""
        return {}

    def parameters(self, config: Config) -> gv.KeyValues:
        """The model's shape as metadata, in the order of llama.cpp's converter."""
        prefix = self.name
        attention = f"{prefix}.attention"
        keys = {
            f"{prefix}.block_count": gv.uint32(layer_count(config)),
            f"{prefix}.context_length": gv.uint32(config.whole("max_position_embeddings")),
            f"{prefix}.embedding_length": gv.uint32(config.whole("hidden_size")),
            f"{prefix}.feed_forward_length": gv.uint32(config.whole("intermediate_size")),
            f"{attention}.head_count": gv.uint32(config.whole("num_attention_heads")),
            f"{attention}.head_count_kv": gv.uint32(kv_heads(config)),
            **self._rope_parameters(config),
            f"{attention}.layer_norm_rms_epsilon": gv.float32(config.number("rms_norm_eps", 1e-6)),
        }
        if (head_dim := self.head_dim(config)) is not None:
            keys[f"{attention}.key_length"] = gv.uint32(head_dim)
            keys[f"{attention}.value_length"] = gv.uint32(head_dim)
        return keys

    def _rope_parameters(self, config: Config) -> gv.KeyValues:
        rope = rope_settings(config)
        keys: gv.KeyValues = {}
        kind = (rope.text("rope_type") or "default").lower()
        scaling = f"{self.name}.rope.scaling"
        if kind not in self.rope_types:
            raise ModelRefused(
                f"rope scaling {clean_line(kind, 40)!r} is not known for {self.name} models"
            )
        if kind in ("linear", "yarn"):
            keys[f"{scaling}.type"] = gv.string(kind)
            keys[f"{scaling}.factor"] = gv.float32(rope.number("factor"))
        if kind == "yarn":
            keys.update(_yarn_parameters(scaling, rope))
        keys[f"{self.name}.rope.freq_base"] = gv.float32(rope_theta(config))
        return keys


def _yarn_parameters(scaling: str, rope: Config) -> gv.KeyValues:
    original = rope.whole("original_max_position_embeddings")
    keys = {f"{scaling}.original_context_length": gv.uint32(original)}
    attention = "attention_factor" if rope.has("attention_factor") else "attn_factor"
    for key, name in (
        ("yarn_ext_factor", "extrapolation_factor"),
        ("yarn_attn_factor", attention),
        ("yarn_beta_fast", "beta_fast"),
        ("yarn_beta_slow", "beta_slow"),
    ):
        if rope.has(name):
            keys[f"{scaling}.{key}"] = gv.float32(rope.number(name))
    return keys


def layer_count(config: Config) -> int:
    """The number of layers, within llama.cpp's limit."""
    layers = config.whole("num_hidden_layers")
    if layers > LAYERS_LIMIT:
        raise ModelRefused(f"config.json gives {layers:,} layers; llama.cpp takes {LAYERS_LIMIT}")
    return layers


def kv_heads(config: Config) -> int:
    """The number of key and value heads (all heads where the configuration is silent)."""
    heads = config.whole("num_attention_heads")
    groups = config.whole("num_key_value_heads", heads)
    if heads % groups:
        raise ModelRefused(f"config.json: {heads} heads cannot share {groups} key-value heads")
    return groups


def head_size(config: Config) -> int:
    """The size of one attention head, which must be even for rope."""
    heads = config.whole("num_attention_heads")
    size = config.whole("head_dim", max(1, config.whole("hidden_size") // heads))
    if size % 2:
        raise ModelRefused(f"config.json: a head size of {size} is odd")
    return size


def rope_settings(config: Config) -> Config:
    """The rope section under its newer or its older name, with `type` as `rope_type`."""
    section = config.section("rope_parameters") or config.section("rope_scaling")
    values = dict(section.values) if section else {}
    values.setdefault("rope_type", values.get("type"))
    return Config(values, "config.json: rope_scaling")


def rope_theta(config: Config) -> float:
    """The base of the rotary embedding's frequencies."""
    rope = rope_settings(config)
    return rope.number("rope_theta", config.number("rope_theta", 10000.0))


def decoder_tensors(
    config: Config,
    head_dim: int,
    *,
    attention_biases: tuple[str, ...] = (),
    mlp_biases: bool = False,
    head_norms: bool = False,
    permuted: bool = False,
) -> list[ExpectedTensor]:
    """The tensors of a plain decoder: embeddings, attention and gated MLP layers, output.

    Args:
        head_dim: size of one attention head.
        attention_biases: which of q, k, v, o have a bias.
        mlp_biases: whether gate, up and down have one.
        head_norms: whether q and k are normalised per head.
        permuted: whether rows of q and k are reordered for rope.
    """
    hidden, vocabulary = config.whole("hidden_size"), config.whole("vocab_size")
    tied = config.flag("tie_word_embeddings", False)
    biased = (*attention_biases, *(("mlp",) if mlp_biases else ()))
    layer = _layer_tensors(config, head_dim, biased, head_norms=head_norms, permuted=permuted)
    expected = [
        ExpectedTensor("model.embed_tokens.weight", "token_embd.weight", (vocabulary, hidden)),
        ExpectedTensor("model.norm.weight", "output_norm.weight", (hidden,)),
        ExpectedTensor("lm_head.weight", "output.weight", (vocabulary, hidden), optional=tied),
    ]
    for number in range(layer_count(config)):
        expected += [
            ExpectedTensor(
                f"model.layers.{number}.{part.source}",
                f"blk.{number}.{part.target}",
                part.shape,
                part.heads,
            )
            for part in layer
        ]
    return expected


def _layer_tensors(
    config: Config,
    head_dim: int,
    biased: tuple[str, ...],
    *,
    head_norms: bool,
    permuted: bool,
) -> list[ExpectedTensor]:
    hidden, wide = config.whole("hidden_size"), config.whole("intermediate_size")
    heads, groups = config.whole("num_attention_heads"), kv_heads(config)
    matrices = {
        "self_attn.q_proj": ("attn_q", heads * head_dim, hidden, heads if permuted else 0, "q"),
        "self_attn.k_proj": ("attn_k", groups * head_dim, hidden, groups if permuted else 0, "k"),
        "self_attn.v_proj": ("attn_v", groups * head_dim, hidden, 0, "v"),
        "self_attn.o_proj": ("attn_output", hidden, heads * head_dim, 0, "o"),
        "mlp.gate_proj": ("ffn_gate", wide, hidden, 0, "mlp"),
        "mlp.up_proj": ("ffn_up", wide, hidden, 0, "mlp"),
        "mlp.down_proj": ("ffn_down", hidden, wide, 0, "mlp"),
    }
    parts = [
        ExpectedTensor("input_layernorm.weight", "attn_norm.weight", (hidden,)),
        ExpectedTensor("post_attention_layernorm.weight", "ffn_norm.weight", (hidden,)),
    ]
    if head_norms:
        parts += [
            ExpectedTensor("self_attn.q_norm.weight", "attn_q_norm.weight", (head_dim,)),
            ExpectedTensor("self_attn.k_norm.weight", "attn_k_norm.weight", (head_dim,)),
        ]
    for source, (target, rows, columns, permuted_heads, group) in matrices.items():
        shape = (rows, columns)
        parts.append(ExpectedTensor(f"{source}.weight", f"{target}.weight", shape, permuted_heads))
        if group in biased:
            parts.append(
                ExpectedTensor(f"{source}.bias", f"{target}.bias", (rows,), permuted_heads)
            )
    return parts
