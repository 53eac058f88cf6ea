"""Record, or check, what llama.cpp's own programs make of the test checkpoints.

    pip download llama-cpp-python==0.3.36 --no-deps --no-binary :all: && tar xzf llama_cpp_python-*
    cmake -S llama_cpp_python-0.3.36/vendor/llama.cpp -B tools -DLLAMA_BUILD_TESTS=OFF
    cmake --build tools --target llama-quantize llama-gguf-split
    python -m venv reference
    reference/bin/pip install torch==2.13.0 transformers==4.57.6 sentencepiece "protobuf<5" pyyaml
    python -m benchmarks.convert_expected --llama llama_cpp_python-0.3.36/vendor/llama.cpp \\
        --tools tools/bin --python reference/bin/python

`--only CHECKPOINT` makes the cases of one of them. Without --check it writes
tests/data/convert-expected.json; with it, it converts everything with
localr1 as well and compares. llama.cpp's converter does not know the small vocabulary of localr1's
demo: its fingerprint is added to a copy of that converter's table, in a line that is shown.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from localr1_convert.imatrix import read_imatrix
from localr1_convert.quant_types import parse_tensor_type

from localr1.gguf_header.part_file import open_part
from tests.converters.converting import converted, open_source
from tests.converters.expected_cases import (
    IMATRIX_NAME,
    OPTION_CASES,
    QUANTS,
    Case,
    expected,
    make_imatrix,
)
from tests.converters.make_checkpoints import DEMO_CHECKPOINT, MAKERS
from tests.converters.tokenizer_files import DATA

_SIXTEEN_BIT = {"bfloat16": "bf16", "float16": "f16", "float32": "f32"}
DEMO_PRE_TOKENIZER = "deepseek-r1-qwen"
_TABLE_END = '        if res is None:\n            logger.warning("\\n")'


class Reference:
    """llama.cpp's converter and quantizer.

    Args:
        llama: llama.cpp's source folder.
        tools: folder of llama-quantize and llama-gguf-split.
        python: an interpreter with torch and transformers.
        work: where everything is written.
    """

    def __init__(self, llama: Path, tools: Path, python: Path, work: Path) -> None:
        self._llama, self._tools, self._python = llama, tools, python
        self.work = work

    def full(self, checkpoint: Path) -> Path:
        """The checkpoint as a GGUF of its own precision."""
        config = json.loads((checkpoint / "config.json").read_text("utf-8"))
        dtype = config.get("torch_dtype") or config.get("dtype") or "bfloat16"
        output = self.work / f"{checkpoint.name}.gguf"
        if not output.exists():
            script = self._llama / "convert_hf_to_gguf.py"
            self._run(
                self._python, script, checkpoint, "--outtype", _SIXTEEN_BIT[dtype],
                "--outfile", output,
            )  # fmt: skip
        return output

    def quantized(self, source: Path, quant: str, *flags: str) -> Path:
        """What llama-quantize makes of a GGUF."""
        output = self.work / "reference.gguf"
        self._run(self._tools / "llama-quantize", *flags, source, output, quant)
        return output

    def split(self, source: Path, size: str) -> list[Path]:
        """What llama-gguf-split makes of a GGUF."""
        for old in self.work.glob("part-*.gguf"):
            old.unlink()
        self._run(
            self._tools / "llama-gguf-split", "--split", "--split-max-size", size, source,
            self.work / "part",
        )  # fmt: skip
        return sorted(self.work.glob("part-*.gguf"))

    def _run(self, *command: Any) -> None:
        done = subprocess.run(
            [str(part) for part in command], cwd=self.work, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        if done.returncode:
            sys.exit(f"{' '.join(map(str, command))}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")

    def with_fingerprint(self, checkpoint: Path, name: str) -> Reference:
        """This reference with a copy of the converter that knows the checkpoint's tokenizer."""
        copy = self.work / "llama.cpp"
        shutil.copytree(self._llama, copy, dirs_exist_ok=True)
        base = copy / "conversion" / "base.py"
        text = base.read_text("utf-8")
        fingerprint = self._fingerprint(checkpoint, text)
        line = f'        if chkhsh == "{fingerprint}": res = "{name}"  # added\n'
        print(f"added to a copy of conversion/base.py: {line.strip()}")
        assert _TABLE_END in text
        base.write_text(text.replace(_TABLE_END, line + _TABLE_END), "utf-8")
        return Reference(copy, self._tools, self._python, self.work)

    def _fingerprint(self, checkpoint: Path, base: str) -> str:
        chktxt = re.search(r"chktxt = ('.*')", base)
        assert chktxt is not None
        code = (
            "import hashlib, sys; from transformers import AutoTokenizer; "
            "t = AutoTokenizer.from_pretrained(sys.argv[1]); "
            f"print(hashlib.sha256(str(t.encode({chktxt[1]})).encode()).hexdigest())"
        )
        command = [str(self._python), "-c", code, str(checkpoint)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.split()[-1]


def facts_of(path: Path) -> dict[str, str]:
    """SHA-256 of a GGUF file and of its header, which no compiler has an influence on."""
    content = path.read_bytes()
    start = open_part(path).header.weights_start
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "header": hashlib.sha256(content[:start]).hexdigest(),
    }


def reference_files(reference: Reference, case: Case, checkpoint: Path) -> list[Path]:
    """The case, made by llama.cpp's programs."""
    source = reference.full(checkpoint)
    if case.first_quant:
        first = reference.quantized(source, case.first_quant)
        source = first.rename(reference.work / "first.gguf")
    output = reference.quantized(source, case.quant, *case.tool_flags)
    return reference.split(output, case.split) if case.split else [output]


def own_files(case: Case, checkpoint: Path, work: Path) -> list[Path]:
    """The case, made by localr1."""
    source = open_source(work / "first.gguf" if case.first_quant else checkpoint)
    options = dict(case.options)
    if "tensor_types" in options:
        types = options["tensor_types"]
        options["tensor_types"] = tuple((name, parse_tensor_type(kind)) for name, kind in types)
    for name in ("output_type", "embedding_type"):
        if name in options:
            options[name] = parse_tensor_type(options[name])
    if "--imatrix" in case.tool_flags:
        options["imatrix"] = read_imatrix(Path(IMATRIX_NAME))
    return list(converted(source, work / "own.gguf", quant=case.quant, **options).paths)


def plain_cases(name: str) -> list[Case]:
    """Every recorded quant of a checkpoint."""
    return [Case(f"{name}/{quant}", name, quant) for quant in QUANTS]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--llama", type=Path, required=True)
    parser.add_argument("--tools", type=Path, required=True)
    parser.add_argument("--python", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=None)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--only", metavar="CHECKPOINT", choices=sorted(MAKERS))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = (arguments.work or Path(temporary)).absolute()
        work.mkdir(parents=True, exist_ok=True)
        reference = Reference(
            arguments.llama.absolute(),
            arguments.tools.absolute(),
            arguments.python.absolute(),
            work,
        )
        compare(reference, arguments)


def compare(reference: Reference, arguments: argparse.Namespace) -> None:
    """Make every case with llama.cpp, and record it or compare it."""
    import os

    work = reference.work
    os.chdir(work)
    cases = [case for name in MAKERS for case in plain_cases(name)] + list(OPTION_CASES)
    if arguments.only:
        cases = [case for case in cases if case.checkpoint == arguments.only]
    reference = reference.with_fingerprint(DEMO_CHECKPOINT, DEMO_PRE_TOKENIZER)
    recorded: dict[str, list[dict[str, str]]] = {}
    different = []
    for case in cases:
        checkpoint = work / "checkpoints" / case.checkpoint
        if not (checkpoint / "config.json").exists():
            MAKERS[case.checkpoint](checkpoint)
        make_imatrix(work, checkpoint)
        files = reference_files(reference, case, checkpoint)
        recorded[case.name] = [facts_of(path) for path in files]
        if arguments.check:
            own = [facts_of(path) for path in own_files(case, checkpoint, work)]
            same = own == recorded[case.name]
            different += [] if same else [case.name]
            print(f"{case.name:<24} {'same bytes' if same else 'DIFFERENT'}", flush=True)
    if not arguments.check:
        document = {
            "made_by": "benchmarks/convert_expected.py; llama.cpp of llama-cpp-python 0.3.36, "
            "transformers 4.57.6, x86-64 Linux",
            "files": {**expected(), **recorded},
        }
        text = json.dumps(document, indent=1, sort_keys=True) + "\n"
        (DATA / "convert-expected.json").write_text(text, "utf-8")
    if different:
        sys.exit(f"different: {', '.join(different)}")


if __name__ == "__main__":
    main()
