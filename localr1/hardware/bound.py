"""How fast a model could generate if memory were all that counts.

Each new token needs every weight once and the keys and values of all tokens before it. They do
not fit a processor's caches, so they come from main memory, for each token anew.
"""

from __future__ import annotations

from localr1.gguf_header import GgufHeader, TensorEntry

_EMBEDDING = "token_embd.weight"
_ROW_TABLES = (_EMBEDDING, "per_layer_token_embd.weight", "position_embd.weight")
"""Of these a token needs one row."""
_EXPERTS_MARK = "_exps."
"""In names of tensors that hold all experts of a layer."""


def weight_bytes_per_token(header: GgufHeader) -> int:
    """Bytes of weights that one token reads.

    The embedding counts where it is the output matrix as well ("tied"). Of a mixture of experts
    the share counts that a token is sent to.
    """
    names = {tensor.name for tensor in header.tensors}
    is_tied = "output.weight" not in names
    share = _used_experts_share(header)
    return round(sum(_read_bytes(tensor, share, is_tied=is_tied) for tensor in header.tensors))


def bound_tps(bytes_per_second: float, weight_bytes: int, kv_bytes: int) -> float:
    """Tokens a second at which memory is read that fast; `kv_bytes` in the KV cache."""
    return bytes_per_second / max(1, weight_bytes + kv_bytes)


def _read_bytes(tensor: TensorEntry, experts_share: float, *, is_tied: bool) -> float:
    if tensor.name in _ROW_TABLES and not (is_tied and tensor.name == _EMBEDDING):
        return 0.0
    if _EXPERTS_MARK in tensor.name:
        return tensor.size_bytes * experts_share
    return float(tensor.size_bytes)


def _used_experts_share(header: GgufHeader) -> float:
    counts = [
        header.metadata.get(f"{header.architecture}.{name}")
        for name in ("expert_used_count", "expert_count")
    ]
    used, all_ = (number if isinstance(number, int) else 0 for number in counts)
    return min(1.0, used / all_) if used > 0 and all_ > 0 else 1.0
