"""Where the bytes of one file come from: the hub's address, the storage's, and a range of it.

The token goes to the hub alone. The address that the hub redirects to is kept while it is good.
"""

from __future__ import annotations

import contextlib
import re
import urllib.parse
from collections.abc import Iterator
from typing import NamedTuple

import httpx2

from localr1 import __version__
from localr1.errors import NetworkError
from localr1.models.hub.faults import (
    FileChanged,
    Interruption,
    as_interruption,
    check_busy,
    host_of,
    refusal,
    web_page,
)
from localr1.models.hub.repository import Hub, RemoteFile, Repository
from localr1.terminal_text import clean_line

USER_AGENT = f"localr1/{__version__}"
REDIRECTS_AT_MOST = 10

_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_GONE = (400, 401, 403, 404, 410)
"""What storages answer when a signed address is no longer good."""


class Body(NamedTuple):
    """The bytes that a server sends."""

    pieces: Iterator[bytes]
    start: int
    """In the file, of the first byte."""
    is_whole_file: bool
    """The server sends everything, whatever was asked for."""
    etag: str
    """Strong, for If-Range; empty where there is none."""


class Source:
    """The server side of one file; safe for threads.

    Args:
        hub: where it is, and its token.
        repository: in which the file is.
        file: that is fetched.
    """

    def __init__(self, hub: Hub, repository: Repository, file: RemoteFile) -> None:
        self._client = hub.client
        self._token = hub.token
        self._repository = repository
        self._file = file
        path = urllib.parse.quote(file.path)
        self._address = f"{hub.endpoint}/{repository.name}/resolve/{repository.commit}/{path}"
        self._hub = _origin(hub.endpoint)
        self._signed = ""
        self._is_conditional = True

    @property
    def repo(self) -> str:
        """ "org/name"."""
        return self._repository.name

    @contextlib.contextmanager
    def open(self, start: int, end: int, etag: str) -> Iterator[Body]:
        """Ask for a range of the file.

        Args:
            start: of the first byte.
            end: behind the last byte.
            etag: of the file that the range must be of; empty takes any.

        Raises:
            Interruption: it may pass.
            FileChanged: the server has another file now.
            Localr1Error: it is no use to try again.
        """
        headers = {"Range": f"bytes={start}-{end - 1}"}
        if etag and self._is_conditional:
            headers["If-Range"] = etag
        url = self._signed or self._address
        try:
            response = self._ask(url, headers)
            if url == self._signed and response.status_code in _GONE:
                response.close()
                self._signed = ""
                response = self._ask(self._address, headers)
            if _misreads_if_range(response, headers, start):
                response.close()
                self._is_conditional = False
                headers.pop("If-Range")
                response = self._ask(self._signed or self._address, headers)
            try:
                yield self._body(response, start, etag)
            finally:
                response.close()
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise as_interruption(error, url) from error

    def _ask(self, url: str, headers: dict[str, str]) -> httpx2.Response:
        """The answer at the end of all redirects, its body not yet read."""
        for _ in range(REDIRECTS_AT_MOST):
            request = self._client.build_request("GET", url, headers=self._headers(url, headers))
            response = self._client.send(request, stream=True)
            self._check_linked(response)
            if not response.has_redirect_location:
                return response
            target = urllib.parse.urljoin(url, response.headers["location"])
            response.close()
            _check_redirect(url, target)
            if _origin(target) != self._hub:
                self._signed = target
            url = target
        raise NetworkError("the hub redirects in circles", "check HF_ENDPOINT")

    def _headers(self, url: str, headers: dict[str, str]) -> dict[str, str]:
        both = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **headers}
        if self._token and _origin(url) == self._hub:
            both["Authorization"] = f"Bearer {self._token}"
        return both

    def _check_linked(self, response: httpx2.Response) -> None:
        """The hub tells with each answer which content it means."""
        linked = response.headers.get("x-linked-etag", "").removeprefix("W/").strip('"')
        size = response.headers.get("x-linked-size", "")
        is_other = re.fullmatch("[0-9a-f]{64}", linked) and linked != self._file.sha256
        if is_other or (size.isdigit() and int(size) != self._file.size_bytes):
            response.close()
            raise FileChanged

    def _body(self, response: httpx2.Response, start: int, etag: str) -> Body:
        url, status = str(response.url), response.status_code
        check_busy(status, response.headers, url)
        if status == 416:
            raise FileChanged
        if status in _GONE and _origin(url) != self._hub:
            self._signed = ""
            raise Interruption(f"{host_of(url)} answers {status}")
        if status >= 400:
            raise refusal(status, response.headers, self._repository.name, self._file.path)
        if status not in (200, 206):
            raise NetworkError(f"the hub answered {status}", "check HF_ENDPOINT")
        if response.headers.get("content-type", "").lower().startswith("text/html"):
            raise web_page(url)
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise NetworkError(
                "the server sends the file in another encoding", "try another mirror"
            )
        own = response.headers.get("etag", "")
        own = "" if own.startswith("W/") else own
        if etag and own and own != etag:
            raise FileChanged
        is_whole = status == 200
        begins = 0 if is_whole else self._range_start(response, start)
        if is_whole:
            self._check_length(response)
        return Body(response.iter_raw(), begins, is_whole, own)

    def _range_start(self, response: httpx2.Response, start: int) -> int:
        told = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", "").strip())
        if told is None or int(told[1]) != start:
            raise Interruption("the server sent another part than asked for")
        if told[3] not in ("*", str(self._file.size_bytes)):
            raise FileChanged
        return start

    def _check_length(self, response: httpx2.Response) -> None:
        length = response.headers.get("content-length", "")
        if length.isdigit() and int(length) != self._file.size_bytes:
            raise FileChanged


def _misreads_if_range(response: httpx2.Response, headers: dict[str, str], start: int) -> bool:
    """Whether a server sends everything though the file is the one that is meant."""
    own, asked = response.headers.get("etag", ""), headers.get("If-Range")
    return bool(asked) and start > 0 and response.status_code == 200 and own in ("", asked)


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port


def _check_redirect(url: str, target: str) -> None:
    schemes = urllib.parse.urlsplit(url).scheme, urllib.parse.urlsplit(target).scheme
    if schemes[1] not in ("http", "https") or schemes == ("https", "http"):
        raise NetworkError(
            f"the hub redirects to an address that is not safe: {clean_line(target, 100)}",
            "check HF_ENDPOINT",
        )
