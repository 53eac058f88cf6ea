"""What llama.cpp itself does with a file, each in a process of its own: runs, refuses, dies, hangs.

As a program it is a fork server: it reads a path a line, loads that model in a forked child
(load, context, tokens of a text, decoding), and answers with one word a line. `outcomes` is its
client, with one server for each CPU.
"""

from __future__ import annotations

import ctypes
import os
import resource
import select
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Literal, cast

Outcome = Literal["runs", "refused", "abort", "segfault", "fault", "hang"]
CRASHES = frozenset(("abort", "segfault", "fault", "hang"))

TIMEOUT_SECONDS = 20
"""Far above the 50 ms that a tiny model takes, so that a busy machine is no hang."""
_MEMORY_BYTES = 4 << 30
_N_CTX = 256
_TEXT = "The sea 你好 \x01\U0001f30a </think>\n\n12 and you".encode()
_REFUSED = 3


def outcomes(files: Iterable[tuple[str, bytes]], folder: Path) -> dict[str, Outcome]:
    """llama.cpp's outcome for each (name, content); contents are written into `folder`."""
    named = list(files)
    n_servers = min(2, os.cpu_count() or 1)
    with ThreadPoolExecutor(n_servers) as pool:
        shares = (named[n::n_servers] for n in range(n_servers))
        paths = (folder / f"native-{n}.gguf" for n in range(n_servers))
        results = pool.map(lambda share, path: dict(_served(share, path)), shares, paths)
        return {name: outcome for share in results for name, outcome in share.items()}


def _served(files: list[tuple[str, bytes]], path: Path) -> Iterator[tuple[str, Outcome]]:
    command = [sys.executable, __file__]
    environment = {**os.environ, "GGML_NO_BACKTRACE": "1"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as server:
        requests, answers = cast(IO[str], server.stdin), cast(IO[str], server.stdout)
        for name, content in files:
            path.write_bytes(content)
            print(path, file=requests, flush=True)
            yield name, cast(Outcome, answers.readline().strip())
        requests.close()


def _serve() -> None:
    # Loaded once, before the forks.
    import llama_cpp  # noqa: F401

    for line in sys.stdin:
        print(_outcome(line.rstrip("\n")), flush=True)


def _outcome(path: str) -> Outcome:
    if sys.platform == "win32":
        raise OSError("llama.cpp is tried in forked processes")
    ended, held = os.pipe()
    child = os.fork()
    if child == 0:
        _limit_child()
        # No cleanup of the parent's Python state in the child.
        os._exit(_REFUSED if _run(path.encode()) is None else 0)
    os.close(held)
    status = _wait(child, ended)
    if status is None:
        return "hang"
    if os.WIFSIGNALED(status):
        names: dict[int, Outcome] = {signal.SIGABRT: "abort", signal.SIGSEGV: "segfault"}
        return names.get(os.WTERMSIG(status), "fault")
    codes: dict[int, Outcome] = {0: "runs", _REFUSED: "refused"}
    return codes.get(os.WEXITSTATUS(status), "fault")


def _limit_child() -> None:
    if sys.platform == "win32":
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)


def _wait(child: int, ended: int) -> int | None:
    """The child's exit status, or None when it had to be killed for taking too long.

    `ended` is the reading end of a pipe whose other end only the child holds.
    """
    if sys.platform == "win32":
        return None
    try:
        ready, _, _ = select.select([ended], [], [], TIMEOUT_SECONDS)
        if not ready:
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        return status if ready else None
    finally:
        os.close(ended)


def _run(path: bytes) -> int | None:
    """Tokens decoded, or None where llama.cpp refuses something."""
    import llama_cpp as api

    parameters = api.llama_model_default_params()
    parameters.n_gpu_layers = 0
    model = api.llama_model_load_from_file(path, parameters)
    if not model:
        return None
    vocabulary = api.llama_model_get_vocab(model)
    tokens = (api.llama_token * _N_CTX)()
    count = api.llama_tokenize(vocabulary, _TEXT, len(_TEXT), tokens, _N_CTX, True, True)
    limits = api.llama_context_default_params()
    limits.n_ctx, limits.n_threads, limits.n_threads_batch = _N_CTX, 1, 1
    context = api.llama_init_from_model(model, limits)
    if not context or count < 1:
        return None
    return _decode(context, vocabulary, tokens, count)


def _decode(
    context: object, vocabulary: object, tokens: ctypes.Array[ctypes.c_int32], n: int
) -> int | None:
    import llama_cpp as api

    if api.llama_decode(context, api.llama_batch_get_one(tokens, n)):
        return None
    sampler, piece = api.llama_sampler_init_greedy(), ctypes.create_string_buffer(256)
    for _ in range(3):
        token = api.llama_sampler_sample(sampler, context, -1)
        api.llama_token_to_piece(vocabulary, token, piece, len(piece), 0, True)
        one = (api.llama_token * 1)(token)
        if api.llama_decode(context, api.llama_batch_get_one(one, 1)):
            return None
        n += 1
    return n


if __name__ == "__main__":
    _serve()
