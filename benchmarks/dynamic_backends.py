"""Proof that an engine whose backends are modules is loaded as well as the plain one.

Builds llama-cpp-python with packaging/engine/dynamic.cmake (some minutes), puts it before the
installed one, and runs `localr1 run` and `devices` with it.

    python -m benchmarks.dynamic_backends [--all-variants]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from benchmarks.random_model import REPOSITORY, WORK
from localr1.engine.client import EngineClient
from localr1.engine.protocol import DeviceList, Devices


def main() -> None:
    """Build, run, say what was seen; ends with 1 when it does not work."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all-variants", action="store_true", help="one module per CPU generation")
    site = build(all_variants=parser.parse_args().all_variants)
    modules = sorted(path.name for path in (site / "llama_cpp" / "lib").glob("*ggml-cpu*"))
    print(f"modules: {', '.join(modules)}")
    os.environ["PYTHONPATH"] = str(site)
    with tempfile.TemporaryDirectory() as home:
        os.environ["LOCALR1_HOME"] = home
        answer = subprocess.run(
            [sys.executable, "-m", "localr1", "run", "demo", "Hi", "--max-tokens", "8"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
        ).stdout.decode()
        print(f"answer: {answer.strip()!r}")
        devices, log = asyncio.run(ask_devices(Path(home)))
    print(f"devices: {devices}")
    loaded = [line for line in log.splitlines() if line.startswith("load_backend: loaded")]
    print("\n".join(loaded))
    if not (answer.strip() and loaded and str(site) in loaded[0]):
        raise SystemExit("the modules were not used")


def build(*, all_variants: bool) -> Path:
    """A folder with this build of llama-cpp-python, made on first use."""
    site = WORK / ("engine-all-variants" if all_variants else "engine-dynamic")
    if not (site / "llama_cpp").exists():
        options = [
            f"-DCMAKE_PROJECT_INCLUDE={REPOSITORY}/packaging/engine/dynamic.cmake",
            *(f"-DCMAKE_INSTALL_{kind}DIR=llama_cpp/lib" for kind in ("BIN", "LIB")),
            f"-DGGML_CPU_ALL_VARIANTS={'ON' if all_variants else 'OFF'}",
        ]
        # pip's wheel cache knows versions, not options
        command = [sys.executable, "-m", "pip", "install", "--no-cache-dir", "--no-deps"]
        command += ["--no-binary", ":all:", "--target", str(site)]
        command += [f"llama-cpp-python=={version('llama-cpp-python')}"]
        environment = {**os.environ, "CMAKE_ARGS": " ".join(options)}
        subprocess.run(command, env=environment, check=True)
    return site


async def ask_devices(home: Path) -> tuple[list[str], str]:
    """What the registry of this build lists, and what the worker logged."""
    client = EngineClient(home / "logs")
    await client.start()
    events = [event async for event in client.ask(Devices(client.new_id()))]
    await client.close()
    log = client.log_path.read_text(errors="replace")
    listed = events[-1]
    assert isinstance(listed, DeviceList)
    return [f"{device.name} ({device.kind})" for device in listed.devices], log


if __name__ == "__main__":
    main()
