"""Options that several commands share; each maps to the setting of the same name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, get_args

import click

from localr1 import paths
from localr1.hardware.estimate import KvType
from localr1.hardware.rpc_servers import rpc_servers
from localr1.settings import Settings, load_settings

Command = TypeVar("Command", bound=Callable[..., Any])

KV_TYPES = get_args(KvType)
_KV = ", ".join(KV_TYPES)

_SAMPLING_OPTIONS = [
    click.option("--max-tokens", type=int, help="Limit on reasoning and answer together."),
    click.option("--seed", type=int, help="Same seed, same prompt, same text."),
    click.option("--temp", "temperature", type=float, help="Temperature; 0 is greedy."),
    click.option("--top-p", type=float, help="Keep the likeliest tokens up to this mass."),
    click.option("--top-k", type=int, help="Keep this many likeliest tokens; 0 keeps all."),
    click.option("--min-p", type=float, help="Drop tokens below this share of the likeliest."),
]
_LOADING_OPTIONS = [
    click.option("--n-ctx", type=int, help="Context window in tokens."),
    click.option("--n-gpu-layers", "-ngl", type=int, help="Layers on the GPU; -1 for all."),
    click.option("--batch", type=int, help="Prompt tokens submitted at once."),
    click.option("--ubatch", type=int, help="Prompt tokens processed at once."),
    click.option("--type-k", type=click.Choice(KV_TYPES), metavar="TYPE", help=f"K cache: {_KV}."),
    click.option(
        "--type-v", type=click.Choice(KV_TYPES), metavar="TYPE", help="V cache, likewise."
    ),
    click.option("--flash-attn", type=click.Choice(["auto", "on", "off"]), help="Flash attention."),
    click.option("--mmap/--no-mmap", default=None, help="Map the model file, or read it."),
    click.option("--mlock/--no-mlock", default=None, help="Keep the weights in memory."),
    click.option(
        "--memory-check/--no-memory-check",
        default=None,
        help="Refuse what does not fit into memory, or try it.",
    ),
    click.option(
        "--rpc",
        metavar="HOST:PORT[,...]",
        help="Computers that lend their devices, by llama.cpp's rpc-server.",
    ),
]
_CHAT_OPTIONS = [
    click.option("--threads", type=int, help="CPU threads."),
    click.option("--system", help="System prompt. R1 distills get it in the first question."),
    click.option(
        "--history/--no-history",
        "save_history",
        default=None,
        help="Keep the conversation on disk, or do not.",
    ),
]


def model_options(command: Command) -> Command:
    """Add the options of a conversation: loading, sampling, what is kept."""
    return _with([*_SAMPLING_OPTIONS, *_LOADING_OPTIONS, *_CHAT_OPTIONS], command)


def loading_options(command: Command) -> Command:
    """Add the options of loading, but for the number of threads."""
    return _with(_LOADING_OPTIONS, command)


def _with(options: Sequence[Callable[[Command], Command]], command: Command) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


def settings_from_flags(flags: dict[str, object]) -> Settings:
    """Settings from flags, environment and file, in that order.

    Raises:
        UsageError: a value that cannot be used.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    settings = load_settings(given, file=paths.settings_file())
    rpc_servers(settings.rpc or "")  # a wrong address is told before anything starts
    return settings
