"""The Qwen2 architecture, as small as it goes, with Hugging Face's tensor names."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Shape:
    """Sizes of the model; every row length is a multiple of 256, as K-quants need."""

    vocab_size: int = 1536
    hidden_size: int = 256
    intermediate_size: int = 768
    num_hidden_layers: int = 5
    num_attention_heads: int = 4
    num_key_value_heads: int = 2
    max_position_embeddings: int = 8192
    rope_theta: float = 10_000.0
    rms_norm_eps: float = 1e-6

    @property
    def head_size(self) -> int:
        return self.hidden_size // self.num_attention_heads

    def config(self, bos: int, eos: int) -> dict[str, object]:
        """What config.json of a Qwen2 checkpoint holds."""
        return {
            "architectures": ["Qwen2ForCausalLM"],
            "model_type": "qwen2",
            **asdict(self),
            "hidden_act": "silu",
            "attention_dropout": 0.0,
            "initializer_range": 0.02,
            "tie_word_embeddings": True,
            "use_cache": True,
            "use_sliding_window": False,
            "bos_token_id": bos,
            "eos_token_id": eos,
            "torch_dtype": "bfloat16",
        }


def _rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary embedding of x (batch, heads, length, head size), halves paired as in Qwen2."""
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1).to(x.dtype)


def _attended(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Causal attention spelt out: for short rows in bf16 on a CPU this is four times as fast as
    torch's fused kernel."""
    length = q.shape[-2]
    ahead = torch.full((length, length), float("-inf"), dtype=q.dtype).triu(1)
    scores = q @ (k * q.shape[-1] ** -0.5).transpose(-1, -2) + ahead
    with torch.autocast("cpu", enabled=False):
        weights = torch.softmax(scores, dim=-1)
    return weights @ v


class Attention(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads, self.kv_heads = shape.num_attention_heads, shape.num_key_value_heads
        self.size = shape.head_size
        self.q_proj = nn.Linear(shape.hidden_size, self.heads * self.size)
        self.k_proj = nn.Linear(shape.hidden_size, self.kv_heads * self.size)
        self.v_proj = nn.Linear(shape.hidden_size, self.kv_heads * self.size)
        self.o_proj = nn.Linear(self.heads * self.size, shape.hidden_size, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        rows, length, _ = x.shape
        q = self.q_proj(x).view(rows, length, self.heads, self.size).transpose(1, 2)
        k = self.k_proj(x).view(rows, length, self.kv_heads, self.size).transpose(1, 2)
        v = self.v_proj(x).view(rows, length, self.kv_heads, self.size).transpose(1, 2)
        groups = self.heads // self.kv_heads
        q, k = _rotated(q, cos, sin), _rotated(k, cos, sin).repeat_interleave(groups, dim=1)
        y = _attended(q, k, v.repeat_interleave(groups, dim=1))
        return self.o_proj(y.transpose(1, 2).reshape(rows, length, -1))


class FeedForward(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(shape.hidden_size, shape.intermediate_size, bias=False)
        self.up_proj = nn.Linear(shape.hidden_size, shape.intermediate_size, bias=False)
        self.down_proj = nn.Linear(shape.intermediate_size, shape.hidden_size, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


def _lowered(x: Tensor) -> Tensor:
    """Cast once what several matrices read under autocast."""
    return x.bfloat16() if torch.is_autocast_enabled("cpu") else x


class Layer(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.input_layernorm = nn.RMSNorm(shape.hidden_size, shape.rms_norm_eps)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = nn.RMSNorm(shape.hidden_size, shape.rms_norm_eps)
        self.mlp = FeedForward(shape)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = x + self.self_attn(_lowered(self.input_layernorm(x)), cos, sin)
        return x + self.mlp(_lowered(self.post_attention_layernorm(x)))


class Qwen2(nn.Module):
    """Token ids and positions (batch, length) in, hidden states (batch, length, hidden) out."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embed_tokens = nn.Embedding(shape.vocab_size, shape.hidden_size)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.num_hidden_layers))
        self.norm = nn.RMSNorm(shape.hidden_size, shape.rms_norm_eps)
        for name, weight in self.named_parameters():
            if weight.ndim == 2:
                nn.init.normal_(weight, std=0.02 if "embed" in name else shape.hidden_size**-0.5)
            elif name.endswith("bias"):
                nn.init.zeros_(weight)
            if name.endswith(("o_proj.weight", "down_proj.weight")):
                nn.init.zeros_(weight)
        powers = torch.arange(0, shape.head_size, 2) / shape.head_size
        angles = torch.outer(torch.arange(shape.max_position_embeddings), shape.rope_theta**-powers)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def forward(self, tokens: Tensor, positions: Tensor) -> Tensor:
        x = self.embed_tokens(tokens)
        cos, sin = self.cos[positions].unsqueeze(1), self.sin[positions].unsqueeze(1)
        for layer in self.layers:
            x = layer(x, cos, sin)
        return self.norm(x)

    def logits(self, hidden: Tensor) -> Tensor:
        """The output row is tied to the embedding."""
        return F.linear(hidden, self.embed_tokens.weight)
