"""llama.cpp's C API, as far as localr1 uses it: the only package that loads the engine library.

It lives in the worker process. Everything is called through libllama's own handle: a wheel
holds several copies of each ggml library, and opening one by file name gives a second,
unused copy with its own device registry and callbacks.
"""

from localr1.engine.native.context import DECODE_ABORTED, AbortFlag, Context, Row, can_cut
from localr1.engine.native.devices import add_rpc_server, devices
from localr1.engine.native.library import (
    NativeLog,
    engine_version,
    instruction_sets,
    load_backends,
)
from localr1.engine.native.likeliest import Guess, Likeliest
from localr1.engine.native.model import (
    Vocabulary,
    apply_builtin_template,
    free_model,
    load_model,
    model_numbers,
    model_text,
    quant_name,
    writes_text,
)
from localr1.engine.native.sampler import Sampler
from localr1.hardware.estimate import MOST_ROWS, MOST_SAMPLES

__all__ = [
    "DECODE_ABORTED",
    "MOST_ROWS",
    "MOST_SAMPLES",
    "AbortFlag",
    "Context",
    "Guess",
    "Likeliest",
    "NativeLog",
    "Row",
    "Sampler",
    "Vocabulary",
    "add_rpc_server",
    "apply_builtin_template",
    "can_cut",
    "devices",
    "engine_version",
    "free_model",
    "instruction_sets",
    "load_backends",
    "load_model",
    "model_numbers",
    "model_text",
    "quant_name",
    "writes_text",
]
