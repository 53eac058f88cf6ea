"""Texts on which tokenizers differ, in their thousands and always the same."""

from __future__ import annotations

import random

_PIECES = (
    "the quick brown fox", "Hello World", "I'm", "we'LL", "don't", "'s", "'RE", "camelCaseName",
    "snake_case_name", "def f(x):\n    return x**2", "for (int i = 0; i < n; ++i) {", "</div>",
    '{"key": [1, 2.5, null]}', "SELECT * FROM t WHERE a <> 'b';", "x = y if z else -w", "#include",
    "\\frac{a}{b} \\cdot \\sqrt{2}", "https://example.org/a?b=c&d=%20", "user@example.org",
    "我想在苹果工作", "你好，世界！", "人工智能的推理过程",
    "日本語のテキスト", "カタカナ", "한국어 문장",
    "Привет, мир", "Ελληνικά", "שלום עולם", "مرحبا بالعالم", "नमस्ते दुनिया", "ภาษาไทย", "Tiếng Việt",
    "ខ្មែរ", "አማርኛ", "ქართული", "Übergröße", "façade naïve", "Ærøskøbing", "İstanbul ığüş",
    "e\u0301", "o\u0308u\u0308", "n\u0303", "a\u030a\u0301", "\u1112\u1161\u11ab", "Z\u0351\u036b",
    "🚀", "😶‍🌫️", "👩🏽‍💻", "🇩🇪🇫🇷", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "☃️", "✅", "🦙🦙", "1️⃣",
    "0", "7", "42", "123", "1234", "12345", "3.14159", "1,000,000", "0x1F", "1e-9", "²³", "Ⅷ", "½",
    "١٢٣", "一二三", "९८", " ", "  ", "   ",
    "       ", "\t", "\t\t", "\n", "\n\n", "\n\n\n", "\r\n",
    " \n", "\n ", " \t ", "\u00a0", "\u3000",
    "\u2003", "\u200b", "\u200d", "\ufeff", "\u2028", "\u0085",
    "…", "—", "“quoted”", "‘’", "!?!?", "...", "---", "=====", "++", "->", "=>", "::", "()", "[]",
    "{}", "<|", "|>", "<｜", "｜>", "<think", "think>",
    "%", "$$", "€", "£100", "@#&", "~`^", "/*", "*/",
    "a" * 30, "ab" * 20, "1" * 25, " " * 33, "\n" * 9, "Z" * 17, "。" * 12, "́" * 3, "\x01", "\x7f",
)  # fmt: skip


def texts(count: int, special: tuple[str, ...], seed: int = 7) -> list[str]:
    """So many texts; about one in five holds a special token."""
    chance = random.Random(seed)
    made = [*_PIECES, *special, *(f"{a}{b}{c}" for a in "x \n" for b in special for c in "y \n")]
    while len(made) < count:
        pieces = [chance.choice(_PIECES) for _ in range(chance.randrange(1, 9))]
        if special and chance.random() < 0.2:
            pieces.insert(chance.randrange(len(pieces) + 1), chance.choice(special))
        made.append(chance.choice(("", " ", "\n")).join(pieces))
    return made
