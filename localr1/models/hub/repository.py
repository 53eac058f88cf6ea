"""What a repository of the hub holds, as huggingface_hub reads it: files, sizes, checksums.

All of it is untrusted: paths are checked before they become files, texts before they are shown.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx2

from localr1 import __version__
from localr1.errors import Localr1Error, ModelNotFound, NetworkError, Offline, UsageError
from localr1.models.hub.faults import as_interruption, check_busy, refusal, web_page
from localr1.terminal_text import clean_line

if TYPE_CHECKING:
    from huggingface_hub import HfApi

FILES_AT_MOST = 100_000
_SHA256 = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40,64}")


class RemoteFile(NamedTuple):
    """A file of a repository."""

    path: str
    size_bytes: int
    sha256: str
    """Empty where the hub does not tell it."""


class Repository(NamedTuple):
    """A repository at one commit."""

    name: str
    """ "org/name"."""
    commit: str
    licence: str
    files: tuple[RemoteFile, ...]
    """All of them, whatever they are."""


class Hub:
    """The hub that HF_ENDPOINT names, with the token of huggingface_hub's own store.

    Args:
        token: instead of the stored one; empty uses that.
        timeout_seconds: after which a silent server has failed.
        endpoint: its address, instead of HF_ENDPOINT's.
    """

    def __init__(self, token: str = "", timeout_seconds: float = 30.0, endpoint: str = "") -> None:
        # before it is imported: then it tells nobody of Python's and its own versions
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        if not os.environ.get("HF_ENDPOINT", "unset").strip():
            del os.environ["HF_ENDPOINT"]  # empty, as scripts leave it, is no address
        import huggingface_hub
        from huggingface_hub import constants

        if constants.is_offline_mode():
            raise Offline("HF_HUB_OFFLINE keeps the hub from being asked", "unset HF_HUB_OFFLINE")
        logging.getLogger("huggingface_hub").setLevel(
            logging.CRITICAL
        )  # what it would say there is said here
        self.client = httpx2.Client(
            follow_redirects=False, timeout=httpx2.Timeout(timeout_seconds, pool=None)
        )
        """For bytes; proxies and certificates are as the environment says."""
        self._timeout_seconds = timeout_seconds
        self.endpoint: str = endpoint or constants.ENDPOINT
        huggingface_hub.set_client_factory(self._client)
        self.token: str = token or _stored_token()
        self._api: HfApi = huggingface_hub.HfApi(
            endpoint=self.endpoint,
            token=self.token or False,
            library_name="localr1",
            library_version=__version__,
        )

    def read(self, name: str, revision: str = "") -> Repository:
        """What a repository holds; asks the hub once.

        Args:
            name: "org/name".
            revision: a branch, tag or commit; empty for the newest.

        Raises:
            Interruption: it may pass.
            Localr1Error: it is no use to try again.
        """
        address = f"{self.endpoint}/{name}"
        try:
            return self._read(name, revision)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            response = getattr(error, "response", None)
            if response is None:
                raise as_interruption(error, address) from error
            raise refusal(response.status_code, response.headers, name, "") from error
        except Localr1Error:
            raise
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise _not_a_hub(error, address) from error

    def _read(self, name: str, revision: str) -> Repository:
        from huggingface_hub.errors import HFValidationError

        try:
            found = self._api.model_info(name, revision=revision or None)
            commit = str(found.sha)
            if not _COMMIT.fullmatch(commit):
                raise NetworkError(f"the hub names no commit of {name}", "check HF_ENDPOINT")
            tree = self._api.list_repo_tree(name, recursive=True, revision=commit)
            files = tuple(_files(tree))
        except HFValidationError as error:
            raise ModelNotFound(
                f"{clean_line(name)} is no name of a repository", "write hf:org/name"
            ) from error
        return Repository(name, commit, _licence(found), files)

    def _client(self) -> httpx2.Client:
        return _FrankClient(self._timeout_seconds, follow_redirects=True)


class _FrankClient(httpx2.Client):
    """Says at once when a request failed; huggingface_hub would try it again in silence.

    Args:
        seconds: after which a silent server has failed.
        more: of the client.
    """

    def __init__(self, seconds: float, **more: Any) -> None:
        super().__init__(**more)
        self._seconds = seconds

    def request(self, method: str, url: httpx2.URL | str, **more: Any) -> httpx2.Response:
        more["timeout"] = httpx2.Timeout(self._seconds)
        try:
            response = super().request(method, url, **more)
        except httpx2.TransportError as error:
            raise as_interruption(error, str(url)) from error
        check_busy(response.status_code, response.headers, str(response.url))
        is_page = response.headers.get("content-type", "").lower().startswith("text/html")
        if is_page and response.status_code == 200:
            raise web_page(str(response.url))
        return response


def _stored_token() -> str:
    import huggingface_hub

    try:
        return huggingface_hub.get_token() or ""
    except Exception as error:  # of many kinds: a store that is damaged, a login that failed
        raise UsageError(
            f"the stored token cannot be read: {clean_line(str(error), 200)}", "hf auth login"
        ) from error


def _files(tree: Iterable[Any]) -> Iterator[RemoteFile]:
    for number, each in enumerate(tree):
        if number >= FILES_AT_MOST:
            raise NetworkError("the repository lists more than 100,000 files")
        size = getattr(each, "size", None)  # folders have none
        if type(size) is not int or size < 0 or not isinstance(each.path, str):
            continue
        digest = each.lfs.sha256 if each.lfs else ""
        is_digest = isinstance(digest, str) and _SHA256.fullmatch(digest)
        yield RemoteFile(each.path, size, digest if is_digest else "")


def _licence(found: Any) -> str:
    card = found.card_data
    told = getattr(card, "license", None) if card else None
    if told == "other":
        told = getattr(card, "license_name", None) or told
    tags = (tag[8:] for tag in found.tags or () if str(tag).startswith("license:"))
    return clean_line(str(told or next(tags, "")), 60)


def _not_a_hub(error: Exception, address: str) -> NetworkError:
    return NetworkError(
        f"what answers at {clean_line(address, 100)} is not a hub: {clean_line(str(error), 100)}",
        "check HF_ENDPOINT, or whether the network wants you to sign in",
    )
