"""Options that several commands share; each maps to the setting of the same name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import click

from localr1 import paths
from localr1.cli.model_names import complete_file
from localr1.errors import UsageError
from localr1.hardware.kv_types import KvType

if TYPE_CHECKING:
    from localr1.settings import Settings

Command = TypeVar("Command", bound=Callable[..., Any])

SAMPLES_AT_MOST = 16
"""Replies side by side; more would share out a context window too thinly."""

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
_REASONING_OPTIONS = [
    click.option("--reasoning-budget", type=int, metavar="N", help="Most tokens of reasoning."),
    click.option("--reasoning-seconds", type=float, metavar="S", help="Most seconds of reasoning."),
    click.option("--no-thinking", is_flag=True, help="Answer at once: --reasoning-budget 0."),
    click.option(
        "--effort",
        type=click.Choice(["low", "medium", "high", "unlimited"]),
        help="A limit of reasoning: 512, 2,048 or 8,192 tokens, or none.",
    ),
    click.option(
        "--closing-sentence", metavar="TEXT", help="Ends a thought that is cut; may be empty."
    ),
    click.option(
        "--reasoning-tags",
        nargs=2,
        metavar="OPEN CLOSE",
        help="What opens and closes a reasoning block.",
    ),
    click.option(
        "--force-thinking",
        is_flag=True,
        default=None,
        help="Open a reasoning block where the model's template does not.",
    ),
]
_SPEED_OPTIONS = [
    click.option(
        "--read-ahead/--no-read-ahead",
        default=None,
        help="Read what the next prompt will share while you read the answer.",
    ),
    click.option(
        "--speculate",
        type=click.Choice(["auto", "off", "lookup", "draft"]),
        help="Guess ahead: from the conversation's own text, or with a small model.",
    ),
    click.option(
        "--draft",
        metavar="FILE",
        shell_complete=complete_file,
        help="GGUF file of the small model that guesses.",
    ),
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
    """Add the options of a conversation: reasoning, sampling, loading, speed, what is kept."""
    options = [
        *_REASONING_OPTIONS,
        *_SAMPLING_OPTIONS,
        *_LOADING_OPTIONS,
        *_SPEED_OPTIONS,
        *_CHAT_OPTIONS,
    ]
    return _with(options, command)


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
        Offline: a setting needs the network, and a person wants localr1 to stay offline.
    """
    from localr1.settings import load_settings  # completing a line needs no settings

    given = {name: value for name, value in flags.items() if value is not None}
    if given.pop("no_thinking", False):
        given["reasoning_budget"] = _no_thinking(given)
    if tags := given.get("reasoning_tags"):
        given["reasoning_tags"] = _joined_tags(tags)
    if _is_offline_start():
        given["offline"] = True
    settings = load_settings(given, file=paths.settings_file())
    if settings.rpc:
        from localr1.session.setting_effects import check_rpc

        check_rpc(settings)  # a wrong address is told before anything starts
    return settings


def _is_offline_start() -> bool:
    """Whether `localr1 --offline` began this."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.find_root().params.get("offline"))


def _no_thinking(given: Mapping[str, object]) -> int:
    for name in ("reasoning_budget", "reasoning_seconds", "effort", "force_thinking"):
        if name in given:
            flag = name.replace("_", "-")
            raise UsageError(f"--no-thinking cannot go with --{flag}", "use one of them")
    return 0


def _joined_tags(tags: object) -> str:
    """The setting's text; a tag with white space in it could not be told apart there."""
    from localr1.session.model_file import reasoning_tags

    assert isinstance(tags, tuple)
    for tag in tags:
        # click takes whatever follows, the next flag too
        if tag.split() != [tag] or tag.startswith("--"):
            raise UsageError(
                "--reasoning-tags takes two words without white space",
                "for example --reasoning-tags '<think>' '</think>'",
            )
    return " ".join(reasoning_tags(" ".join(tags)))
