"""Write the trained weights as a Hugging Face checkpoint, and that as a GGUF.

    python export.py --work DIR --checkpoint FOLDER --template FILE.jinja
        [--gguf FILE --llama-cpp SOURCE --quantize LLAMA_QUANTIZE --quant-type Q8_0]

llama.cpp's converter knows tokenizers by a fingerprint and has none for the demo's small
vocabulary; `--llama-cpp` names its source folder, whose table is extended in memory.
"""

from __future__ import annotations

import argparse
import json
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import tokenizer as bpe
import torch
from model import Shape
from safetensors.torch import save_file
from tokenizers import Tokenizer

PRE_TOKENIZER = "deepseek-r1-qwen"
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


def _convert_with_known_tokenizer(llama_cpp: Path, folder: Path, target: Path) -> None:
    """Run llama.cpp's converter with the demo's fingerprint added to its table."""
    sys.path.insert(0, str(llama_cpp))
    from conversion.base import TextModel  # type: ignore[import-not-found]  # of llama.cpp

    def known(_model: Any, _tokenizer: Any) -> str:
        return PRE_TOKENIZER

    TextModel.get_vocab_base_pre = known
    script = llama_cpp / "convert_hf_to_gguf.py"
    sys.argv = [str(script), str(folder), "--outfile", str(target), "--outtype", "bf16"]
    sys.argv += ["--model-name", "localr1 demo"]
    runpy.run_path(str(script), run_name="__main__")


def gguf(folder: Path, target: Path, llama_cpp: Path, quantize: Path, quant_type: str) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        plain = Path(scratch) / "plain.gguf"
        _convert_with_known_tokenizer(llama_cpp.absolute(), folder.absolute(), plain)
        target.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([quantize.absolute(), plain, target, quant_type], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--template", type=Path, required=True)
    parser.add_argument("--weights", choices=("model", "average"), default="model")
    parser.add_argument("--gguf", type=Path)
    parser.add_argument("--llama-cpp", type=Path)
    parser.add_argument("--quantize", type=Path)
    parser.add_argument("--quant-type", default="Q8_0")
    options = parser.parse_args()
    template = options.template.read_text(encoding="utf-8")
    checkpoint(options.work, options.checkpoint, template, options.weights)
    if options.gguf:
        gguf(
            options.checkpoint,
            options.gguf,
            options.llama_cpp,
            options.quantize,
            options.quant_type,
        )


if __name__ == "__main__":
    main()
