"""What a process loads: start-up stays quick and the interface free of native code."""

from __future__ import annotations

import subprocess
import sys

import pytest

NETWORK = {"huggingface_hub", "httpx", "httpx2", "requests"}
NATIVE = {"llama_cpp", "numpy", "gguf", *NETWORK}
HEAVY = {"textual", "jinja2", *NATIVE}


def modules_after(statement: str) -> set[str]:
    """Top-level packages that a fresh interpreter has loaded after this statement."""
    program = f"{statement}\nimport sys\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    return set(done.stdout.decode().split())


@pytest.mark.parametrize(
    "statement",
    [
        "import localr1.cli.main",
        "import localr1.cli.library.finding, localr1.models.importing, localr1.models.removal",
        "import localr1.cli.pull, localr1.cli.recommend",
        "import localr1.cli.run, localr1.session, localr1.cli.line_chat, localr1.cli.show",
        "import localr1.history.store, localr1.gguf_header, localr1.engine.client",
    ],
)
def test_the_command_line_loads_nothing_heavy(statement: str) -> None:
    assert not modules_after(statement) & HEAVY


def test_the_interface_loads_no_engine() -> None:
    loaded = modules_after("import localr1.cli.chat, localr1.tui.app, localr1.session")
    assert "textual" in loaded
    assert not loaded & NATIVE


def test_the_worker_loads_no_interface() -> None:
    loaded = modules_after("import localr1.engine.worker, localr1.engine.llama_backend")
    assert "llama_cpp" in loaded
    assert not loaded & {"textual"}
