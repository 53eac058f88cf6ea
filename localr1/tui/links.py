"""Where a link leads: its address in plain characters, and what may be wrong with it."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from localr1.terminal_text import clean_line

ADDRESS_LIMIT = 2_000
"""Characters; browsers take no more everywhere."""

_ADDRESS = re.compile(r"(https?)://([^/?#\s]+)([^\s]*)", re.IGNORECASE)


class Place(NamedTuple):
    """A web address."""

    address: str
    """In ASCII: what is shown is what is opened."""
    remark: str = ""
    """What a person should know before opening it."""


def place_of(address: str) -> Place | None:
    """The place that a link leads to; None where it is no web address that can be shown whole."""
    found = _ADDRESS.fullmatch(address)
    if found is None or len(address) > ADDRESS_LIMIT or clean_line(address, 3_000) != address:
        return None
    scheme, authority, rest = found.groups()
    user, at, host = authority.rpartition("@")
    name, port = _split_port(host)
    try:
        plain = name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    path = "".join(c if c.isascii() else _percent(c) for c in rest)
    user = "".join(c if c.isascii() else _percent(c) for c in user)
    whole = f"{scheme.lower()}://{user}{at}{plain}{port}{path}"
    return Place(whole, _remark(name, plain, user))


def _split_port(host: str) -> tuple[str, str]:
    found = re.fullmatch(r"(.*?)(:\d*)?", host)
    return (found[1], found[2] or "") if found else (host, "")


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode(errors="replace"))


def _remark(name: str, plain: str, user: str) -> str:
    if user:
        return f"What stands before the @ is a name; the host is {plain}."
    if not name.isascii() or "xn--" in plain.lower():
        mixed = len(_scripts(_readable(plain))) > 1
        kind = "letters of several scripts" if mixed else "letters outside of ASCII"
        return f"The name of the host has {kind}; it may not be the one it looks like."
    return ""


def _readable(plain: str) -> str:
    try:
        return plain.encode("ascii").decode("idna")
    except UnicodeError:
        return plain


def _scripts(name: str) -> set[str]:
    """Of the letters before the last dot: the first words of their Unicode names say the script."""
    host = name.rpartition(".")[0] or name
    return {unicodedata.name(c, "?").split(" ")[0] for c in host if c.isalpha()}
