"""`localr1 completion SHELL`, and the answers to what a shell asks while one types.

The answers come from click; what is here makes names with a colon work in bash, and keeps every
failure silent: it would be printed into the line that a person types.
"""

from __future__ import annotations

import os

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    ShellComplete,
    add_completion_class,
    get_completion_class,
    split_arg_string,
)

from localr1.cli.main import COMPLETE_VARIABLE
from localr1.cli.output import Printer
from localr1.errors import ExitCode, UsageError

_SHELLS = ("bash", "zsh", "fish")

_BASH = """\
%(complete_func)s() {
    local IFS=$'\\n'
    local line type value

    for line in $(COMP_LINE="${COMP_LINE:0:$COMP_POINT}" COMP_WORDBREAKS="$COMP_WORDBREAKS" \\
        %(complete_var)s=bash_complete "$1" 2>/dev/null); do
        IFS=',' read -r type value <<< "$line"
        if [[ $type == 'dir' ]]; then
            compopt -o dirnames 2>/dev/null
        elif [[ $type == 'file' ]]; then
            compopt -o default 2>/dev/null
        elif [[ $type == 'plain' ]]; then
            COMPREPLY+=("$value")
        fi
    done
    return 0
}

complete -F %(complete_func)s %(prog_name)s
"""


class ColonBash(BashComplete):
    """Bash takes the line apart at colons too, so the line is taken apart here."""

    source_template = _BASH

    def source(self) -> str:
        """The script; it works in the bash of macOS too, so no version is asked for."""
        return ShellComplete.source(self)

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one that is typed, and that one."""
        # the mark tells a word that was begun from one that will be
        *words, last = split_arg_string(f"{os.environ.get('COMP_LINE', '')}\N{SUBSTITUTE}")
        return words[1:], last.rstrip("\N{SUBSTITUTE}")

    def format_completion(self, item: CompletionItem) -> str:
        """What bash puts in the place of its own last word, which begins after a colon."""
        _, typed = self.get_completion_args()
        value = item.value
        if ":" in os.environ.get("COMP_WORDBREAKS", ":") and ":" in typed:
            value = value[typed.rindex(":") + 1 :]
        return f"{item.type},{value}"


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
def completion(shell: str) -> int:
    """Print the script that lets SHELL complete commands, options and names of models.

    For bash: `localr1 completion bash > ~/.local/share/bash-completion/completions/localr1`.
    For zsh: a file `_localr1` in a folder of $fpath. For fish:
    `localr1 completion fish > ~/.config/fish/completions/localr1.fish`.
    """
    Printer().data(_of_shell(shell, click.get_current_context().find_root().command).source())
    return int(ExitCode.OK)


def complete(command: click.Command) -> int:
    """Answer a shell; whatever goes wrong, it gets nothing to show."""
    try:
        instruction = os.environ.get(COMPLETE_VARIABLE, "")
        shell, _, what = instruction.partition("_")
        asked = _of_shell(shell, command)
        # in one piece: half a list after an error would be offered as if it were whole
        text = asked.source() if what == "source" else asked.complete()
        Printer().data(f"{text}\n")
    except Exception:
        return int(ExitCode.UNEXPECTED)
    return int(ExitCode.OK)


def _of_shell(shell: str, command: click.Command) -> ShellComplete:
    add_completion_class(ColonBash, "bash")
    found = get_completion_class(shell)
    if found is None:
        raise UsageError(f"there is no completion for {shell!r}")
    return found(command, {}, "localr1", COMPLETE_VARIABLE)
