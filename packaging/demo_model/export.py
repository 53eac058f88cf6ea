"""Write the trained weights as a Hugging Face checkpoint folder.

    python export.py --work DIR --checkpoint FOLDER --template FILE.jinja --card MODEL_CARD.md

`localr1 convert` makes the GGUF from it.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import tokenizer as bpe
import torch
from model import Shape
from safetensors.torch import save_file
from tokenizers import Tokenizer

SAMPLING = {"do_sample": True, "temperature": 0.6, "top_p": 0.95}


def checkpoint(work: Path, folder: Path, template: str, weights: str) -> None:
    """config, generation_config, tokenizer and bf16 safetensors."""
    shape = Shape()
    tokenizer = Tokenizer.from_file(str(work / "tokenizer.json"))
    bpe.save(tokenizer, folder, template, shape.max_position_embeddings)
    bos, eos = tokenizer.token_to_id(bpe.BOS), tokenizer.token_to_id(bpe.EOS)
    generation = {"bos_token_id": bos, "eos_token_id": eos, **SAMPLING}
    for name, content in (
        ("config.json", shape.config(bos, eos)),
        ("generation_config.json", generation),
    ):
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    state = torch.load(work / "state-0.pt", weights_only=True)[weights]
    tensors = {f"model.{name}": weight.bfloat16().contiguous() for name, weight in state.items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--template", type=Path, required=True)
    parser.add_argument("--card", type=Path, required=True)
    parser.add_argument("--weights", choices=("model", "average"), default="average")
    options = parser.parse_args()
    template = options.template.read_text(encoding="utf-8")
    checkpoint(options.work, options.checkpoint, template, options.weights)
    shutil.copyfile(options.card, options.checkpoint / "README.md")


if __name__ == "__main__":
    main()
