"""The last check of a conversion: the engine loads the model and produces a token."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from localr1.errors import ModelRefused
from localr1.units import memory_size

if TYPE_CHECKING:
    from localr1_convert.plan import Plan

    from localr1.engine.protocol import Event

_CHECK_CONTEXT_TOKENS = 512
_ENGINE_BYTES = 400 << 20
"""The engine without weights: its buffers for a small context window and its own code."""


def load_once(plan: Plan) -> str:
    """Load the files under their temporary names; says how far the check went.

    Raises:
        ModelRefused: the engine refuses the model; the files keep their temporary names.
    """
    import psutil

    needed, have = plan.size_bytes + _ENGINE_BYTES, psutil.virtual_memory().available
    if needed > have:
        return (
            f"header and sizes only: loading needs {memory_size(needed)}, "
            f"{memory_size(have)} are free"
        )
    with tempfile.TemporaryDirectory(prefix="localr1-") as folder:
        links = [Path(folder) / file.path.name for file in plan.files]
        try:
            for link, file in zip(links, plan.files, strict=True):
                link.symlink_to(file.partial.absolute())
        except OSError:
            return "header and sizes only: no links can be made here"
        failure = asyncio.run(_failure(links[0]))
    if failure:
        raise ModelRefused(
            f"the self-check failed: {failure}",
            f"the file was left as {os.fspath(plan.files[0].partial)}",
        )
    return "loaded, one token produced"


async def _failure(path: Path) -> str:
    """Why the engine cannot use the model; empty when it can."""
    from localr1.engine.protocol import Done, Failed
    from localr1.models.reference import ModelReference
    from localr1.session import ChatSession
    from localr1.settings import Settings

    settings = Settings(n_ctx=_CHECK_CONTEXT_TOKENS, max_tokens=1, n_gpu_layers=0)
    reference = ModelReference(path, path.name, "gguf", is_check=True)
    session = ChatSession(reference, settings)
    last: Event | None = None
    try:
        async for event in session.send("Hello"):
            last = event
    finally:
        await session.close()
    if isinstance(last, Failed):
        return last.message
    # the one token may be a part of a character, which is taken back: it came all the same
    came = isinstance(last, Done) and last.finish_reason in ("stop", "length")
    return "" if came else "no token came"
