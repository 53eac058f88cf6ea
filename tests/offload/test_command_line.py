"""`localr1 run --rpc` from outside."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from localr1.errors import ExitCode
from tests.cli.command_line import LOCALR1, is_one_line_error, json_lines, localr1
from tests.offload.servers import RpcServer, free_port

SHORT = ["--max-tokens", "4", "--n-ctx", "1024", "--no-history"]


def test_the_split_is_told(servers: tuple[RpcServer, RpcServer]) -> None:
    both = ",".join(server.address for server in servers)
    done = localr1("run", "demo", "1 + 1?", *SHORT, "--json", "--rpc", both)
    assert done.returncode == ExitCode.OK, done.stderr
    events = json_lines(done.stdout)
    ready = next(event for event in events if event["type"] == "ready")
    # one of them has room for all layers, so the other one is left alone
    (share,) = ready["plan"]["devices"]
    address = servers[int(share["name"].removeprefix("RPC"))].address
    assert share["layers"] == 6
    assert ready["split"] == f"6/6 layers on {share['name']} ({address})"
    assert ready["plan"]["rpc"] == both.split(",")
    notices = [event["text"] for event in events if event.get("kind") == "rpc"]
    assert len(notices) == 1
    assert "neither authenticated nor encrypted" in notices[0]


def test_a_setting_of_the_environment_and_some_layers(
    servers: tuple[RpcServer, RpcServer],
) -> None:
    address = servers[0].address
    question = ["run", "demo", "1 + 1?", *SHORT, "--json", "-ngl", "2"]
    done = localr1(*question, LOCALR1_RPC=address)
    ready = next(event for event in json_lines(done.stdout) if event["type"] == "ready")
    assert ready["split"] == f"2/6 layers on RPC0 ({address}), 4 on CPU"
    without = localr1(*question, "--rpc", "", LOCALR1_RPC=address)
    ready = next(event for event in json_lines(without.stdout) if event["type"] == "ready")
    assert ready["split"] == "CPU"


def test_a_server_that_is_not_there() -> None:
    done = localr1("run", "demo", "1 + 1?", *SHORT, "--rpc", f"127.0.0.1:{free_port()}")
    assert done.returncode == ExitCode.ENGINE
    assert done.stdout == b""
    assert is_one_line_error(done.stderr)


@pytest.mark.parametrize("address", ["8.8.8.8:50052", "[::1]:50052", "here"])
def test_an_address_that_is_refused_starts_nothing(address: str, localr1_home: Path) -> None:
    done = localr1("run", "demo", "1 + 1?", "--rpc", address)
    assert done.returncode == ExitCode.USAGE
    assert is_one_line_error(done.stderr)
    assert not list(localr1_home.rglob("*.log"))


def test_a_server_killed_during_the_reply(own_server: RpcServer, smollm2: Path) -> None:
    """What was written stays written; the error is one line."""
    arguments = ["run", str(smollm2), "Tell me a long story.", "--max-tokens", "300", "--json"]
    arguments += ["--n-ctx", "1024", "--no-history", "--rpc", own_server.address]
    process = subprocess.Popen(
        [*LOCALR1, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    for line in process.stdout:
        if json.loads(line)["type"] == "answer":
            own_server.kill()
            break
    rest, stderr = process.communicate(timeout=120)
    assert process.returncode == ExitCode.ENGINE
    failed = json_lines(rest)[-1]
    assert (failed["type"], failed["exit_code"]) == ("failed", ExitCode.ENGINE)
    assert "went away" in failed["message"]
    assert b"Traceback" not in stderr
