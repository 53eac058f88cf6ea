"""What is kept of a download: segments, the state on the disk, pauses, the meter, the sum."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localr1.cli.main import run_command_line
from localr1.errors import ExitCode, StorageError
from localr1.models.hub.meter import WINDOW_SECONDS, Meter
from localr1.models.hub.owner import ownership
from localr1.models.hub.part import RECORDED_EVERY_BYTES, Part, state_path
from localr1.models.hub.pauses import LONGEST_SECONDS, Gate, Pauses, retry_after
from localr1.models.hub.room import as_storage_error
from localr1.models.hub.running_sum import RunningSum
from localr1.models.part_state import (
    LINES_BEFORE_REWRITE,
    KnownPart,
    PartIdentity,
    StateFile,
    read_state,
)
from localr1.models.segments import LARGEST_BYTES, SMALLEST_BYTES, Segment, Segments
from localr1.units import download_size

SPANS = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), max_size=12)
MANY = 10**6
IDENTITY = PartIdentity(repo="org/repo", path="m.gguf", size_bytes=1000, sha256="a" * 64)


def covered(spans: list[tuple[int, int]], size: int) -> set[int]:
    return {each for start, end in spans for each in range(start, min(end, size))}


# ---- segments ----------------------------------------------------------------------------------


@given(SPANS, st.integers(0, 300))
def test_done_spans_are_the_union(spans: list[tuple[int, int]], size: int) -> None:
    segments = Segments(size, spans)
    assert covered(segments.done, size) == covered(spans, size)
    assert segments.done_bytes == len(covered(spans, size))
    starts_and_ends = [each for span in segments.done for each in span]
    assert starts_and_ends == sorted(set(starts_and_ends))  # in order, gaps between them
    prefix = segments.prefix_bytes
    assert set(range(prefix)) <= covered(spans, size)
    assert prefix not in covered(spans, size)
    assert segments.is_whole == (segments.done_bytes == size)


@given(
    st.integers(1, 40 * SMALLEST_BYTES),
    st.lists(st.tuples(st.integers(0, 40 * SMALLEST_BYTES), st.integers(1, 5 * SMALLEST_BYTES))),
    st.integers(1, 8),
    st.randoms(use_true_random=False),
)
def test_every_byte_is_fetched_once(
    size: int, done: list[tuple[int, int]], connections: int, chance: object
) -> None:
    segments = Segments(size, [(start, start + length) for start, length in done])
    before, fetched = segments.done_bytes, 0
    busy: list[Segment] = []
    while True:
        while len(busy) < connections and (segment := segments.take(connections)):
            assert segment.position < segment.end <= size
            assert segment.end - segment.position < LARGEST_BYTES + SMALLEST_BYTES
            busy.append(segment)
        if not busy:
            break
        segment = busy[chance.randrange(len(busy))]  # type: ignore[attr-defined]
        length = chance.randint(1, segment.end - segment.position)  # type: ignore[attr-defined]
        segments.add(segment.position, segment.position + length)
        segment.position += length
        fetched += length
        is_lost = chance.random() < 0.3  # type: ignore[attr-defined]
        if segment.position == segment.end or is_lost:
            segments.give_back(segment)
            busy.remove(segment)
    assert segments.is_whole
    assert fetched == size - before


def test_segments_go_on_right_behind_what_is_here() -> None:
    segments = Segments(100 << 20, [(0, 1000), (50 << 20, 60 << 20)])
    first = segments.take(4)
    assert first is not None
    assert first.position == 1000
    segments = Segments(100 << 20)
    large = segments.take(1)
    assert large is not None
    segments.add(0, 123)
    large.position = 123
    segments.give_back(large)
    again = segments.take(1)
    assert again is not None
    assert again.position == 123


# ---- the state on the disk ---------------------------------------------------------------------


def write_state(path: Path, *spans: tuple[int, int], etag: str = '"e"') -> None:
    state = StateFile(path, KnownPart(IDENTITY))
    state.add_etag(etag)
    for span in spans:
        state.add(*span)
    state.close()


def test_a_state_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "m.state"
    write_state(path, (0, 10), (500, 600))
    known = read_state(path)
    assert known == KnownPart(IDENTITY, '"e"', ((0, 10), (500, 600)))
    assert read_state(tmp_path / "none") is None


@given(st.integers(0, 400))
def test_a_torn_state_keeps_its_beginning(
    tmp_path_factory: pytest.TempPathFactory, at: int
) -> None:
    path = tmp_path_factory.mktemp("torn") / "m.state"
    write_state(path, (0, 10), (500, 600), (700, 800))
    content = path.read_bytes()
    path.write_bytes(content[:at])
    known = read_state(path)
    whole_lines = content[:at].count(b"\n")
    if whole_lines == 0:
        assert known is None
    else:
        assert known is not None
        assert known.done == ((0, 10), (500, 600), (700, 800))[: max(0, whole_lines - 3)]


@given(st.binary(max_size=200), st.integers(0, 400))
def test_a_damaged_state_is_harmless(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, at: int
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "m.state"
    write_state(path, (0, 10), (500, 600))
    content = path.read_bytes()
    path.write_bytes(content[:at] + junk + content[at:])
    known = read_state(path)
    if known is not None:
        Segments(known.identity.size_bytes, known.done)
        assert all(0 <= start <= end for start, end in known.done)


@pytest.mark.parametrize(
    "line", [b"[5, 1]", b"[-1, 2]", b"[true, 9]", b"[0, 9.5]", b"[[0, 1], 2]", b"{}", b"[" * 10_000]
)
def test_a_nonsense_line_ends_the_reading(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "m.state"
    write_state(path, (0, 10))
    path.write_bytes(path.read_bytes() + line + b"\n[20, 30]\n")
    known = read_state(path)
    assert known is not None
    assert known.done == ((0, 10),)


def test_after_a_power_cut_only_what_was_synced_counts(tmp_path: Path) -> None:
    path = tmp_path / "m.state"
    state = StateFile(path, KnownPart(IDENTITY))
    state.add(0, 10)
    state.add_synced(((0, 10),))
    state.add(10, 900)
    state.close()
    same, later = read_state(path), read_state(path, "another start of the computer")
    assert same is not None
    assert later is not None
    assert Segments(1000, same.done).done == [(0, 900)]
    assert later.done == ((0, 10),)


def test_a_part_goes_on(tmp_path: Path) -> None:
    path, size = tmp_path / "parts/m.gguf", 3 * RECORDED_EVERY_BYTES
    identity = PartIdentity(repo="o/r", path="m.gguf", size_bytes=size, sha256="b" * 64)
    part = Part(path, identity)
    segment = part.take(1)
    assert segment is not None
    part.write(segment, bytes(RECORDED_EVERY_BYTES + 5))
    part.write(segment, bytes(10))  # not yet due; lost where nothing is closed
    again = Part(path, identity)
    assert again.done_bytes == RECORDED_EVERY_BYTES + 5
    segment = again.take(1)
    assert segment is not None
    again.write(segment, b"x" * 10)
    again.learn_etag('"new"')
    again.sync()
    again.give_back(segment)  # an orderly end loses nothing
    again.close()
    part._descriptor = -1  # as after a kill
    third = Part(path, identity)
    assert third.done_bytes == RECORDED_EVERY_BYTES + 15
    assert third.etag == '"new"'
    third.close()
    with path.open("r+b") as file:
        file.truncate(1000)  # by somebody
    shorter = Part(path, identity)
    assert shorter.done_bytes == 1000
    shorter.close()
    other = Part(path, PartIdentity(repo="o/r", path="m.gguf", size_bytes=size, sha256="c" * 64))
    assert other.was_of_another
    assert other.done_bytes == 0
    other.discard()
    assert list(path.parent.iterdir()) == []


def test_a_part_has_nothing_of_another_file(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"another file, longer than this one")
    path.chmod(0o600)
    identity = PartIdentity(repo="o/r", path="m.gguf", size_bytes=5, sha256="b" * 64)
    part = Part(path, identity)
    segment = part.take(1)
    assert segment is not None
    part.write(segment, b"12345")
    with path.open("ab") as file:
        file.write(b"added by somebody")
    part.seal()
    assert path.read_bytes() == b"12345"


def test_a_long_state_is_written_anew(tmp_path: Path) -> None:
    size = (LINES_BEFORE_REWRITE + 10) * RECORDED_EVERY_BYTES
    identity = PartIdentity(repo="o/r", path="m.gguf", size_bytes=size, sha256="b" * 64)
    part = Part(tmp_path / "m.gguf", identity)
    segment = part.take(1)
    assert segment is not None
    for number in range(1, LINES_BEFORE_REWRITE + 5):
        segment.position = number * RECORDED_EVERY_BYTES
        part._segments.add(0, segment.position)
        part.record(segment)
    assert state_path(part.path).read_bytes().count(b"\n") < 20
    part.close()
    known = read_state(state_path(part.path))
    assert known is not None
    assert Segments(size, known.done).prefix_bytes == segment.position


def begun_part(models: Path, repo: str, name: str) -> Path:
    identity = PartIdentity(repo=repo, path=name, size_bytes=MANY, sha256="b" * 64)
    part = Part(models / ".parts" / repo / name, identity)
    segment = part.take(1)
    assert segment is not None
    part.write(segment, b"x" * 100_000)
    part.close()
    return part.path


def test_a_download_is_given_up(
    localr1_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCALR1_OFFLINE", "1")  # it needs no network
    models = localr1_home / "models"
    small, large = (begun_part(models, "o/r", f"m-{quant}.gguf") for quant in ("Q4_K_M", "Q8_0"))
    other = begun_part(models, "o/other", "m-Q4_K_M.gguf")
    assert run_command_line(["pull", "--discard", "hf:o/r:Q4_K_M"]) == 0
    assert "are free again" in capsys.readouterr().err
    assert not small.exists()
    assert large.exists()
    with ownership(large, lambda _: None, threading.Event()):
        assert run_command_line(["pull", "--discard", "hf:o/r"]) == ExitCode.STORAGE
    assert f"is being fetched by process {os.getpid()}" in capsys.readouterr().err
    assert run_command_line(["pull", "--discard", "hf:o/r"]) == 0
    assert not large.parent.exists()
    assert other.exists()
    assert run_command_line(["pull", "--discard", "hf:o/r"]) == ExitCode.NOT_FOUND
    assert "no part of hf:o/r is here" in capsys.readouterr().err


def test_downloads_that_are_not_whole_are_listed(
    localr1_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = localr1_home / "models"
    begun_part(models, "o/r", "m-Q4_K_M.gguf")
    for number in (1, 2):
        begun_part(models, "o/s", f"deep/big Q8_0-0000{number}-of-00003.gguf")
    (models / ".parts" / "torn.gguf.state").write_bytes(b"\x00\x01")
    assert run_command_line(["list"]) == 0
    out = capsys.readouterr().out
    rows = [line.rsplit("  ", 1) for line in out.splitlines() if " of " in line]
    assert [[name.strip(), here] for name, here in rows] == [
        ["hf:o/r/m-Q4_K_M.gguf", f"100.0 kB of {download_size(MANY)}"],
        [
            "'hf:o/s/deep/big Q8_0-00001-of-00003.gguf'",
            f"200.0 kB of {download_size(2 * MANY)}",
        ],
    ]
    assert run_command_line(["list", "--json"]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == {
        "reference": "hf:o/r/m-Q4_K_M.gguf",
        "have_bytes": 100_000,
        "size_bytes": MANY,
    }
    # what is listed is what `--discard` takes, all files of a model at once
    assert run_command_line(["pull", "--discard", second["reference"]]) == 0
    assert run_command_line(["list", "--json"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


# ---- pauses, meter, sum ------------------------------------------------------------------------


def test_pauses_grow_and_end() -> None:
    pauses = Pauses(9)
    waits = [pauses.next() for _ in range(10)]
    assert waits[:4] == [0.5, 1, 2, 4]
    assert waits[8] == LONGEST_SECONDS
    assert waits[9] is None
    pauses.reset()
    assert pauses.next(retry_after_seconds=7) == 7


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("12", 12), ("0", 0), (" 1.5 ", 1.5), ("-4", 0), ("999999", 3600),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 90), ("Thu, 01 Jan 1970 00:00:01 GMT", 0),
        ("", None), ("soon", None), ("nan", None), ("inf", None), ("Mon, 99", None),
    ],
)  # fmt: skip
def test_retry_after(header: str, seconds: float | None) -> None:
    assert retry_after(header, now=lambda: 10.0) == seconds


def test_a_closed_gate_opens_by_itself_or_when_told_to_stop() -> None:
    now = [0.0]

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            now[0] += timeout or 0
            return False

    gate = Gate(lambda: now[0])
    gate.close(5)
    gate.close(2)
    gate.wait(Stop())
    assert now[0] == 5
    stop = threading.Event()
    stop.set()
    gate.close(1000)
    gate.wait(stop)


def test_the_meter_tells_the_speed_of_the_last_seconds() -> None:
    now, done = [0.0], [0]
    meter = Meter(lambda: now[0])
    meter.begin("downloading", lambda: done[0], 1000)
    assert meter.read().seconds_left is None
    for _ in range(20):
        now[0], done[0] = now[0] + 1, done[0] + 10
        reading = meter.read()
    assert reading.bytes_per_second == 10
    assert reading.seconds_left == 80
    now[0] += 2 * WINDOW_SECONDS  # nothing came
    meter.read()
    now[0] += WINDOW_SECONDS
    assert meter.read().bytes_per_second < 5


def test_it_reconnects_only_where_no_connection_has_bytes() -> None:
    meter = Meter()
    meter.begin("downloading", lambda: 1, 10)
    meter.working("a")
    meter.pausing("b", "lost")
    assert meter.read().state == "downloading"
    meter.pausing("a", "lost too")
    reading = meter.read()
    assert reading.state == "reconnecting"
    assert reading.note == "lost"
    meter.working("b")
    meter.ended("a")
    assert meter.read().state == "downloading"


def test_the_sum_follows_a_growing_file(tmp_path: Path) -> None:
    path, here, stop = tmp_path / "file", [0], threading.Event()
    content = bytes(range(256)) * 20_000
    with path.open("wb") as file:
        running = RunningSum(path, lambda: here[0])
        running.start()
        for start in range(0, len(content), 700_001):
            file.write(content[start : start + 700_001])
            file.flush()
            here[0] = min(start + 700_001, len(content))
    assert running.finish(stop) == hashlib.sha256(content).hexdigest()
    assert running.position == len(content)
    stopped = RunningSum(path, lambda: here[0])
    stop.set()
    assert stopped.finish(stop) == ""
    short = RunningSum(path, lambda: len(content) + 1)
    with pytest.raises(StorageError, match="cannot read"):
        short.finish(threading.Event())


def test_what_a_disk_says_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "none/yet/m.gguf"
    full = as_storage_error(OSError(errno.ENOSPC, "No space"), path, 5 * 10**9)
    assert "5.0 GB are to come" in full.message
    assert "run the same command again" in full.hint
    large = as_storage_error(OSError(errno.EFBIG, "File too large"), path, 1)
    assert "does not take a file this large" in large.message
    other = as_storage_error(OSError(errno.EROFS, "Read-only file system"), path, 1)
    assert "Read-only" in other.message
