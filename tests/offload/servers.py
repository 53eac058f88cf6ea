"""RPC servers and things that are not, as processes and sockets of this computer."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

_SCRIPT = Path(__file__).with_name("rpc_server.py")
_START_SECONDS = 60.0


class RpcServer:
    """llama.cpp's RPC server in a process of its own, on the loopback address.

    Args:
        engine: folder of an engine with RPC.
        log: where it says what it does.
    """

    def __init__(self, engine: Path, log: Path) -> None:
        self._environment = {**os.environ, "PYTHONPATH": str(engine)}
        self._log = log
        self.address = f"127.0.0.1:{free_port()}"
        self.start()

    def start(self) -> None:
        """Start it on its port and wait until it takes connections."""
        port = self.address.rpartition(":")[2]
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, str(_SCRIPT), port],
                stdout=output,
                stderr=output,
                env=self._environment,
            )
        deadline = time.monotonic() + _START_SECONDS
        while not _takes_connections(int(port)):
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.05)

    def kill(self) -> None:
        """End it at once, as a computer that is switched off."""
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """Stop it without closing its connections, as a computer that goes to sleep."""
        os.kill(self._process.pid, signal.SIGSTOP)

    @property
    def connections(self) -> int:
        """How many clients it has taken so far."""
        return self._log.read_text().count("Accepted client connection")


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _takes_connections(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def answering(
    reply: bytes | None, *, after_bytes: int = 0, called: threading.Event | None = None
) -> Iterator[str]:
    """An address where every client gets this reply after so many bytes; None: no answer.

    Args:
        reply: the same for every client.
        after_bytes: as many are read before.
        called: set when the first one comes.
    """

    def serve() -> None:
        while not ended.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = listener.accept()
                clients.append(client)
                if called:
                    called.set()
                if reply is not None:
                    client.recv(after_bytes, socket.MSG_WAITALL)
                    client.sendall(reply)

    clients: list[socket.socket] = []
    ended = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        ended.set()
        thread.join()
        for each in [listener, *clients]:
            each.close()
