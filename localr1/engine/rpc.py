"""Connecting to RPC servers, and saying what happened when that goes wrong.

llama.cpp's RPC client has no errors: it aborts the process, or waits. A worker can be lost, so
the abort's text becomes a sentence here, and waiting for a server has an end.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Iterator, Sequence

from localr1.engine import native
from localr1.engine.protocol import Failed
from localr1.engine.reply import Emit
from localr1.errors import EngineStopped
from localr1.terminal_text import clean_line

CONNECT_SECONDS = 10.0
"""A server that has not answered by then is busy with another program, or is none."""

_START_HINT = "start llama.cpp's rpc-server there, and check the address and the firewall"
_RELEASE_HINT = "both computers need the same release of llama.cpp"


class RpcServers:
    """The RPC servers of this process."""

    def __init__(self) -> None:
        self._connected: list[str] = []
        self._connecting: str | None = None

    def connect(self, servers: Sequence[str], emit: Emit) -> None:
        """Add the devices of these servers to the registry; those that are known stay.

        Raises:
            EngineError: this build has no RPC backend, or a server lends no device.
        """
        for server in servers:
            if server in self._connected:
                continue
            with self._connecting_to(server), _at_most(CONNECT_SECONDS, _silent(server), emit):
                native.add_rpc_server(server)
            self._connected.append(server)

    @contextlib.contextmanager
    def _connecting_to(self, server: str) -> Iterator[None]:
        self._connecting = server
        try:
            yield
        finally:
            self._connecting = None

    def explain(self, abort_text: str, log_lines: Sequence[str]) -> EngineStopped | None:
        """What an abort says about a server; None when it is about something else.

        Args:
            abort_text: what ggml says as it aborts.
            log_lines: errors that it logged before.
        """
        if found := re.search(r"Failed to connect to (\S+)", abort_text):
            return _unreachable(found[1], log_lines)
        if found := re.search(r"RPC handshake failed for (\S+)", abort_text):
            what = f"the RPC server {clean_line(found[1])} speaks another version of the protocol"
            return EngineStopped(what, _RELEASE_HINT)
        if "Remote RPC server crashed" not in abort_text:
            return None
        if self._connecting:
            what = f"what answers at {self._connecting} is not an RPC server of this release"
            return EngineStopped(what, f"check the address; {_RELEASE_HINT}")
        gone = " or ".join(self._connected)
        return EngineStopped(f"the RPC server {gone} went away", "start it again, then ask again")


def _unreachable(server: str, log_lines: Sequence[str]) -> EngineStopped:
    server = clean_line(server)
    if any("Cannot resolve host" in line for line in log_lines):
        what = f"the RPC server {server} is not found: no computer of this name is known"
        return EngineStopped(what, "check the name, or give the address")
    return EngineStopped(f"no RPC server answers at {server}", _START_HINT)


def _silent(server: str) -> Failed:
    error = EngineStopped(
        f"the RPC server {server} does not answer within {CONNECT_SECONDS:.0f} seconds",
        "it serves one program at a time: end the other one, or check the address",
    )
    return Failed(message=error.message, hint=error.hint, exit_code=int(error.exit_code))


@contextlib.contextmanager
def _at_most(seconds: float, last_words: Failed, emit: Emit) -> Iterator[None]:
    """End the process if this takes longer: native code that waits cannot be interrupted."""

    def give_up() -> None:
        emit(last_words)
        os._exit(int(last_words.exit_code))

    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
