"""Whatever the bytes: a header or one clean line, at once."""

from __future__ import annotations

import time
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localr1.errors import ModelRefused
from localr1.gguf_header import GgufHeader, read_header
from tests.damaged_models import base, mutants, variants

LIMIT_SECONDS = 2.0
_MUTANTS = 2000


def _passes(path: Path, content: bytes) -> bool:
    """Whether the gate lets the content pass; anything but a refusal in one line is an error."""
    path.write_bytes(content)
    start = time.perf_counter()
    try:
        header = read_header(path)
    except ModelRefused as error:
        assert error.message.startswith(path.name)
        assert error.message.isprintable()
        assert error.hint.isprintable()
        assert len(error.message) <= 300
        return False
    finally:
        assert time.perf_counter() - start < LIMIT_SECONDS
    _use_every_property(header)
    return True


def _use_every_property(header: GgufHeader) -> None:
    assert header.name.isprintable()
    assert header.quant_type
    assert header.n_vocab == len(list(header.tokens))
    assert all(type(number) is int for number in header.token_types)
    assert header.chat_template is None or isinstance(header.chat_template, str)
    assert isinstance(header.pre_tokenizer_is_safe, bool)
    assert header.parameters > 0
    counts = (header.n_layer, header.n_ctx_train, header.n_embd, header.n_head, header.n_head_kv)
    assert all(type(number) is int and number >= 0 for number in counts)
    assert all(warning.isprintable() for warning in header.warnings)


def test_named_variants(tmp_path: Path) -> None:
    found = {name: _passes(tmp_path / "v.gguf", content) for name, content in variants()}
    assert len(found) >= 300
    assert all(passed for name, passed in found.items() if name.startswith("control/"))
    must_fail = ("truncate/", "wrong-content/")
    assert not [name for name, passed in found.items() if passed and name.startswith(must_fail)]
    assert sum(not passed for passed in found.values()) > 800


def test_named_variants_are_always_the_same() -> None:
    first, second = variants(), variants()
    names = set()
    for (name, content), (name_again, content_again) in zip(first, second, strict=True):
        assert (name, content) == (name_again, content_again)
        assert name not in names
        names.add(name)


def test_mutants(tmp_path: Path) -> None:
    passed = [_passes(tmp_path / "m.gguf", content) for _, content in mutants(_MUTANTS, seed=7)]
    assert len(passed) == _MUTANTS
    # Both ends of the check are reached.
    assert 0 < sum(passed) < _MUTANTS // 2


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(tail=st.binary(max_size=400), keep=st.integers(0, 6000))
def test_any_bytes_behind_a_valid_beginning(tmp_path: Path, tail: bytes, keep: int) -> None:
    assert not _passes(tmp_path / "h.gguf", base()[:keep] + tail)
