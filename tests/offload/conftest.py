"""An engine with RPC for the workers of these tests, and servers that lend it their CPU.

A server on this computer is a GPU to the engine: the way layers, buffers and failures take is
the one they take with a real device. Without the build these tests fail; none is skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.offload.engine_build import engine_with_rpc
from tests.offload.servers import RpcServer


@pytest.fixture(scope="session")
def rpc_engine() -> Path:
    """The folder of the engine; the first run builds it."""
    return engine_with_rpc()


@pytest.fixture(autouse=True)
def workers_use_it(rpc_engine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What EngineClient starts imports this engine."""
    monkeypatch.setenv("PYTHONPATH", str(rpc_engine))


@pytest.fixture(scope="session")
def servers(
    rpc_engine: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RpcServer, RpcServer]]:
    """Two servers that tests share."""
    folder = tmp_path_factory.mktemp("servers")
    first, second = (RpcServer(rpc_engine, folder / f"{name}.log") for name in ("first", "second"))
    yield first, second
    first.kill()
    second.kill()


@pytest.fixture
def own_server(rpc_engine: Path, tmp_path: Path) -> Iterator[RpcServer]:
    """A server that a test may kill."""
    server = RpcServer(rpc_engine, tmp_path / "server.log")
    yield server
    server.kill()
