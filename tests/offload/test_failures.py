"""Servers that are not there, are something else, go away or fall silent: one clean line each.

llama.cpp aborts the process or waits for ever in all of these cases.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.server
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest

from localr1.engine.client import EngineClient
from localr1.engine.protocol import Answer, Devices, Done, Event, Failed, Load, Ready
from localr1.errors import EngineStopped, ExitCode
from localr1.models.reference import find_model
from localr1.session import ChatSession
from localr1.settings import load_settings
from tests.engine.talk import SMALL_PLAN, ask, generate, last, load_command, started
from tests.offload.servers import RpcServer, answering, free_port

HELLO_BYTES = 1 + 8 + 24
"""A client's first message: command, size, capabilities (ggml-rpc.cpp, negotiate_hello)."""

OTHER_VERSION = (28).to_bytes(8, "little") + bytes([6, 0, 0, 0]) + bytes(24)
"""A server's reply to it, from a release with protocol 6."""

STORY = "Tell me a long story about the sea."


async def refusal(server: str, logs: Path) -> EngineStopped:
    """Why the devices of this server cannot be listed."""
    client = EngineClient(logs)
    await client.start()
    try:
        with pytest.raises(EngineStopped) as stopped:
            await ask(client, Devices(client.new_id(), (server,)))
    finally:
        await client.close()
    assert stopped.value.exit_code == ExitCode.ENGINE
    assert stopped.value.hint
    assert "\n" not in stopped.value.message
    return stopped.value


async def test_a_build_without_rpc_says_how_to_build_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH")
    client = EngineClient(tmp_path)
    await client.start()
    command = Devices(client.new_id(), ("127.0.0.1:50052",))
    failed = last(await ask(client, command), Failed)
    await client.close()
    assert "no RPC backend" in failed.message
    assert "-DGGML_RPC=ON" in failed.hint
    assert failed.exit_code == ExitCode.ENGINE


async def test_a_wrong_port(tmp_path: Path) -> None:
    server = f"127.0.0.1:{free_port()}"
    assert (await refusal(server, tmp_path)).message == f"no RPC server answers at {server}"


async def test_a_name_that_nobody_has(tmp_path: Path) -> None:
    error = await refusal("no-such-computer.invalid:50052", tmp_path)
    assert "no computer of this name is known" in error.message


@pytest.mark.parametrize("reply", [bytes(8), b"SSH-2.0-OpenSSH_9.2\r\n"])
async def test_something_else_that_answers(reply: bytes, tmp_path: Path) -> None:
    with answering(reply, after_bytes=HELLO_BYTES) as server:
        error = await refusal(server, tmp_path)
    assert f"{server} is not an RPC server of this release" in error.message


async def test_another_version_of_the_protocol(tmp_path: Path) -> None:
    with answering(OTHER_VERSION, after_bytes=HELLO_BYTES) as server:
        error = await refusal(server, tmp_path)
    assert f"{server} speaks another version" in error.message
    assert "same release" in error.hint


@contextlib.contextmanager
def _web_server() -> Iterator[str]:
    handler = http.server.SimpleHTTPRequestHandler
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


async def test_a_web_server_that_waits_for_a_request_is_given_up(tmp_path: Path) -> None:
    with _web_server() as server:
        error = await refusal(server, tmp_path)
    assert f"{server} does not answer within 10 seconds" in error.message


async def test_waiting_for_a_silent_server_can_be_stopped(tmp_path: Path, demo: Path) -> None:
    called = threading.Event()
    with answering(None, called=called) as server:
        session = ChatSession(find_model(str(demo)), load_settings({"rpc": server}, {}))
        loading = asyncio.create_task(_all_events(session.load()))
        assert await asyncio.to_thread(called.wait, 60)
        await session.stop()
        failed = last(await loading, Failed)
        await session.close()
    assert "loading was cancelled" in failed.message


async def _all_events(events: AsyncIterator[Event]) -> list[Event]:
    return [event async for event in events]


async def test_a_server_killed_before_the_load(
    own_server: RpcServer, smollm2: Path, tmp_path: Path
) -> None:
    client = EngineClient(tmp_path)
    await client.start()
    rpc = (own_server.address,)
    await ask(client, Devices(client.new_id(), rpc))
    own_server.kill()
    with pytest.raises(EngineStopped, match=f"no RPC server answers at {rpc[0]}"):
        await ask(client, _load(client, smollm2, rpc))
    own_server.start()
    await client.start()
    assert isinstance((await ask(client, _load(client, smollm2, rpc)))[-1], Ready)
    await client.close()


def _load(client: EngineClient, model: Path, rpc: tuple[str, ...]) -> Load:
    plan = msgspec.structs.replace(SMALL_PLAN, n_gpu_layers=-1, rpc=rpc)
    return load_command(client, model, plan)


async def test_a_server_killed_during_a_reply(own_server: RpcServer, smollm2: Path) -> None:
    """What was said stays; the next message says that the server is gone, or uses it again."""
    settings = load_settings({"rpc": own_server.address, "n_ctx": 1024, "max_tokens": 300}, {})
    session = ChatSession(find_model(str(smollm2)), settings)
    events = await _say(session, STORY, kill=own_server)
    failed = last(events, Failed)
    assert failed.exit_code == ExitCode.ENGINE
    assert failed.message == f"the RPC server {own_server.address} went away"
    assert session.messages[-1].finish_reason == "error"
    assert session.messages[-1].text

    gone = last(await _say(session, "Go on."), Failed)
    assert gone.message == f"no RPC server answers at {own_server.address}"

    own_server.start()
    done = last(await _say(session, "Go on."), Done)
    await session.close()
    assert done.answer_tokens > 0


async def _say(session: ChatSession, text: str, kill: RpcServer | None = None) -> list[Event]:
    """The events of a reply, a server being killed at its first word."""
    events: list[Event] = []
    async for event in session.send(text):
        events.append(event)
        if isinstance(event, Answer) and kill is not None:
            kill.kill()
            kill = None
    return events


async def test_a_server_that_falls_asleep_during_a_reply(
    own_server: RpcServer, smollm2: Path, tmp_path: Path
) -> None:
    """A stop is obeyed all the same: the worker that waits for it is ended."""
    rpc = (own_server.address,)
    client = await started(smollm2, tmp_path, n_gpu_layers=-1, rpc=rpc)
    with pytest.raises(EngineStopped, match="did not stop when asked"):
        async for event in client.ask(generate(client, STORY, max_tokens=300)):
            if isinstance(event, Answer):
                own_server.freeze()
                await asyncio.sleep(1)  # until the worker waits for it
                await client.cancel()
    await client.close()
