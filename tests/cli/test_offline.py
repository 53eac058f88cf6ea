"""Nothing touches the network: not the program, not its worker, not the interface."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from localr1.cli.main import run_command_line
from localr1.errors import ExitCode, Offline
from localr1.session.setting_effects import check_together
from localr1.settings import load_settings
from tests.cli.command_line import LOCALR1
from tests.tui.test_in_tmux import Terminal, terminal

__all__ = ["terminal"]

if sys.platform == "win32":
    pytest.skip("there are no namespaces and no tmux", allow_module_level=True)

GUARD = Path(__file__).parents[1] / "network_guard"
NAMESPACES = (["unshare", "-rn"], ["unshare", "-n"])


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "network.log"


@pytest.fixture(scope="session")
def no_interfaces() -> list[str]:
    """What a command is begun with to run where there is no network, not even a loopback."""
    for command in NAMESPACES:
        try:
            done = subprocess.run([*command, "true"], capture_output=True, check=False)
        except OSError:
            continue
        if done.returncode == 0:
            return command
    pytest.skip("this system lets nobody make a network namespace")


def guarded(log: Path) -> dict[str, str]:
    """The environment of a process that may not connect anywhere."""
    path = os.pathsep.join([str(GUARD), *filter(None, sys.path)])
    return {"PYTHONPATH": path, "NETWORK_GUARD_LOG": str(log)}


def run(
    log: Path, *arguments: str, before: Sequence[str] = ()
) -> subprocess.CompletedProcess[bytes]:
    """Run a command to its end under the guard."""
    return subprocess.run(
        [*before, *LOCALR1, *arguments],
        env={**os.environ, **guarded(log)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )


def noted(log: Path, word: str) -> list[str]:
    """What the guard saw."""
    return [line for line in log.read_text().splitlines() if line.startswith(word)]


def assert_silent(log: Path) -> None:
    """The program and its worker ran under the guard, and neither wanted the network."""
    assert any("worker" in line for line in noted(log, "process"))
    assert len(noted(log, "process")) >= 2
    assert noted(log, "tried") == []
    assert noted(log, "import") == []


ATTEMPTS = """
import socket, urllib.request
def attempt(call):
    try:
        call()
    except OSError:
        return
    raise SystemExit("it was not refused")
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
attempt(lambda: socket.create_connection(("127.0.0.1", 9), timeout=1))
attempt(lambda: socket.getaddrinfo("localhost", 80))
attempt(lambda: socket.gethostbyname("localhost"))
attempt(lambda: udp.sendto(b"x", ("127.0.0.1", 9)))
attempt(lambda: udp.connect(("127.0.0.1", 9)))
attempt(lambda: socket.socket().bind(("127.0.0.1", 0)))
attempt(lambda: urllib.request.urlopen("http://127.0.0.1:9/", timeout=1))
ours, theirs = socket.socketpair()
ours.sendall(b"x")
assert theirs.recv(1) == b"x"
import httpx2
"""


def test_the_guard_itself(log: Path) -> None:
    subprocess.run([sys.executable, "-c", ATTEMPTS], env={**os.environ, **guarded(log)}, check=True)
    assert len(noted(log, "tried")) == 7
    assert noted(log, "import")[0] == "import httpx2"


def test_run_asks_the_demo_under_the_guard(log: Path) -> None:
    done = run(log, "run", "demo", "What is 347 + 586?", "--temp", "0")
    assert done.returncode == 0
    assert b"933" in done.stdout
    assert_silent(log)


def test_run_asks_the_demo_without_interfaces(log: Path, no_interfaces: list[str]) -> None:
    done = run(log, "run", "demo", "What is 347 + 586?", "--temp", "0", before=no_interfaces)
    assert done.returncode == 0
    assert b"933" in done.stdout
    assert_silent(log)


def test_commands_of_the_library_under_the_guard(log: Path, demo: Path) -> None:
    for arguments in (
        ["import", str(demo), "--name", "toy"],
        ["list"],
        ["show", "toy"],
        ["verify"],
        ["doctor", "toy"],
        ["recommend"],
        ["rm", "toy", "--yes"],
    ):
        assert run(log, *arguments).returncode == 0
    assert_silent(log)


WALK = (("F1", "What you can do"), ("F5", "P pin"), ("M-m", "On this computer"))
"""Keys, and what is seen then; Esc closes it."""


def test_the_interface_without_interfaces(
    terminal: Terminal, log: Path, tmp_path: Path, no_interfaces: list[str]
) -> None:
    (tmp_path / "settings.toml").write_text("temperature = 0.0\n")
    variables = [f"{name}={value}" for name, value in guarded(log).items()]
    # pytest names a size of its own, which would go before the terminal's
    own_size = ["env", "-u", "COLUMNS", "-u", "LINES"]
    command = [*no_interfaces, *own_size, *variables, *LOCALR1, "chat", "demo"]
    terminal.start(shlex.join(command), home=tmp_path)
    terminal.wait_for_text("Ready")
    terminal.type("What is 347 + 586?", "Enter")
    terminal.wait_for(lambda screen: "933" in screen and "Ready" in screen)
    for key, title in WALK:
        terminal.type(key)
        terminal.wait_for_text(title)
        terminal.type("Escape")
        terminal.wait_for(lambda screen, title=title: title not in screen)  # type: ignore[misc]
    terminal.type("C-q")
    terminal.wait_for_text("ended with 0")
    assert_silent(log)


# ---- what a person asks for ----------------------------------------------------------------------


@pytest.mark.parametrize("asked", [["pull", "r1-qwen-1.5b"], ["recommend", "--refresh"]])
def test_what_needs_the_network_refuses_before_it_tries(log: Path, asked: list[str]) -> None:
    done = run(log, "--offline", *asked)
    assert done.returncode == ExitCode.OFFLINE
    assert b"leave out --offline" in done.stderr
    assert noted(log, "tried") == []
    assert noted(log, "import") == []


OTHER_COMPUTER = ("run", "demo", "x", "--rpc", "192.168.77.88:50052")


def test_offline_by_a_flag(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOCALR1_OFFLINE", "")  # the flag sets it for the processes it starts
    assert run_command_line(["--offline", *OTHER_COMPUTER]) == ExitCode.OFFLINE
    assert capsys.readouterr().err == (
        "localr1: the RPC server 192.168.77.88:50052 needs the network, and localr1 is offline; "
        "leave out --offline\n"
    )
    assert os.environ["LOCALR1_OFFLINE"] == "true"


def test_offline_by_the_environment_and_by_a_setting(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], localr1_home: Path
) -> None:
    assert run_command_line(["doctor"]) == 0
    assert "online for `pull` and" in capsys.readouterr().out
    monkeypatch.setenv("LOCALR1_OFFLINE", "1")
    assert run_command_line(["doctor"]) == 0
    assert "offline: the network is never used" in capsys.readouterr().out
    assert run_command_line([*OTHER_COMPUTER]) == ExitCode.OFFLINE
    assert "unset LOCALR1_OFFLINE" in capsys.readouterr().err
    monkeypatch.delenv("LOCALR1_OFFLINE")
    localr1_home.mkdir(exist_ok=True)
    (localr1_home / "settings.toml").write_text("offline = true\n")
    assert run_command_line([*OTHER_COMPUTER]) == ExitCode.OFFLINE
    assert "set offline = false in settings.toml" in capsys.readouterr().err
    with pytest.raises(Offline):
        check_together(load_settings({"offline": True, "rpc": "desktop2:50052"}, {}))
    check_together(load_settings({"offline": True, "rpc": "127.0.0.1:50052,localhost:1"}, {}))
