"""What can go wrong between here and the hub, and what a person is told about it."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Mapping

import httpx2

from localr1.errors import AccessRefused, Localr1Error, ModelNotFound, NetworkError
from localr1.models.hub.pauses import retry_after
from localr1.terminal_text import clean_line

GO_ON = "what is here is kept; run the same command again to go on"
_BUSY = (408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524)


class Interruption(Exception):
    """A request failed in a way that may pass.

    Args:
        reason: "the connection was lost".
        retry_after_seconds: as the server wants it.
    """

    def __init__(self, reason: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_seconds = retry_after_seconds


class FileChanged(Exception):
    """The server has another file there than its listing said."""


def as_interruption(error: httpx2.HTTPError | httpx2.InvalidURL, url: str) -> Exception:
    """What the client noticed: an interruption, or an error where trying again is no use."""
    request = getattr(error, "_request", None)  # `error.request` raises where there is none
    host = host_of(str(request.url) if request else url)
    text = clean_line(str(error), 200)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return NetworkError(
            f"the certificate of {host} is not trusted: {_reason(text)}",
            "check the clock; behind a company's proxy, SSL_CERT_FILE names its certificate",
        )
    if isinstance(error, (httpx2.UnsupportedProtocol, httpx2.InvalidURL)):
        return NetworkError(f"{clean_line(url, 100)} is no address of a hub", "check HF_ENDPOINT")
    if isinstance(error, httpx2.ProxyError):
        return NetworkError(
            f"the proxy did not let {host} be reached: {text}", "check HTTPS_PROXY and NO_PROXY"
        )
    if isinstance(error, httpx2.ConnectTimeout):
        return Interruption(f"{host} does not answer")
    if isinstance(error, httpx2.TimeoutException):
        return Interruption(f"nothing more comes from {host}")
    if isinstance(error, httpx2.ConnectError):
        return Interruption(f"cannot reach {host}: {_reason(text)}")
    if isinstance(error, httpx2.TransportError):
        return Interruption("the connection was lost")
    return NetworkError(f"{host} cannot be used: {text}", "check HF_ENDPOINT")


def check_busy(status: int, headers: Mapping[str, str], url: str) -> None:
    """Raise where a server wants to be asked again later.

    Raises:
        Interruption: it does.
    """
    if status in _BUSY:
        what = "has too many requests" if status == 429 else f"answers {status}"
        wait = retry_after(headers.get("retry-after", ""))
        raise Interruption(f"{host_of(url)} {what}", wait)


def refusal(status: int, headers: Mapping[str, str], repo: str, path: str) -> Localr1Error:
    """An answer of 400 and above, as it is told.

    Args:
        status: of the answer.
        headers: the hub says in one which thing it does not have.
        repo: that was asked for.
        path: of the file, empty for the repository itself.
    """
    code = headers.get("x-error-code", "")
    if headers.get("x-error-message", "").startswith("Invalid credentials"):
        return AccessRefused(
            "the hub does not know your token",
            "check HF_TOKEN or --token, or run: hf auth login; public models need none",
        )
    if code == "GatedRepo" and status == 403:
        return AccessRefused(
            f"{repo} is gated, and your token has no access to it yet",
            f"ask for it at https://huggingface.co/{repo} with the account of the token",
        )
    if code == "GatedRepo":
        return AccessRefused(
            f"{repo} is gated: it needs a token",
            f"accept its terms at https://huggingface.co/{repo}, then set HF_TOKEN, "
            "or run: hf auth login",
        )
    if code == "RevisionNotFound":
        return ModelNotFound(f"{repo} has no such revision", "leave out --revision for the newest")
    if code == "EntryNotFound" or (status == 404 and path and not code):
        return ModelNotFound(f"{repo} has no file {clean_line(path)}", "run it without the file")
    if code == "RepoNotFound" or status in (401, 404):
        return ModelNotFound(
            f"the hub has no repository {repo}, or it is private",
            "check the name; for a private one set HF_TOKEN, or run: hf auth login",
        )
    if status == 403:
        return AccessRefused(f"the hub does not let you have {repo}", "check the token's rights")
    return NetworkError(f"the hub answered {status} for {repo}", "try again later")


def web_page(url: str) -> NetworkError:
    """A page came in the place of what was asked for."""
    return NetworkError(
        f"{host_of(url)} sent a web page instead of the model",
        "open a browser: the network may want you to sign in; or check HF_ENDPOINT",
    )


def host_of(url: str) -> str:
    """The server that an address names, as it is shown."""
    return clean_line(urllib.parse.urlsplit(url).netloc.rpartition("@")[2], 100) or "the hub"


def _reason(text: str) -> str:
    """The words of an error of the system, without its numbers."""
    words = re.sub(r"\[[^\]]*\]\s*", "", text)
    return re.sub(r"\s*\(_\w+\.c:\d+\)", "", words).strip() or "no connection"
