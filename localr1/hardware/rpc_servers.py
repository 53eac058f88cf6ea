"""Addresses of computers that lend their devices through llama.cpp's RPC, read and checked.

RPC neither authenticates nor encrypts, so an address that is reached over the open internet is
refused. A name is taken as it is: nothing here looks it up.
"""

from __future__ import annotations

import ipaddress
import re

from localr1.errors import UsageError
from localr1.terminal_text import clean_line

MOST_SERVERS = 16
"""GGML_RPC_MAX_SERVERS in ggml-rpc.h."""

_SHARED_BY_CARRIERS = ipaddress.ip_network("100.64.0.0/10")
"""RFC 6598: carrier-grade NAT, and what mesh VPNs give to their members."""

_OWN_NETWORKS = (
    *map(ipaddress.ip_network, ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")),
    ipaddress.ip_network("169.254.0.0/16"),  # link-local: two computers on one cable
    _SHARED_BY_CARRIERS,
)
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)", re.ASCII)
_NUMBER = re.compile(r"0[xX][0-9A-Fa-f]*|[0-9]+", re.ASCII)
_PORT = re.compile(r"[0-9]{1,5}", re.ASCII)
_FORM = "it is written HOST:PORT[,HOST:PORT...], for example 192.168.1.20:50052"


def rpc_servers(text: str) -> tuple[str, ...]:
    """The servers of a list "HOST:PORT,HOST:PORT", each once; none where the text is empty.

    Raises:
        UsageError: one of them cannot be used, with the reason.
    """
    if not text.strip():
        return ()
    servers = tuple(dict.fromkeys(_checked(part.strip().lower()) for part in text.split(",")))
    if len(servers) > MOST_SERVERS:
        raise UsageError(f"{len(servers)} RPC servers are too many: the engine takes 16")
    return servers


def on_other_computers(servers: tuple[str, ...]) -> tuple[str, ...]:
    """Those of these servers that are reached over a network."""
    return tuple(each for each in servers if not each.startswith(("127.", "localhost:")))


def rpc_warning(servers: tuple[str, ...]) -> str:
    """What a person should know who uses these."""
    return (
        f"The engine sends your words and parts of the model to {' and '.join(servers)}. "
        "llama.cpp's RPC is neither authenticated nor encrypted, and its authors call it "
        "insecure: use it only on a network that you trust."
    )


def _checked(server: str) -> str:
    if server.startswith("[") or server.count(":") > 1:
        raise _refused(server, "llama.cpp's RPC knows IPv4 addresses and names, not IPv6")
    host, colon, port = server.partition(":")
    if not (colon and host):
        raise _refused(server, "a host and a port are needed", _FORM)
    if not _PORT.fullmatch(port) or not 1 <= int(port) <= 65_535:
        raise _refused(server, "the port must be a number from 1 to 65,535", _FORM)
    _check_host(server, host)
    return f"{host}:{int(port)}"


def _check_host(server: str, host: str) -> None:
    labels = host.removesuffix(".").split(".")
    if _NUMBER.fullmatch(labels[-1]):
        # resolvers read "8.8" and "0x8080808" as addresses too, so a number must be a plain one
        _check_address(server, host)
    elif len(host) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise _refused(server, "this is not the name of a computer", _FORM)


def _check_address(server: str, host: str) -> None:
    try:
        address = ipaddress.IPv4Address(host)
    except ValueError:
        raise _refused(server, "this is not an IPv4 address", _FORM) from None
    if any(address in network for network in _OWN_NETWORKS):
        return
    if address.is_multicast or address.is_reserved or address.is_unspecified:
        raise _refused(server, "this is not the address of one computer", _FORM)
    raise _refused(
        server,
        "the address is public, and RPC is neither authenticated nor encrypted",
        "use one of your own network, like 192.168.1.20, or of a VPN",
    )


def _refused(server: str, reason: str, hint: str = "") -> UsageError:
    return UsageError(f"RPC server {clean_line(server, 80) or '(empty)'}: {reason}", hint)
