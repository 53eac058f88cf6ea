"""`localr1 convert`: a checkpoint, or a GGUF of higher precision, into a quantized GGUF."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from localr1.cli.output import Printer
from localr1.errors import EngineError, StorageError, UsageError

if TYPE_CHECKING:
    from localr1_convert.child_client import Child
    from localr1_convert.plan import Options, Plan
    from localr1_convert.source import Source

_SPLIT_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}


@click.command()
@click.argument("checkpoint", required=False, type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File or folder to write to.")
@click.option("-q", "--quant", default="Q4_K_M", show_default=True, help="What to make of it.")
@click.option(
    "--imatrix", type=click.Path(path_type=Path), help="Importance matrix made by llama-imatrix."
)
@click.option(
    "--tensor-type", "tensor_types", multiple=True, metavar="NAME=TYPE",
    help="Type for the tensors whose names match; may be repeated.",
)  # fmt: skip
@click.option("--output-tensor-type", metavar="TYPE", help="Type of output.weight.")
@click.option("--token-embedding-type", metavar="TYPE", help="Type of token_embd.weight.")
@click.option("--pure", is_flag=True, help="One type for all matrices instead of a mixture.")
@click.option("--allow-requantize", is_flag=True, help="Take a source that is quantized already.")
@click.option("--split-max-size", metavar="N(M|G)", help="Several files of at most this size.")
@click.option("--pre", default="", metavar="NAME", help="llama.cpp's name of the pre-tokenizer.")
@click.option("--threads", type=click.IntRange(1, 512), help="Threads; all cores by default.")
@click.option(
    "--kernels", type=click.Choice(["auto", "ggml"]), default="auto", show_default=True,
    help="Which code quantizes: localr1's where it gives ggml's bytes, or always ggml's.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Show what would be made; write nothing.")
@click.option("--force", is_flag=True, help="Replace the output where it exists.")
@click.option("--check/--no-check", default=True, help="Check the result, and load it once.")
@click.option("--json", "as_json", is_flag=True, help="The result as JSON on standard output.")
@click.option("--child", is_flag=True, hidden=True)
def convert(checkpoint: Path | None, child: bool, **options: Any) -> None:
    """Turn CHECKPOINT into a quantized GGUF file.

    CHECKPOINT is a Hugging Face folder with .safetensors files (Llama, Qwen2 or Qwen3), or a
    GGUF file of higher precision. Without -o the result goes to localr1's models folder. An
    interrupted conversion continues when the same command is run again.
    """
    if child:
        from localr1_convert.child import main

        main()
        return
    if checkpoint is None:
        raise UsageError("there is no checkpoint to convert", "name a folder or a GGUF file")
    with _Conversion(checkpoint, options) as conversion:
        conversion.run()


class _Conversion:
    """One run of the command: what was asked for, and the child process that does the work."""

    def __init__(self, checkpoint: Path, asked: dict[str, Any]) -> None:
        self._checkpoint = checkpoint
        self._asked = asked
        self._printer = Printer()

    def __enter__(self) -> _Conversion:
        from localr1_convert.child_client import Child

        self._child: Child = Child()
        return self

    def __exit__(self, *error: Any) -> None:
        self._child.__exit__(*error)

    def run(self) -> None:
        """Plan, and then show the plan or carry it out."""
        from localr1_convert import job
        from localr1_convert.plan import make_plan

        options = _options(self._asked)
        source = _source(self._checkpoint, self._asked["pre"])
        output = _output(self._asked["output"], source, options.quant)
        plan = make_plan(source, options, output, self._child)
        threads = self._asked["threads"] or job.default_threads()
        for notice in plan.notices:
            self._printer.line(f"note: {notice}")
        if self._asked["dry_run"]:
            from localr1.cli.convert_report import estimate, show_plan

            measured = estimate(plan, self._child, threads, self._asked["kernels"])
            show_plan(self._printer, plan, threads, measured, as_json=self._asked["as_json"])
            return
        job.check_output(plan, force=self._asked["force"])
        job.check_memory(threads)
        self._write(plan, threads)

    def _write(self, plan: Plan, threads: int) -> None:
        from localr1_convert import job

        from localr1.cli.convert_report import ProgressLine, show_result

        progress = ProgressLine(self._printer, plan)
        started = time.monotonic()
        with self._said_how_to_continue(progress):
            kernels = self._asked["kernels"]
            result = job.run(plan, self._child, threads, progress.show, kernels)
        self._printer.clear_status()
        for name in result.odd_tensors:
            self._printer.line(f"warning: {name} holds values that are not finite (NaN or Inf)")
        checked = self._checked(plan, result)
        job.finish(plan)
        seconds = time.monotonic() - started
        show_result(self._printer, plan, result, checked, seconds, as_json=self._asked["as_json"])

    def _checked(self, plan: Plan, result: Any) -> str:
        """What the check found out: "loaded", or why it stopped at the header."""
        from localr1_convert import job

        if not self._asked["check"]:
            job.hash_result(plan, result)
            return "not checked"
        from localr1.cli.convert_check import load_once

        self._printer.status("Checking the result")
        job.check_result(plan, result)
        return load_once(plan)

    @contextlib.contextmanager
    def _said_how_to_continue(self, progress: Any) -> Iterator[None]:
        try:
            yield
        except KeyboardInterrupt:
            self._printer.line(f"Stopped. {progress.kept()}")
            raise
        except (StorageError, EngineError) as error:
            self._printer.clear_status()
            error.hint = error.hint or progress.kept()
            raise


def _options(asked: dict[str, Any]) -> Options:
    from localr1_convert.imatrix import read_imatrix
    from localr1_convert.plan import Options
    from localr1_convert.quant_types import parse_quant, parse_tensor_type

    output_type, embedding_type = asked["output_tensor_type"], asked["token_embedding_type"]
    return Options(
        quant=parse_quant(asked["quant"]),
        imatrix=read_imatrix(asked["imatrix"]) if asked["imatrix"] else None,
        tensor_types=tuple(map(_tensor_type, asked["tensor_types"])),
        output_type=parse_tensor_type(output_type) if output_type else None,
        embedding_type=parse_tensor_type(embedding_type) if embedding_type else None,
        pure=asked["pure"],
        allow_requantize=asked["allow_requantize"],
        split_bytes=_split_bytes(asked["split_max_size"] or "0"),
    )


def _tensor_type(text: str) -> tuple[str, Any]:
    from localr1_convert.quant_types import parse_tensor_type

    name, separator, kind = text.partition("=")
    if not name or not separator:
        raise UsageError(f"--tensor-type takes NAME=TYPE, not {text!r}")
    return name.lower(), parse_tensor_type(kind)


def _split_bytes(text: str) -> int:
    found = re.fullmatch(r"(\d{1,12})([KMG]?)", text)
    if not found:
        raise UsageError(f"--split-max-size takes a number with M or G, not {text!r}")
    return int(found[1]) * _SPLIT_UNITS[found[2]]


def _source(path: Path, pre: str) -> Source:
    if path.is_file():
        from localr1_convert.gguf_source import read_gguf

        return read_gguf(path)
    from localr1_convert.source import read_checkpoint

    return read_checkpoint(path, pre)


def _output(asked: Path | None, source: Source, quant: str) -> Path:
    """Where the result goes: as asked, else into the models folder under its own name."""
    from localr1 import paths

    target = asked or paths.models_folder()
    if asked is None or asked.is_dir():
        return target / f"{source.file_stem(quant)}.gguf"
    return target
