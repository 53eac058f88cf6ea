"""A small hub on this computer: what huggingface_hub and `localr1 pull` ask of the real one.

Two HTTP servers with threads. The hub answers model info, the paged listing and `resolve`, which
redirects to a signed address on the second one, as the real hub does to its storage. Whatever can
go wrong with them can be asked for. Programs find it by `HF_ENDPOINT`:

    python -m tests.hub_server ORG/REPO FILE...    serves these files until Ctrl-C
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import http.server
import json
import re
import socket
import struct
import sys
import threading
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

Side = Literal["api", "resolve", "storage"]
Content = bytes | memoryview

PIECE_BYTES = 16 << 10
SEND_BUFFER_BYTES = 16 << 10
"""Of a connection: what was sent and not received is little, so that the log tells the truth."""

_LOOK_BYTES = 4 * PIECE_BYTES
"""Between two looks at what a client has not read."""
_SOCKETS = Path("/proc/net/tcp")
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


@dataclasses.dataclass
class Request:
    """One line of the log."""

    side: Side
    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    at_seconds: float = 0.0
    """When it came, of a clock that only goes forward."""
    status: int = 0
    start: int = 0
    """Of the body: where in the file it begins."""
    sent_bytes: int = 0
    """Of the body, handed to the system."""
    is_whole: bool = False
    """Whether that was all of it."""

    @property
    def span(self) -> tuple[int, int]:
        """What was sent of the file: its first byte, and the one behind its last."""
        return self.start, self.start + self.sent_bytes

    @property
    def has_token(self) -> bool:
        """Whether it carried an Authorization header."""
        return "authorization" in self.headers

    @property
    def range(self) -> str:
        """The Range header; empty without one."""
        return self.headers.get("range", "")


@dataclasses.dataclass
class Answer:
    """What is said instead of the right answer."""

    status: int
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    body: bytes = b""


@dataclasses.dataclass
class HubFile:
    """A file of a repository at its newest revision."""

    content: Content
    etag: str
    sha256: str


@dataclasses.dataclass
class Repository:
    """A repository of the hub."""

    files: dict[str, HubFile] = dataclasses.field(default_factory=dict)
    commit: str = ""
    licence: str = "mit"
    token: str = ""
    """Without this one it is gated."""
    listed: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    """Rows of the listing beside those of its files."""
    listed_sha256: dict[str, str] = dataclasses.field(default_factory=dict)
    """By path: what the listing says instead of the truth."""


@dataclasses.dataclass
class Manners:
    """How the servers behave; may be changed at any time."""

    bytes_per_second: float = 0
    """Of each connection; 0 is as fast as it goes."""
    unread_at_most_bytes: int = 0
    """More is not sent while a client has not read so much of it, where the system tells that;
    0 is no limit. What is sent is then what was received, but for that."""
    cut_after_bytes: list[int] = dataclasses.field(default_factory=list)
    """Bodies sent since the last cut; then every connection to the storage is reset."""
    stall_after_bytes: int = -1
    """Of one body: then nothing more comes."""
    length_added: int = 0
    """To the Content-Length of bodies, which stay as they are."""
    flipped_byte: int = -1
    """In the file: sent wrongly."""
    redirects: bool = True
    """Whether files come from the storage; else from `resolve` itself."""
    takes_ranges: bool = True
    checks_if_range: bool = True
    misreads_if_range: bool = False
    """With it everything is sent, though the file is the same."""
    has_etag: bool = True
    has_linked_etag: bool = True
    rows_a_page: int = 50
    signed_for_requests: int = 0
    """A signed address is good for so many; 0 is for ever."""


class HubServer:
    """The hub; `with HubServer() as hub` starts and ends it."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.manners = Manners()
        self.requests: list[Request] = []
        self.answers: dict[Side, list[Answer]] = {"api": [], "resolve": [], "storage": []}
        """Said first, one a request."""
        self.lock = threading.Lock()
        self.sent_since_cut = 0
        self.cuts = 0
        self.signatures: dict[str, int] = {}
        self._ending = threading.Event()
        self._servers = [_Server(self, _HubHandler), _Server(self, _StorageHandler)]

    def __enter__(self) -> HubServer:
        for server in self._servers:
            # a short poll: shutdown waits for it
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ending.set()
        for server in self._servers:
            server.shutdown()
            server.server_close()

    @property
    def url(self) -> str:
        """For HF_ENDPOINT."""
        return self._servers[0].url

    @property
    def storage_url(self) -> str:
        """Where `resolve` redirects to."""
        return self._servers[1].url

    def add(self, repo: str, files: Mapping[str, Content], **more: Any) -> Repository:
        """Make a repository with these files."""
        repository = self.repositories[repo] = Repository(**more)
        for path, content in files.items():
            self.change(repo, path, content)
        return repository

    def change(self, repo: str, path: str, content: Content) -> None:
        """Put a file into a repository, as a new commit."""
        repository = self.repositories[repo]
        digest = hashlib.sha256(content).hexdigest()
        repository.files[path] = HubFile(content, f'"{digest[:32]}"', digest)
        state = repr(sorted((name, each.sha256) for name, each in repository.files.items()))
        repository.commit = hashlib.sha1(state.encode()).hexdigest()

    def say(self, side: Side, answer: Answer, times: int = 1) -> None:
        """Answer the next requests so."""
        self.answers[side] += [answer] * times

    def of(self, side: Side) -> list[Request]:
        """The log of one side, in the order in which requests came."""
        return [each for each in self.requests if each.side == side]

    def pause(self, seconds: float) -> bool:
        """Wait; True when the server ends."""
        return self._ending.wait(seconds)

    def cut(self) -> None:
        """Reset all connections that send a file."""
        with self.lock:
            self.cuts += 1
            self.sent_since_cut = 0


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, hub: HubServer, handler: type[_Handler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.hub = hub
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are what this is for."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: Any) -> None:
        """The log is a list."""

    @property
    def hub(self) -> HubServer:
        return self.server.hub

    def _serve(self) -> None:
        side = self.side()
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.logged = Request(side, self.command, self.path, headers, time.monotonic())
        with self.hub.lock:
            self.hub.requests.append(self.logged)
            canned = self.hub.answers[side].pop(0) if self.hub.answers[side] else None
        if canned is not None:
            self.reply(canned.status, canned.body, canned.headers)
        else:
            self.answer()

    def side(self) -> Side:
        raise NotImplementedError

    def answer(self) -> None:
        raise NotImplementedError

    def reply(self, status: int, body: bytes = b"", headers: Mapping[str, str] = {}) -> None:
        self.logged.status = status
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def reply_json(self, value: Any, headers: Mapping[str, str] = {}) -> None:
        body = json.dumps(value).encode()
        self.reply(200, body, {"Content-Type": "application/json", **headers})

    def refuse(self, status: int, code: str, message: str) -> None:
        headers = {"X-Error-Code": code, "X-Error-Message": message} if code else {}
        self.reply(status, json.dumps({"error": message}).encode(), headers)

    def send_file(self, file: HubFile, headers: Mapping[str, str]) -> None:
        """The file or the range of it that was asked for."""
        manners, size = self.hub.manners, len(file.content)
        start, end, is_part = self._asked_range(file)
        if start >= size and is_part:
            self.reply(416, b"", {"Content-Range": f"bytes */{size}"})
            return
        self.logged.start, self.logged.status = start, 206 if is_part else 200
        self.send_response(self.logged.status)
        if is_part:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
        if manners.has_etag:
            self.send_header("ETag", file.etag)
        for name, value in {
            "Content-Length": str(end - start + manners.length_added),
            "Content-Type": "application/octet-stream",
            **headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self._send_body(self._as_sent(file)[start:end])

    def _as_sent(self, file: HubFile) -> memoryview:
        flipped = self.hub.manners.flipped_byte
        if flipped < 0:
            return memoryview(file.content)
        content = bytearray(file.content)
        content[flipped] ^= 1
        return memoryview(content)

    def _asked_range(self, file: HubFile) -> tuple[int, int, bool]:
        manners, size = self.hub.manners, len(file.content)
        asked = _RANGE.fullmatch(self.logged.range)
        condition = self.logged.headers.get("if-range")
        is_other = manners.checks_if_range and condition is not None and condition != file.etag
        is_other = is_other or (manners.misreads_if_range and condition is not None)
        if not asked or not manners.takes_ranges or is_other:
            return 0, size, False
        end = min(int(asked[2]) + 1, size) if asked[2] else size
        return int(asked[1]), end, True

    def _send_body(self, body: memoryview) -> None:
        hub, manners = self.hub, self.hub.manners
        cuts, started = hub.cuts, time.monotonic()
        for position in range(0, len(body), PIECE_BYTES):
            if 0 <= manners.stall_after_bytes <= position:
                hub.pause(3600)
                return
            piece = body[position : position + PIECE_BYTES]
            if hub.cuts != cuts or self._is_to_be_cut():
                self._reset()
                return
            if manners.unread_at_most_bytes and position % _LOOK_BYTES == 0:
                self._wait_for_reader(cuts)
            self.wfile.write(piece)
            with hub.lock:
                self.logged.sent_bytes += len(piece)
                hub.sent_since_cut += len(piece)
            if manners.bytes_per_second:
                due = started + (position + len(piece)) / manners.bytes_per_second
                if hub.pause(max(0.0, due - time.monotonic())):
                    return
        self.logged.is_whole = True
        if manners.length_added:
            self._hang_up()

    def _wait_for_reader(self, cuts: int) -> None:
        hub = self.hub
        while self._unread_bytes() > hub.manners.unread_at_most_bytes and hub.cuts == cuts:
            if hub.pause(0.001):
                return

    def _unread_bytes(self) -> int:
        """What the client's system received and the client has not read (Linux tells)."""
        # its socket has our port as the other one
        own, other = (f":{port:04X}" for port in (self.client_address[1], self.server.server_port))
        with contextlib.suppress(OSError, ValueError):
            for line in _SOCKETS.read_text().splitlines():
                if own in line:
                    _, local, remote, _, queues, *_ = line.split()
                    if local.endswith(own) and remote.endswith(other):
                        return int(queues.partition(":")[2], 16)
        return 0

    def _is_to_be_cut(self) -> bool:
        hub = self.hub
        with hub.lock:
            due = hub.manners.cut_after_bytes
            if not due or hub.sent_since_cut < due[0]:
                return False
            due.pop(0)
            hub.cuts += 1
            hub.sent_since_cut = 0
            return True

    def _hang_up(self) -> None:
        self.close_connection = True

    def _reset(self) -> None:
        # SO_LINGER of 0: what the system still held is thrown away, and the other side gets RST
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._hang_up()
        self.connection.close()


class _HubHandler(_Handler):
    """Model info, listing and resolve."""

    def side(self) -> Side:
        return "api" if self.path.startswith("/api/") else "resolve"

    def answer(self) -> None:
        path = urllib.parse.urlsplit(self.path).path
        if path.startswith("/api/models/"):
            parts = [urllib.parse.unquote(part) for part in path.split("/")[3:]]
            verb, rest = (parts[2], parts[3:]) if len(parts) > 2 else ("revision", [])
        else:
            parts = [urllib.parse.unquote(part) for part in path.split("/")[1:]]
            verb, rest = parts[2] if len(parts) > 2 else "", parts[3:]
        name = "/".join(parts[:2])
        repository = self.hub.repositories.get(name)
        if repository is None:
            self.refuse(404, "RepoNotFound", "Repository not found")
        elif not self._is_allowed(repository, verb):
            has_token = self.logged.has_token
            self.refuse(403 if has_token else 401, "GatedRepo", f"Access to {name} is restricted.")
        elif rest and rest[0] not in ("main", repository.commit):
            self.refuse(404, "RevisionNotFound", "Invalid rev id")
        else:
            answers = {"revision": self._info, "tree": self._tree, "resolve": self._resolve}
            answers[verb](name, repository, "/".join(rest[1:]))

    def _is_allowed(self, repository: Repository, verb: str) -> bool:
        """Anybody may see what a gated repository holds."""
        given = self.logged.headers.get("authorization", "")
        return verb != "resolve" or not repository.token or given == f"Bearer {repository.token}"

    def _info(self, name: str, repository: Repository, path: str) -> None:
        self.reply_json(
            {
                "_id": "0",
                "id": name,
                "modelId": name,
                "sha": repository.commit,
                "private": False,
                "gated": "manual" if repository.token else False,
                "tags": [f"license:{repository.licence}", "gguf"],
                "cardData": {"license": repository.licence},
                "siblings": [{"rfilename": path} for path in repository.files],
            }
        )

    def _tree(self, name: str, repository: Repository, path: str) -> None:
        rows = [*_rows(repository), *repository.listed]
        asked = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        first = int(asked.get("cursor", ["0"])[0])
        last = first + self.hub.manners.rows_a_page
        headers = {}
        if last < len(rows):
            address = f"{self.server.url}/api/models/{name}/tree/{repository.commit}"
            headers["Link"] = f'<{address}?recursive=True&cursor={last}>; rel="next"'
        self.reply_json(rows[first:last], headers)

    def _resolve(self, name: str, repository: Repository, path: str) -> None:
        file = repository.files.get(path)
        if file is None:
            self.refuse(404, "EntryNotFound", "Entry not found")
            return
        headers = {"X-Repo-Commit": repository.commit, "X-Linked-Size": str(len(file.content))}
        if self.hub.manners.has_linked_etag:
            headers["X-Linked-ETag"] = f'"{file.sha256}"'
        if not self.hub.manners.redirects:
            self.send_file(file, headers)
            return
        with self.hub.lock:
            signature = f"signed-{len(self.hub.signatures)}"
            self.hub.signatures[signature] = 0
        place = urllib.parse.quote(f"{name}/{path}")
        address = f"{self.hub.storage_url}/{place}?signature={signature}"
        self.reply(302, b"", {"Location": address, **headers})


class _StorageHandler(_Handler):
    """Files by signed addresses."""

    def side(self) -> Side:
        return "storage"

    def answer(self) -> None:
        address = urllib.parse.urlsplit(self.path)
        signature = urllib.parse.parse_qs(address.query).get("signature", [""])[0]
        org, name, path = urllib.parse.unquote(address.path).strip("/").split("/", 2)
        repository = self.hub.repositories.get(f"{org}/{name}")
        file = repository.files.get(path) if repository else None
        with self.hub.lock:
            uses = self.hub.signatures.get(signature)
            if uses is not None:
                self.hub.signatures[signature] = uses + 1
        limit = self.hub.manners.signed_for_requests
        if uses is None or 0 < limit <= uses:
            self.refuse(403, "", "Request has expired")
        elif file is None:
            self.refuse(404, "", "NoSuchKey")
        else:
            self.send_file(file, {})


def _rows(repository: Repository) -> Iterator[dict[str, Any]]:
    for path, file in repository.files.items():
        digest = repository.listed_sha256.get(path, file.sha256)
        size = len(file.content)
        yield listed_file(path, size, digest)


def listed_file(path: str, size: int, sha256: str) -> dict[str, Any]:
    """A row of the listing."""
    lfs = {"oid": sha256, "size": size, "pointerSize": 135}
    return {"type": "file", "oid": sha256[:40], "size": size, "path": path, "lfs": lfs}


def main() -> None:
    """Serve files until Ctrl-C."""
    repo, *paths = sys.argv[1:]
    with HubServer() as hub:
        hub.add(repo, {Path(path).name: Path(path).read_bytes() for path in paths})
        print(f"HF_ENDPOINT={hub.url} localr1 pull hf:{repo}", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
