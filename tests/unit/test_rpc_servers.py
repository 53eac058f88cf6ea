"""Addresses of RPC servers: which are taken, which are refused and with what words."""

from __future__ import annotations

import pytest

from localr1.errors import UsageError
from localr1.hardware.rpc_servers import rpc_servers, rpc_warning


@pytest.mark.parametrize(
    ("text", "servers"),
    [
        ("", ()),
        ("  ", ()),
        ("127.0.0.1:50052", ("127.0.0.1:50052",)),
        (" 192.168.1.20:50052 , desktop:50053 ", ("192.168.1.20:50052", "desktop:50053")),
        ("10.255.0.1:1,172.16.0.1:65535", ("10.255.0.1:1", "172.16.0.1:65535")),
        ("172.31.255.255:80,169.254.3.4:80", ("172.31.255.255:80", "169.254.3.4:80")),
        ("100.64.0.1:80,100.127.255.254:80", ("100.64.0.1:80", "100.127.255.254:80")),
        ("Desktop.local:50052", ("desktop.local:50052",)),
        ("my_pc-2.lan.:50052", ("my_pc-2.lan.:50052",)),
        ("3com:50052", ("3com:50052",)),
        ("localhost:00050,LOCALHOST:50,127.0.0.1:50", ("localhost:50", "127.0.0.1:50")),
    ],
)
def test_addresses_that_are_taken(text: str, servers: tuple[str, ...]) -> None:
    assert rpc_servers(text) == servers


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("8.8.8.8:50052", "public"),
        ("172.32.0.1:50052", "public"),
        ("100.63.255.255:50052", "public"),
        ("100.128.0.1:50052", "public"),
        ("192.169.0.1:50052", "public"),
        ("desktop:50052,1.1.1.1:50052", "1.1.1.1:50052: the address is public"),
        ("0.0.0.0:50052", "one computer"),
        ("255.255.255.255:50052", "one computer"),
        ("224.0.0.251:50052", "one computer"),
        ("134744072:50052", "not an IPv4 address"),
        ("0x08080808:50052", "not an IPv4 address"),
        ("8.8:50052", "not an IPv4 address"),
        ("10.0.0.08:50052", "not an IPv4 address"),
        ("10.0.0.1.:50052", "not an IPv4 address"),
        ("256.1.1.1:50052", "not an IPv4 address"),
        ("[::1]:50052", "not IPv6"),
        ("::1", "not IPv6"),
        ("fe80::1:50052", "not IPv6"),
        ("desktop", "a host and a port"),
        (":50052", "a host and a port"),
        ("desktop:50052,", "a host and a port"),
        ("desktop:", "1 to 65,535"),
        ("desktop:0", "1 to 65,535"),
        ("desktop:65536", "1 to 65,535"),
        ("desktop:-1", "1 to 65,535"),
        ("desktop:5x", "1 to 65,535"),
        ("desktop:٥٠", "1 to 65,535"),
        ("http://desktop:50052", "not IPv6"),
        ("desk top:50052", "not the name"),
        ("-desktop:50052", "not the name"),
        ("a..b:50052", "not the name"),
        ("schöner:50052", "not the name"),
        ("desktop\x1b[2J:50052", "not the name"),
        (f"{'a' * 64}:50052", "not the name"),
        (f"{'a.' * 127}a:50052", "not the name"),
        (",".join(f"pc{number}:50052" for number in range(17)), "too many"),
    ],
)
def test_addresses_that_are_refused(text: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason) as refused:
        rpc_servers(text)
    assert "\x1b" not in refused.value.message
    assert "\n" not in refused.value.message


def test_the_warning_names_the_servers_and_the_danger() -> None:
    warning = rpc_warning(("desktop:50052", "10.0.0.7:50052"))
    assert "desktop:50052 and 10.0.0.7:50052" in warning
    assert "neither authenticated nor encrypted" in warning
