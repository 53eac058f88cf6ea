"""llama.cpp's C API, as far as localr1 uses it: the only package that loads the engine library.

It lives in the worker process. Everything is called through libllama's own handle: a wheel
holds several copies of each ggml library, and opening one by file name gives a second,
unused copy with its own device registry and callbacks.
"""

from localr1.engine.native.context import DECODE_ABORTED, AbortFlag, Context, Row
from localr1.engine.native.devices import add_rpc_server, devices
from localr1.engine.native.library import NativeLog, instruction_sets, load_backends
from localr1.engine.native.model import (
    Vocabulary,
    apply_builtin_template,
    load_model,
    model_numbers,
    model_text,
    quant_name,
    writes_text,
)
from localr1.engine.native.sampler import DRY_LAST_TOKENS, Sampler, forbid

__all__ = [
    "DECODE_ABORTED",
    "DRY_LAST_TOKENS",
    "AbortFlag",
    "Context",
    "NativeLog",
    "Row",
    "Sampler",
    "Vocabulary",
    "add_rpc_server",
    "apply_builtin_template",
    "devices",
    "forbid",
    "instruction_sets",
    "load_backends",
    "load_model",
    "model_numbers",
    "model_text",
    "quant_name",
    "writes_text",
]
