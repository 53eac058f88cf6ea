"""The demo's tokenizer: a small byte-level BPE with R1's special tokens, trained on the problems.

Digits are split singly, as the Qwen pre-tokenizer does, so that the model sees every digit; every
byte is a token, so that any UTF-8 text can be spelt.
"""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import mix
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

VOCABULARY_TOKENS = 1536
QWEN_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""The regex that llama.cpp uses for `deepseek-r1-qwen` (src/llama-vocab.cpp)."""

BOS, EOS = "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"
USER, ASSISTANT = "<｜User｜>", "<｜Assistant｜>"
THINK, END_THINK = "<think>", "</think>"
CONTROL = (EOS, BOS)
USER_DEFINED = (USER, ASSISTANT, THINK, END_THINK)
"""As in the Qwen distills: control tokens are special, the others are merely added."""


def train(texts_seed: int = 7, texts: int = 40_000) -> Tokenizer:
    """A tokenizer trained on the text of the first `texts` problems of a seed."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN_SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    added = len(CONTROL) + len(USER_DEFINED)
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY_TOKENS - added,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    stream = (
        problem
        for problem in islice(mix.training_problems(texts_seed), texts)
        if problem.kind != "outside"
    )
    tokenizer.train_from_iterator(
        ("\n".join((p.question, *p.working, p.answer)) for p in stream), trainer
    )
    tokenizer.add_special_tokens([AddedToken(text, special=True) for text in CONTROL])
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in USER_DEFINED])
    return tokenizer


def save(tokenizer: Tokenizer, folder: Path, template: str, n_ctx: int) -> None:
    """Write tokenizer.json and tokenizer_config.json with the chat template."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "add_bos_token": True,
        "add_eos_token": False,
        "bos_token": BOS,
        "eos_token": EOS,
        "pad_token": EOS,
        "unk_token": EOS,
        "clean_up_tokenization_spaces": False,
        "model_max_length": n_ctx,
        "chat_template": template,
    }
    text = json.dumps(config, ensure_ascii=False, indent=2) + "\n"
    (folder / "tokenizer_config.json").write_text(text, encoding="utf-8")
