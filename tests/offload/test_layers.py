"""Layers on devices: as many as asked for, on the device asked for, with the words of the CPU.

Where the layers are is read from the engine's own log. The words are compared without flash
attention: with it a device rounds differently from the CPU's plain attention.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from localr1.engine.client import EngineClient
from localr1.engine.protocol import Answer, DeviceList, Devices, Failed, Ready, Reasoning
from localr1.hardware.load_plan import DeviceShare, LoadPlan
from tests.engine.talk import SMALL_PLAN, ask, generate, last, load_command, started, text_of
from tests.offload.servers import RpcServer

QUESTION = "What is 347 + 586?"


class Loaded(NamedTuple):
    """What a worker said of a model, in its events and in its log."""

    ready: Ready
    text: str
    log: str

    @property
    def layers(self) -> list[str]:
        """The device of each layer, the output at the end."""
        return re.findall(r"load_tensors: layer +\d+ assigned to device (\w+)", self.log)

    @property
    def offloaded(self) -> str:
        """The engine's own count."""
        count: str = re.findall(r"offloaded (\d+/\d+) layers to GPU", self.log)[-1]
        return count

    def buffers(self, kind: str) -> set[str]:
        """Places that hold something: weights ("model"), the "KV" cache or the "compute" buffer."""
        found = re.findall(rf"(\S+) {kind} buffer size = +([\d.]+) MiB", self.log)
        return {name for name, size in found if float(size) > 0}


async def loaded(model: Path, logs: Path, *, max_tokens: int = 2, **plan: Any) -> Loaded:
    """Load with these settings and let the model say something."""
    client = EngineClient(logs)
    await client.start()
    changed: LoadPlan = msgspec.structs.replace(SMALL_PLAN, flash_attn="off", **plan)
    ready = last(await ask(client, load_command(client, model, changed)), Ready)
    events = await ask(client, generate(client, QUESTION, max_tokens=max_tokens, temperature=0.0))
    await client.close()
    text = text_of(events, Reasoning) + text_of(events, Answer)
    return Loaded(ready, text, client.log_path.read_text())


@pytest.fixture(params=["demo", "smollm2"])
def model(request: pytest.FixtureRequest) -> Path:
    path: Path = request.getfixturevalue(request.param)
    return path


async def test_a_server_is_a_device_with_memory(
    servers: tuple[RpcServer, RpcServer], tmp_path: Path
) -> None:
    first, second = (server.address for server in servers)
    client = EngineClient(tmp_path)
    await client.start()
    before = last(await ask(client, Devices(client.new_id())), DeviceList).devices
    await ask(client, Devices(client.new_id(), (first,)))
    both = Devices(client.new_id(), (first, second))
    devices = last(await ask(client, both), DeviceList).devices
    await client.close()
    assert {device.kind for device in before} == {"cpu"}
    assert [(d.name, d.kind, d.description) for d in devices if d not in before] == [
        ("RPC0", "gpu", first),
        ("RPC1", "gpu", second),
    ]
    assert all(device.free_bytes > 1 << 26 for device in devices)


async def test_all_some_and_no_layers_give_the_same_words(
    model: Path, servers: tuple[RpcServer, RpcServer], tmp_path: Path
) -> None:
    address = servers[0].address
    some_layers = (DeviceShare("RPC0", 3),)
    ask_for: dict[str, Any] = {"max_tokens": 24, "rpc": (address,)}
    cpu = await loaded(model, tmp_path, n_gpu_layers=0, **ask_for)
    everything = await loaded(model, tmp_path, n_gpu_layers=-1, **ask_for)
    some = await loaded(model, tmp_path, devices=some_layers, **ask_for)
    n_layers = len(cpu.layers)

    assert cpu.ready.split == "CPU"
    assert everything.offloaded == f"{n_layers}/{n_layers}"
    assert everything.ready.split == f"{n_layers}/{n_layers} layers on RPC0 ({address})"
    assert everything.buffers("KV") == {f"RPC0[{address}]"}

    assert some.offloaded == f"3/{n_layers}"
    assert some.layers == ["CPU"] * (n_layers - 3) + ["RPC0"] * 3
    rest = f"{n_layers - 3} on CPU"
    assert some.ready.split == f"3/{n_layers} layers on RPC0 ({address}), {rest}"
    assert f"RPC0[{address}]" in some.buffers("model") & some.buffers("KV")
    assert "CPU" in some.buffers("KV")

    assert cpu.text.strip()
    assert everything.text == cpu.text
    assert some.text == cpu.text


async def test_two_servers_share_the_layers_exactly_as_planned(
    smollm2: Path, servers: tuple[RpcServer, RpcServer], tmp_path: Path
) -> None:
    rpc = tuple(server.address for server in servers)
    shares = (DeviceShare("RPC1", 7), DeviceShare("RPC0", 13))
    model = await loaded(smollm2, tmp_path, devices=shares, rpc=rpc)
    assert model.layers == ["CPU"] * 11 + ["RPC1"] * 7 + ["RPC0"] * 13
    assert model.ready.plan.devices == shares
    assert model.ready.plan.n_gpu_layers == 20
    assert model.ready.split == (
        f"7/31 layers on RPC1 ({rpc[1]}), 13 on RPC0 ({rpc[0]}), 11 on CPU"
    )
    assert {f"RPC0[{address}]" for address in rpc} <= model.buffers("model") & model.buffers("KV")


@pytest.mark.parametrize("first", range(1, 6))
async def test_every_division_of_the_demo_comes_out(
    first: int, demo: Path, servers: tuple[RpcServer, RpcServer], tmp_path: Path
) -> None:
    rpc = tuple(server.address for server in servers)
    shares = (DeviceShare("RPC0", first), DeviceShare("RPC1", 6 - first))
    model = await loaded(demo, tmp_path, devices=shares, rpc=rpc)
    assert model.layers == ["RPC0"] * first + ["RPC1"] * (6 - first)


async def test_the_engine_divides_by_itself_where_no_device_is_named(
    demo: Path, servers: tuple[RpcServer, RpcServer], tmp_path: Path
) -> None:
    rpc = tuple(server.address for server in servers)
    model = await loaded(demo, tmp_path, n_gpu_layers=4, rpc=rpc)
    assert sum(share.layers for share in model.ready.plan.devices) == 4
    assert model.layers[:2] == ["CPU", "CPU"]
    assert "CPU" not in model.layers[2:]


@pytest.mark.parametrize("devices", [(), (DeviceShare("RPC0", 0),)])
async def test_no_layers_means_no_device_and_no_network(
    devices: tuple[DeviceShare, ...], demo: Path, own_server: RpcServer, tmp_path: Path
) -> None:
    """Also where a device is there: nothing is put on it, and its server is not talked to."""
    rpc = (own_server.address,)
    client = EngineClient(tmp_path)
    await client.start()
    listed = last(await ask(client, Devices(client.new_id(), rpc)), DeviceList).devices
    assert "RPC0" in {device.name for device in listed}
    before = own_server.connections
    own_server.freeze()
    plan = msgspec.structs.replace(SMALL_PLAN, devices=devices, rpc=rpc)
    ready = last(await ask(client, load_command(client, demo, plan)), Ready)
    await ask(client, generate(client, QUESTION, max_tokens=8))
    await client.close()
    assert ready.split == "CPU"
    assert ready.plan.devices == ()
    assert own_server.connections == before
    assert "RPC0[" not in client.log_path.read_text()


async def test_a_device_that_is_not_there_is_refused(demo: Path, tmp_path: Path) -> None:
    client = EngineClient(tmp_path)
    await client.start()
    plan = msgspec.structs.replace(SMALL_PLAN, devices=(DeviceShare("CUDA7", 2),))
    failed = last(await ask(client, load_command(client, demo, plan)), Failed)
    await client.close()
    assert "no device called CUDA7" in failed.message
    assert "CPU" in failed.hint


@pytest.mark.parametrize(
    ("use_mmap", "use_mlock", "mode"),
    [(True, True, "mmap+mlock"), (False, True, "mlock"), (False, False, "none")],
)
async def test_how_the_file_is_read(
    use_mmap: bool, use_mlock: bool, mode: str, demo: Path, tmp_path: Path
) -> None:
    client = await started(demo, tmp_path, use_mmap=use_mmap, use_mlock=use_mlock)
    await client.close()
    log = client.log_path.read_text()
    assert re.findall(r"load_mode = ([\w+]+)\)", log) == [mode]
