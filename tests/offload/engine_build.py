"""The engine built with RPC, in a folder of its own: pip's copy in the environment stays."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

REPOSITORY = Path(__file__).parents[2]
SLIM = REPOSITORY / "packaging" / "engine" / "slim.cmake"
CMAKE_ARGUMENTS = f"-DCMAKE_PROJECT_INCLUDE={SLIM} -DGGML_RPC=ON"

_LOCK_SECONDS = 3600.0
"""Somebody else may be building it on a slow machine."""


def engine_with_rpc() -> Path:
    """The folder to put first on PYTHONPATH; built when it is not there.

    Raises:
        RuntimeError: the build failed, with the end of its log.
    """
    version = importlib.metadata.version("llama-cpp-python")
    folder = REPOSITORY / "build" / f"engine-rpc-{version}-{_flags_hash()}"
    folder.parent.mkdir(exist_ok=True)
    with FileLock(f"{folder}.lock", timeout=_LOCK_SECONDS):
        # written last: a folder without it is what an interrupted build left
        marker = folder / "complete"
        if not marker.exists():
            shutil.rmtree(folder, ignore_errors=True)
            _build(f"llama-cpp-python=={version}", folder)
            marker.touch()
    return folder


def _flags_hash() -> str:
    """Of all that the result depends on besides the version."""
    relative = CMAKE_ARGUMENTS.replace(str(REPOSITORY), "")
    cmake_files = sorted(SLIM.parent.rglob("*.*"))
    parts = [relative.encode(), *(path.read_bytes() for path in cmake_files)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]


def _build(requirement: str, folder: Path) -> None:
    # pip's cache is keyed by version, not by flags: it would give the build without RPC
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--no-cache-dir",
        "--no-deps",
        "--no-compile",
    ]
    command += ["--no-binary", "llama-cpp-python", "--target", str(folder), requirement]
    log = Path(f"{folder}.log")
    with log.open("wb") as output:
        done = subprocess.run(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "CMAKE_ARGS": CMAKE_ARGUMENTS},
            check=False,
        )
    if done.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-30:])
        raise RuntimeError(f"the engine with RPC cannot be built; {log} ends:\n{tail}")
