"""Running a conversion inside a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from localr1_convert import job
from localr1_convert.child_client import Child
from localr1_convert.gguf_source import read_gguf
from localr1_convert.plan import Options, Plan, make_plan
from localr1_convert.source import Source, read_checkpoint


def open_source(path: Path) -> Source:
    """A checkpoint folder or a GGUF file."""
    return read_checkpoint(path) if path.is_dir() else read_gguf(path)


def planned(source: Source, output: Path, child: Child, **options: Any) -> Plan:
    """A plan with these options."""
    return make_plan(source, Options(**options), output, child)


def converted(
    source: Source, output: Path, child: Child | None = None, **options: Any
) -> job.Result:
    """Convert, check and name the result."""
    if child is None:
        with Child() as own:
            return converted(source, output, own, **options)
    plan = planned(source, output, child, **options)
    job.check_output(plan, force=True)
    result = job.run(plan, child, job.default_threads(), lambda _: None)
    job.check_result(plan, result)
    job.finish(plan)
    return result
