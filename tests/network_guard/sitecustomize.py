"""Python starts with this where tests put its folder first: no connection, and a note of each try.

Whatever would reach beyond this process by the network fails, in the program and in the processes
that it starts. `NETWORK_GUARD_LOG` names the file that gets a line for each try, each process
and each module of the hub that is loaded.
"""

from __future__ import annotations

import os
import sys

LOG = os.environ["NETWORK_GUARD_LOG"]
NETWORKED = {
    *("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"),
    *("socket.getnameinfo", "socket.sendto", "socket.sendmsg", "socket.bind", "urllib.Request"),
}
OF_THE_HUB = {"huggingface_hub", "httpx", "httpx2", "requests", "aiohttp"}


def note(line: str) -> None:
    """Append a line; whole, also when several processes write."""
    descriptor = os.open(LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, f"{line}\n".encode())
    os.close(descriptor)


def guard(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse what Python is about to do where it needs the network."""
    if event == "import":
        name = str(arguments[0]).partition(".")[0]
        if name in OF_THE_HUB:
            note(f"import {name}")
    elif event in NETWORKED and not (
        # of this computer: a path, not an address
        event.startswith("socket.") and isinstance(arguments[-1], (str, bytes))
        and event not in ("socket.gethostbyname", "socket.gethostbyaddr")
    ):  # fmt: skip
        note(f"tried {event} {arguments[1:]!r}")
        raise OSError(f"the test's guard refuses {event}")


sys.addaudithook(guard)
note(f"process {sys.orig_argv[1:4]!r}")
