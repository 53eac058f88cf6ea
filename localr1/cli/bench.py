"""`localr1 bench`: how fast a model runs here, and with how many threads best."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from localr1.cli.model_names import complete_model
from localr1.cli.options import loading_options, settings_from_flags
from localr1.cli.output import Printer
from localr1.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from localr1.cli.bench_report import BenchReport
    from localr1.engine.protocol import BenchTests, Event
    from localr1.session import ChatSession

_MOST_TOKENS = 1 << 24
_MOST_THREADS = 512


def _numbers(least: int, most: int) -> Callable[..., tuple[int, ...] | None]:
    """A callback that reads whole numbers with commas between them: "1,2,4"."""
    in_range = click.IntRange(least, most)

    def read(
        ctx: click.Context, param: click.Parameter, value: str | None
    ) -> tuple[int, ...] | None:
        if value is None:
            return None
        numbers = [click.INT(part.strip(), param, ctx) for part in value.split(",")]
        return tuple(sorted({in_range(number, param, ctx) for number in numbers}))

    return read


@click.command()
@click.argument("model", shell_complete=complete_model)
@click.option(
    "--prompt-tokens", type=click.IntRange(0, _MOST_TOKENS), metavar="N", default=512,
    show_default=True, help="Tokens of a prompt; 0 leaves prompt processing out.",
)  # fmt: skip
@click.option(
    "--generated-tokens", type=click.IntRange(0, _MOST_TOKENS), metavar="N", default=128,
    show_default=True, help="Tokens to generate; 0 leaves generation out.",
)  # fmt: skip
@click.option(
    "--depths", callback=_numbers(0, _MOST_TOKENS), metavar="N,N,...", default="0,4096",
    show_default=True, help="Tokens that are in the KV cache before.",
)  # fmt: skip
@click.option(
    "--repetitions", "-r", type=click.IntRange(1, 1000), metavar="N", default=3, show_default=True,
    help="Measured runs of each test.",
)  # fmt: skip
@click.option(
    "--threads", "n_threads", callback=_numbers(1, _MOST_THREADS), metavar="N,N,...",
    help="Numbers of CPU threads to measure.",
)  # fmt: skip
@click.option("--tune", is_flag=True, help="Try numbers of threads and save the best.")
@click.option("--json", "as_json", is_flag=True, help="Only the JSON line on standard output.")
@loading_options
def bench(
    model: str,
    tune: bool,
    as_json: bool,
    prompt_tokens: int,
    generated_tokens: int,
    depths: tuple[int, ...],
    repetitions: int,
    n_threads: tuple[int, ...] | None,
    **flags: Any,
) -> int:
    """Measure how fast MODEL reads a prompt and generates, in llama-bench's terms.

    The model is loaded as `run` and `chat` load it. pp512 reads a prompt of 512 tokens, tg128
    generates 128; "@ d4096" says that 4,096 tokens were in the KV cache before. The last line is
    a JSON document. With --tune the best numbers of threads are saved for this model on this
    machine.
    """
    from localr1.cli.bench_report import BenchReport
    from localr1.engine.protocol import BenchTests
    from localr1.gguf_header import read_header
    from localr1.hardware.probe import probe_machine
    from localr1.hardware.thread_choice import thread_counts
    from localr1.models.reference import find_model
    from localr1.session import ChatSession

    _check(prompt_tokens, generated_tokens, tune=tune)
    settings = settings_from_flags(flags)
    reference = find_model(model)
    header = read_header(reference.path) if reference.kind == "gguf" else None
    cpu = probe_machine(graphics=False).cpu
    if tune and not n_threads:
        n_threads = thread_counts(cpu.allowed_cores)
    tests = BenchTests(
        prompt_tokens=prompt_tokens,
        generated_tokens=generated_tokens,
        depths=depths,
        n_threads=n_threads or (),
        repetitions=repetitions,
    )
    report = BenchReport(Printer(), header, cpu, as_json=as_json)
    return _run(ChatSession(reference, settings), tests, report, tune=tune)


def _check(prompt_tokens: int, generated_tokens: int, *, tune: bool) -> None:
    if not prompt_tokens and not generated_tokens:
        raise UsageError("there is nothing to measure", "one of the two tests needs tokens")
    if tune and not (prompt_tokens and generated_tokens):
        raise UsageError(
            "--tune measures prompt processing and generation", "neither can have 0 tokens"
        )


def _run(session: ChatSession, tests: BenchTests, report: BenchReport, *, tune: bool) -> int:
    """Measure, show, save; answers the exit code."""
    from localr1.cli.session_runner import SessionRunner
    from localr1.engine.protocol import BenchResult, Failed

    with SessionRunner(session) as runner:
        last = runner.run(_show_all(session, tests, report))
        interrupted = runner.interrupted
    if isinstance(last, BenchResult):
        report.finish(last, tune=tune)
    if interrupted:
        return ExitCode.INTERRUPTED
    return last.exit_code if isinstance(last, Failed) else ExitCode.OK


async def _show_all(session: ChatSession, tests: BenchTests, report: BenchReport) -> Event | None:
    last: Event | None = None
    async for event in session.bench(tests):
        report.show(event)
        last = event
    return last
