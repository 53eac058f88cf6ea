"""Bytes of tokens become whole characters, and what waits can be taken back without a trace."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from localr1.engine.whole_characters import WholeCharacters

TOKENS = st.lists(
    st.one_of(
        st.binary(max_size=4),
        st.sampled_from([bytes([b]) for b in "é你😀".encode()] + [b" \xf0\x9f", b"\x98\x80", b""]),
    ),
    max_size=20,
)


@given(TOKENS)
def test_the_text_is_that_of_all_bytes_together(tokens: list[bytes]) -> None:
    characters = WholeCharacters()
    text = "".join(map(characters.add, tokens)) + characters.finish()
    assert text == b"".join(tokens).decode("utf-8", "replace")
    assert characters.waiting_tokens == 0


@given(TOKENS)
def test_what_is_dropped_was_never_given_out(tokens: list[bytes]) -> None:
    characters = WholeCharacters()
    text = "".join(map(characters.add, tokens))
    dropped = characters.drop()
    assert text == b"".join(tokens[: len(tokens) - dropped]).decode("utf-8", "replace")
    assert characters.add(b"x") == "x"


def test_only_tokens_of_the_last_character_wait() -> None:
    characters = WholeCharacters()
    assert [characters.add(token) for token in (b"a", b" \xf0", b"\x9f", b"\x98", b"\x80b")] == [
        "a", "", "", "", " 😀b",
    ]  # fmt: skip
    assert [characters.add(b"\xf0") for _ in range(3)] == ["", "\ufffd", "\ufffd"]
    assert characters.waiting_tokens == 1
