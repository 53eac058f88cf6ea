"""One model fetched in this process: servers that tell little, change their files, or break."""

from __future__ import annotations

import errno
import os
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from localr1.errors import ModelNotFound, ModelRefused, NetworkError, StorageError
from localr1.models import segments
from localr1.models.hub import pauses, transfer
from localr1.models.hub.asked import Asked, Options
from localr1.models.hub.model_pull import CHANGED, ModelPull, Pulled
from localr1.models.hub.repository import Hub
from localr1.models.records import read_record
from tests.hub_server import Answer, HubServer, Side

REPO, FILE = "org/model-GGUF", "model-Q4_K_M.gguf"
MEGABYTE = 10**6


def model_of(size_bytes: int, seed: int = 1) -> bytes:
    return b"GGUF" + random.Random(seed).randbytes(size_bytes - 4)


CONTENT = model_of(2 * MEGABYTE)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HubServer]:
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    for name in ("HF_HUB_OFFLINE", "HF_HOME", "HF_HUB_CACHE", "OLLAMA_MODELS", "LLAMA_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pauses, "FIRST_SECONDS", 0.01)
    monkeypatch.setattr(pauses, "LONGEST_SECONDS", 0.02)
    with HubServer() as hub:
        hub.add(REPO, {FILE: CONTENT})
        yield hub


@pytest.fixture
def client(hub: HubServer) -> Iterator[Hub]:
    client = Hub("no token", 20, hub.url)
    yield client
    client.client.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


def pull_of(client: Hub, folder: Path, **options: Any) -> ModelPull:
    asked = Asked(f"hf:{REPO}", (REPO,))
    return ModelPull(asked, client, folder, Options(**options), threading.Event())


def fetch(client: Hub, folder: Path, **options: Any) -> None:
    pulled = pull_of(client, folder, **options).run()
    assert isinstance(pulled, Pulled)
    assert pulled.path == folder / REPO / FILE


def parts(folder: Path) -> list[str]:
    found = (folder / ".parts").rglob("*")
    return [path.name for path in found if path.is_file() and path.suffix != ".lock"]


def test_a_server_without_ranges(hub: HubServer, client: Hub, folder: Path) -> None:
    hub.manners.takes_ranges = False
    hub.manners.cut_after_bytes = [1_200_000]
    hub.manners.bytes_per_second = 8 * MEGABYTE
    hub.manners.has_etag = False
    fetch(client, folder)
    assert (folder / REPO / FILE).read_bytes() == CONTENT
    assert [request.status for request in hub.of("storage")] == [200, 200]


@pytest.mark.parametrize("redirects", [True, False])
def test_servers_that_tell_little(
    hub: HubServer, client: Hub, folder: Path, redirects: bool
) -> None:
    hub.manners.redirects = redirects
    hub.manners.has_etag = hub.manners.has_linked_etag = False
    hub.manners.cut_after_bytes = [1_000_000]
    fetch(client, folder)
    assert (folder / REPO / FILE).read_bytes() == CONTENT


def test_a_silent_server_is_asked_again(hub: HubServer, folder: Path) -> None:
    hub.manners.stall_after_bytes = 1_000_000
    impatient = Hub("no token", 0.5, hub.url)
    fetch(impatient, folder)
    impatient.client.close()
    assert (folder / REPO / FILE).read_bytes() == CONTENT
    first, second = hub.of("storage")
    assert 0 <= first.span[1] - second.start <= 256 << 10


def test_a_server_that_misreads_if_range_is_asked_without(
    hub: HubServer, client: Hub, folder: Path
) -> None:
    hub.manners.misreads_if_range = True
    hub.manners.cut_after_bytes = [600_000, 600_000]
    hub.manners.bytes_per_second = 8 * MEGABYTE
    fetch(client, folder)
    assert (folder / REPO / FILE).read_bytes() == CONTENT
    assert [request.status for request in hub.of("storage")] == [206, 200, 206, 206]


def test_a_signed_address_that_expires_is_asked_for_again(
    hub: HubServer, client: Hub, folder: Path
) -> None:
    hub.manners.signed_for_requests = 1
    hub.manners.cut_after_bytes = [800_000, 600_000]
    hub.manners.bytes_per_second = 8 * MEGABYTE
    fetch(client, folder)
    assert (folder / REPO / FILE).read_bytes() == CONTENT
    assert [request.status for request in hub.of("storage")] == [206, 403, 206, 403, 206]


def test_a_server_that_serves_one_connection_only(
    hub: HubServer, client: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "BYTES_A_CONNECTION", 100_000)
    monkeypatch.setattr(segments, "SMALLEST_BYTES", 200_000)
    hub.manners.bytes_per_second = 2 * MEGABYTE
    pull = pull_of(client, folder, tries=1)
    thread = threading.Thread(target=pull.run)
    thread.start()
    while not hub.of("storage"):
        assert thread.is_alive()
    hub.say("storage", Answer(503), times=6)  # all that come beside the first
    thread.join(30)
    assert (folder / REPO / FILE).read_bytes() == CONTENT


@pytest.mark.parametrize("checks", [True, False])
@pytest.mark.parametrize("size", [2 * MEGABYTE, 700_000])
def test_a_file_that_changes_meanwhile(
    hub: HubServer, client: Hub, folder: Path, checks: bool, size: int
) -> None:
    other = model_of(size, seed=9)
    hub.manners.bytes_per_second = 8 * MEGABYTE
    hub.manners.checks_if_range = checks
    pull = pull_of(client, folder)
    thread = threading.Thread(target=pull.run)
    thread.start()
    while sum(each.sent_bytes for each in hub.of("storage")) < MEGABYTE:
        assert thread.is_alive()
    hub.change(REPO, FILE, other)
    hub.cut()
    thread.join(30)
    assert pull.remarks.get_nowait() == CHANGED
    assert (folder / REPO / FILE).read_bytes() == other
    assert parts(folder) == []


def test_a_listing_that_is_wrong(hub: HubServer, client: Hub, folder: Path) -> None:
    hub.repositories[REPO].listed_sha256[FILE] = "0" * 64
    with pytest.raises(NetworkError, match="another file than the hub lists"):
        fetch(client, folder)
    hub.manners.has_linked_etag = False
    with pytest.raises(ModelRefused, match="another SHA-256"):
        fetch(client, folder)
    assert not (folder / REPO).exists()
    assert parts(folder) == []


def test_a_file_that_is_there_without_a_record_is_read_and_recorded(
    hub: HubServer, client: Hub, folder: Path
) -> None:
    target = folder / REPO / FILE
    target.parent.mkdir(parents=True)
    target.write_bytes(CONTENT)
    fetch(client, folder)
    assert hub.of("storage") == []
    assert read_record(target) is not None
    target.with_name(f"{FILE}.json").unlink()
    target.write_bytes(CONTENT[:-1] + b"!")  # of the same size
    fetch(client, folder)
    assert target.read_bytes() == CONTENT


def test_a_token_that_the_hub_does_not_know(hub: HubServer, client: Hub, folder: Path) -> None:
    told = {"X-Error-Message": "Invalid credentials in Authorization header"}
    hub.say("api", Answer(401, told))
    with pytest.raises(NetworkError, match="does not know your token"):
        fetch(client, folder)
    with pytest.raises(NetworkError, match="is no address of a hub"):
        Hub("x", 1, "nonsense").read(REPO)


# ---- a disk that fails at any moment -----------------------------------------------------------


class FailingDisk:
    """Lets the n-th operation that changes the disk fail, and all after it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at = 0
        self.count = 0
        self._lock = threading.Lock()
        for module, name in ((os, "pwrite"), (os, "write"), (os, "fsync"), (Path, "replace")):
            monkeypatch.setattr(module, name, self._failing(getattr(module, name)))

    def _failing(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def operation(*arguments: Any) -> Any:
            with self._lock:
                self.count += 1
                fails = self.at and self.count >= self.at
            if fails:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(*arguments)

        return operation


def test_a_disk_that_fails_at_the_nth_operation(
    hub: HubServer, client: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = model_of(150_000)
    hub.change(REPO, FILE, content)
    disk = FailingDisk(monkeypatch)
    target = folder / REPO / FILE
    for number in range(1, 100):
        disk.at, disk.count = number, 0
        try:
            fetch(client, folder)
        except StorageError as error:
            assert error.message
            if target.exists():  # all but its record was there
                assert target.read_bytes() == content
        else:
            if disk.count < number:
                break
        disk.at = 0
        fetch(client, folder)  # the disk works again
        assert target.read_bytes() == content
        assert read_record(target) is not None
        assert parts(folder) == []
        target.unlink()
        target.with_name(f"{FILE}.json").unlink()
    assert 8 < number < 99


# ---- everything at once ------------------------------------------------------------------------

TROUBLES = (
    *[Answer(503)] * 3,
    *(Answer(429, {"Retry-After": "0.02"}), Answer(404), Answer(416), Answer(200)),
    *(Answer(200, {"Content-Type": "text/html"}, b"<html>"), Answer(302, {"Location": "/x"})),
    Answer(206, {"Content-Range": f"bytes 0-4/{len(CONTENT)}"}, b"GGUF!"),
)


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_no_wrong_file_is_seen(
    hub: HubServer, client: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(transfer, "BYTES_A_CONNECTION", 100_000)
    monkeypatch.setattr(segments, "SMALLEST_BYTES", 50_000)
    monkeypatch.setattr(segments, "LARGEST_BYTES", 400_000)
    chance, manners = random.Random(seed), hub.manners
    manners.redirects = chance.random() < 0.8
    manners.takes_ranges = chance.random() < 0.8
    manners.checks_if_range = chance.random() < 0.7
    manners.has_etag = chance.random() < 0.8
    manners.has_linked_etag = chance.random() < 0.8
    manners.cut_after_bytes = [chance.randrange(1, 500_000) for _ in range(chance.randrange(6))]
    manners.flipped_byte = chance.randrange(4, len(CONTENT)) if chance.random() < 0.3 else -1
    sides: tuple[Side, ...] = ("api", "resolve", "storage")
    for side in sides:
        hub.say(side, chance.choice(TROUBLES), times=chance.randrange(3))
    versions = [CONTENT, *(model_of(chance.randrange(1000, 2 * MEGABYTE), n) for n in (2, 3))]
    target = folder / REPO / FILE
    for version in versions:
        for _ in range(20):
            pull = pull_of(client, folder, tries=chance.choice([1, 5]))
            stopping = threading.Timer(chance.choice([0.05, 60]), pull._stop.set)
            stopping.start()
            try:
                done = pull.run() is not None
            except (NetworkError, ModelRefused, ModelNotFound):
                done = False
                manners.flipped_byte = -1
            stopping.cancel()
            if target.exists():
                assert target.read_bytes() in versions
            if done:
                break
        assert target.read_bytes() == version
        assert parts(folder) == []
        following = versions[(versions.index(version) + 1) % len(versions)]
        hub.change(REPO, FILE, following)
