"""What a person may choose, from flags, the environment and a file, and where each came from."""

# Annotations are read at every start, so they are not kept as text to be evaluated then.

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin

from localr1 import toml_file
from localr1.errors import UsageError
from localr1.terminal_text import clean_line

Origin = Literal["flag", "environment", "model's settings", "settings file", "automatic"]

VARIABLE_PREFIX = "LOCALR1_"
_MODELS, _KEYS = "models", "keys"
_OF_NO_MODEL = (
    *("model", "reasoning", "offline", "save_history", "collapse_thinking"),
    *("theme", "plain", "notify", "reduced_motion"),
)
"""Needed before the model's file is read, or without one."""
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


class About(NamedTuple):
    """What is said of a setting, and the range of a number; of a text, how many characters."""

    sentence: str
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that can be set; None leaves the choice to localr1."""

    model: Annotated[
        str | None, About("Model that the chat opens with: the path of a GGUF file, or demo.")
    ] = None
    n_ctx: Annotated[int | None, About("Context window in tokens.", 256, 1 << 24)] = None
    n_gpu_layers: Annotated[
        int | None, About("Layers placed on a GPU; -1 means all of them.", -1, 10_000)
    ] = None
    threads: Annotated[
        int | None, About("CPU threads that generate and process prompts.", 1, 512)
    ] = None
    batch: Annotated[
        int | None, About("Prompt tokens handed to the engine at once.", 1, 65_536)
    ] = None
    ubatch: Annotated[
        int | None, About("Prompt tokens processed at once; at most the batch.", 1, 65_536)
    ] = None
    type_k: Annotated[
        Literal["f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl"] | None,
        About("Type of the K cache; smaller types save memory."),
    ] = None
    type_v: Annotated[
        Literal["f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl"] | None,
        About("Type of the V cache; a quantized one needs flash attention."),
    ] = None
    flash_attn: Annotated[
        Literal["auto", "on", "off"] | None,
        About("Flash attention; auto lets the engine use it where the device supports it."),
    ] = None
    mmap: Annotated[
        bool | None, About("Map the model file into memory, or read it as a whole.")
    ] = None
    mlock: Annotated[bool | None, About("Keep the weights in memory, whatever else wants it.")] = (
        None
    )
    memory_check: Annotated[
        bool, About("Refuse a model that does not fit into memory, before it is loaded.")
    ] = True
    rpc: Annotated[
        str | None,
        About("Computers that run llama.cpp's rpc-server, as HOST:PORT[,HOST:PORT...]."),
    ] = None
    temperature: Annotated[
        float | None, About("How freely the next token is drawn; 0 takes the likeliest.", 0, 5)
    ] = None
    top_p: Annotated[
        float | None, About("Draw from the likeliest tokens up to this share of all.", 0, 1)
    ] = None
    top_k: Annotated[
        int | None, About("Draw from this many of the likeliest tokens; 0 means all.", 0, 1_000_000)
    ] = None
    min_p: Annotated[
        float | None,
        About("Never draw a token whose share is below this part of the likeliest's.", 0, 1),
    ] = None
    seed: Annotated[
        int | None,
        About("The same seed on the same prompt gives the same text.", 0, (1 << 32) - 2),
    ] = None
    max_tokens: Annotated[
        int | None, About("Limit on reasoning and answer together, in tokens.", 1, 1 << 24)
    ] = None
    system: Annotated[
        str | None, About("System prompt; R1 distills get it in front of the first question.")
    ] = None
    reasoning: Annotated[
        Literal["show", "hide", "only"] | None,
        About("Whether the reasoning is shown, hidden, or shown without the answer."),
    ] = None
    reasoning_budget: Annotated[
        int | None, About("Most tokens of reasoning; 0 means no thinking.", 0, 1 << 24)
    ] = None
    reasoning_seconds: Annotated[
        float | None, About("Most seconds of reasoning; 0 means no thinking.", 0, 86_400)
    ] = None
    effort: Annotated[
        Literal["low", "medium", "high", "unlimited"] | None,
        About("A limit of reasoning by name: 512, 2,048 or 8,192 tokens, or none."),
    ] = None
    closing_sentence: Annotated[
        str | None,
        # far more than a sentence; it is read at each cut and takes of the window
        About("Written at the end of a thought that is cut off; may be empty.", 0, 1_000),
    ] = None
    reasoning_tags: Annotated[
        str | None,
        # the tags of models have 7 to 20 characters
        About("What opens and closes a reasoning block, as `<think> </think>`.", 0, 200),
    ] = None
    force_thinking: Annotated[
        bool, About("Open a reasoning block where the model's template does not.")
    ] = False
    read_ahead: Annotated[
        bool | None,
        About("Read what the next prompt will share while you read the answer."),
    ] = None
    parked_memory_mib: Annotated[
        int | None,
        About("Memory for other conversations in the engine, in MiB; 0 keeps none.", 0, 1 << 24),
    ] = None
    state_disk_gib: Annotated[
        float,
        About("Disk for what the engine holds of conversations, in GiB; 0 keeps none.", 0, 1 << 20),
    ] = 8.0
    speculate: Annotated[
        Literal["auto", "off", "lookup", "draft"] | None,
        About("Guess ahead: from the conversation's own text, or with a small model."),
    ] = None
    draft: Annotated[
        str | None, About("GGUF file of a small model that guesses ahead for a large one.")
    ] = None
    offline: Annotated[bool, About("Never use the network: what needs it refuses.")] = False
    save_history: Annotated[bool, About("Keep conversations on disk.")] = True
    theme: Annotated[str | None, About("Colours of the chat: the name of a theme.")] = None
    collapse_thinking: Annotated[bool, About("Fold the thinking when the answer starts.")] = True
    plain: Annotated[bool | None, About("Chat line by line, in words, for screen readers.")] = None
    notify: Annotated[
        Literal["auto", "bell", "off"] | None,
        About(
            "How the end of a long reply is told while you are elsewhere; auto can be a message."
        ),
    ] = None
    reduced_motion: Annotated[
        bool | None, About("No animation, a cursor that does not blink, slow counters.")
    ] = None

    origins: Mapping[str, Origin] = field(default_factory=dict)
    """Where each value that was given came from, by name."""
    models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Values of single models, by the model's name in lower case."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Keys of the chat that differ from the usual ones, by action; the interface checks them."""

    def for_model(self, *names: str) -> "Settings":
        """These settings with those that the file gives for one model.

        Args:
            names: what the model may be called; its own table goes before the file's other
                values, and flags and the environment before it.
        """
        wanted = {name.lower() for name in names}
        given = {
            key: value
            for model, table in self.models.items()
            if model in wanted
            for key, value in table.items()
            if self.origin(key) in ("settings file", "automatic")
        }
        origins: dict[str, Origin] = {**self.origins, **dict.fromkeys(given, "model's settings")}
        return replace(self, **given, origins=origins)

    def origin(self, name: str) -> Origin:
        """Where the value of a setting came from."""
        return self.origins.get(name, "automatic")


class SettingReference(NamedTuple):
    """A row of the table in docs/cli.md."""

    name: str
    variable: str
    values: str
    sentence: str


class Rule(NamedTuple):
    """What values a setting takes."""

    kind: type
    """str, int, float or bool."""
    choices: tuple[str, ...]
    """Of a text that is one of a few; empty where anything of the kind can be used."""
    about: About
    default: Any
    """What holds where nothing is given."""


def _rules() -> dict[str, Rule]:
    return {
        each.name: _rule(each.type, each.default)
        for each in fields(Settings)
        if each.name not in ("origins", _MODELS, _KEYS)
    }


def _rule(hint: Any, default: Any) -> Rule:
    kind, about = get_args(hint)
    plain = next((part for part in get_args(kind) if part is not type(None)), kind)
    if get_origin(plain) is Literal:
        return Rule(str, get_args(plain), about, default)
    return Rule(plain, (), about, default)


RULES: Mapping[str, Rule] = _rules()
"""Of every setting, by name."""


def load_settings(
    flags: Mapping[str, object],
    environment: Mapping[str, str] = os.environ,
    file: Path | None = None,
    text: str | None = None,
) -> Settings:
    """The settings; a flag goes before the environment, and that before the file.

    A flag that is None and a variable that is empty were not given.

    Args:
        flags: values by the names of settings.
        environment: variables.
        file: settings.toml, which may be missing.
        text: of the file, where it was read already.

    Raises:
        UsageError: a value that cannot be used, a file that cannot be read, a setting in it
            that does not exist; the line names the place.
    """
    values: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    table = _table(file, text) if file else {}
    models = _of_models(table.pop(_MODELS, {}), file) if file else {}
    keys = _of_keys(table.pop(_KEYS, {}), file) if file else {}
    for origin, given in (
        ("settings file", _from_table(table, file) if file else ()),
        ("environment", _from_environment(environment)),
        ("flag", _from_flags(flags)),
    ):
        for name, value in given:
            values[name] = value
            origins[name] = origin  # type: ignore[assignment]  # one of the three words above
    return Settings(**values, origins=origins, models=models, keys=keys)


def settings_now(
    settings: Settings, file: Path, environment: Mapping[str, str] = os.environ
) -> Settings:
    """These settings with what file and environment say by now; what flags gave stays.

    Raises:
        UsageError: as for `load_settings`.
    """
    read = load_settings({}, environment, file)
    flags = {name: getattr(settings, name) for name in RULES if settings.origin(name) == "flag"}
    origins: dict[str, Origin] = {**read.origins, **dict.fromkeys(flags, "flag")}
    return replace(read, **flags, origins=origins)


def settings_reference() -> list[SettingReference]:
    """Every setting with its variable, its values and what it does; docs/cli.md shows it."""
    return [
        SettingReference(name, variable(name), expected_values(rule), rule.about.sentence)
        for name, rule in RULES.items()
    ]


Given = Iterator[tuple[str, Any]]


def _from_flags(flags: Mapping[str, object]) -> Given:
    for name, value in flags.items():
        if value is not None:
            yield name, checked(name, value, "on the command line")


def _from_environment(environment: Mapping[str, str]) -> Given:
    for name, rule in RULES.items():
        text = environment.get(variable(name), "")
        if text:
            yield name, checked(name, typed(rule, text), f"in {variable(name)}")


def _from_table(table: Mapping[str, Any], path: Path) -> Given:
    for name, value in table.items():
        if name not in RULES:
            raise _unknown(name, path)
        yield name, checked(name, value, f"in {path}")


def _of_models(tables: object, path: Path) -> dict[str, dict[str, Any]]:
    """The tables `[models."NAME"]`, each with any of the settings but `_OF_NO_MODEL`."""
    fault = UsageError(
        f"{_MODELS} in {path} must be tables", 'write [models."NAME"], then a setting on each line'
    )
    if not isinstance(tables, dict) or not all(isinstance(each, dict) for each in tables.values()):
        raise fault
    for name in (name for table in tables.values() for name in _OF_NO_MODEL if name in table):
        raise UsageError(f"{name} in {path} is not a model's", "write it above all [models] tables")
    return {name.lower(): dict(_from_table(table, path)) for name, table in tables.items()}


def _of_keys(table: object, path: Path) -> dict[str, str]:
    """The table `[keys]`: each line an action and its keys, as text."""
    if isinstance(table, dict) and all(isinstance(keys, str) for keys in table.values()):
        return table
    raise UsageError(
        f"{_KEYS} in {path} must be a table of texts",
        'write [keys], then lines like copy_answer = "f7"; "" takes a key away',
    )


def _table(path: Path, text: str | None) -> dict[str, Any]:
    return toml_file.parse(toml_file.read_text(path) if text is None else text, path)


def check_settings_text(text: str, path: Path) -> dict[str, Any]:
    """What the text of a settings file says, every value in it checked.

    Args:
        text: TOML.
        path: named where something is wrong.

    Raises:
        UsageError: it is no TOML, or has a setting or a value that cannot be used.
    """
    load_settings({}, {}, path, text)
    return toml_file.parse(text, path)


def _unknown(name: str, path: Path) -> UsageError:
    import difflib

    near = difflib.get_close_matches(name.lower().replace("-", "_"), RULES, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(RULES)}"
    return UsageError(f"unknown setting {clean_line(name, 60)} in {path}", hint)


def typed(rule: Rule, text: str) -> object:
    """What a person wrote as the type it should have; left as text where it cannot be that."""
    text = text if rule.kind is str and not rule.choices else text.strip()
    if rule.kind is bool:
        return {**dict.fromkeys(_TRUE, True), **dict.fromkeys(_FALSE, False)}.get(
            text.lower(), text
        )
    try:
        return rule.kind(text)
    except ValueError:
        return text


def checked(name: str, value: object, place: str) -> Any:
    """The value of a setting as it is kept.

    Args:
        name: of the setting.
        value: as TOML or `typed` has it.
        place: where it was given, for the error: "in settings.toml".

    Raises:
        UsageError: it cannot be used.
    """
    rule = RULES[name]
    wrong = fault(rule, value)
    if wrong:
        shown = clean_line(str(value).lower() if isinstance(value, bool) else str(value), 60)
        raise UsageError(f"{name} = {shown} {place}: must be {wrong}", rule.about.sentence)
    return float(value) if rule.kind is float and isinstance(value, int) else value


def fault(rule: Rule, value: object) -> str | None:
    """What the value must be and is not; None when it can be used."""
    # bool is a kind of int to Python, but `threads = true` is a mistake.
    kinds = (int, float) if rule.kind is float else (rule.kind,)
    if type(value) not in kinds or (rule.choices and value not in rule.choices):
        return expected_values(rule)
    if isinstance(value, str):
        return _text_fault(rule, value)
    return _range_fault(rule, value) if isinstance(value, (int, float)) else None


def _text_fault(rule: Rule, text: str) -> str | None:
    if "\0" in text:
        return "text without NUL characters"
    at_most = rule.about.at_most
    return expected_values(rule) if at_most is not None and len(text) > at_most else None


def _range_fault(rule: Rule, number: float) -> str | None:
    _, at_least, at_most = rule.about
    if at_least is None or at_most is None:
        return None
    if isinstance(number, float) and math.isnan(number):
        return expected_values(rule)
    if number < at_least:
        return f"at least {at_least:,}"
    return f"at most {at_most:,}" if number > at_most else None


def expected_values(rule: Rule) -> str:
    """What can be given, in words."""
    if rule.choices:
        return f"one of {', '.join(rule.choices)}"
    kind = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}[rule.kind]
    _, at_least, at_most = rule.about
    if rule.kind is str:
        return kind if at_most is None else f"{kind} of at most {at_most:,} characters"
    return kind if at_least is None else f"{kind} from {at_least:,} to {at_most:,}"


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return VARIABLE_PREFIX + name.upper()
