"""Every error has its place in the drawn tree and an exit code of its kind."""

from __future__ import annotations

import pytest

from localr1 import errors
from localr1.errors import ExitCode, Localr1Error


def subclasses(root: type[Localr1Error]) -> list[type[Localr1Error]]:
    """Those of errors.py, however deep; other modules may refine one for their own use."""
    own = [each for each in root.__subclasses__() if each.__module__ == errors.__name__]
    return [each for child in own for each in (child, *subclasses(child))]


EXIT_CODES = {
    "UsageError": 2,
    "AttachmentRefused": 2,
    "AttachmentMissing": 3,
    "ModelNotFound": 3,
    "ConversationNotFound": 3,
    "OutputFailed": 7,
    "ModelRefused": 4,
    "ImportRefused": 4,
    "EngineError": 5,
    "EngineMissing": 5,
    "LoadFailed": 5,
    "EngineStopped": 5,
    "DoesNotFit": 6,
    "NetworkError": 8,
    "AccessRefused": 8,
    "Offline": 9,
    "StorageError": 7,
    "OutputClosed": 141,
}


def test_every_error_has_the_documented_exit_code() -> None:
    assert {each.__name__: each.exit_code.value for each in subclasses(Localr1Error)} == EXIT_CODES
    assert Localr1Error.exit_code is ExitCode.UNEXPECTED


def test_exit_codes_are_distinct_and_fit_a_process() -> None:
    values = [code.value for code in ExitCode]
    assert len(set(values)) == len(ExitCode.__members__)
    assert min(values) == 0
    assert max(values) < 256


def test_the_drawn_tree_is_the_real_one() -> None:
    drawn: dict[str, str] = {}
    parents = ["Localr1Error"]
    for line in (errors.__doc__ or "").splitlines():
        before, branch, after = line.partition("── ")
        if branch:
            depth = before.count("│") + 1
            name = after.split()[0]
            parents[depth:] = [name]
            drawn[name] = parents[depth - 1]
    real = {each.__name__: each.__mro__[1].__name__ for each in subclasses(Localr1Error)}
    assert drawn == real


@pytest.mark.parametrize("kind", subclasses(Localr1Error), ids=lambda kind: str(kind.__name__))
def test_an_error_is_a_line_and_a_hint(kind: type[Localr1Error]) -> None:
    assert kind.__doc__ and kind.__doc__.endswith(".")
    error = kind("what happened", "what to do")
    assert str(error) == error.message == "what happened"
    assert error.hint == "what to do"
    assert kind("no hint").hint == ""
