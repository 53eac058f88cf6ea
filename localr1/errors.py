"""Every error that localr1 raises on purpose, and the exit code each one ends with.

    Localr1Error
    ├── UsageError            a flag, setting or value that cannot be used
    │   ├── AttachmentRefused      a file that cannot be attached to a question
    │   └── AttachmentMissing      no file where its path points
    ├── ModelNotFound         no model where the reference points
    ├── ModelRefused          the file is not a model that can be run, with the reason
    ├── ImportRefused         the file holds no conversations that can be taken, with the reason
    ├── EngineError           the engine could not do its work
    │   ├── EngineMissing     the engine library is not installed or does not load
    │   ├── LoadFailed        the engine refused the file or its settings
    │   └── EngineStopped     the worker process ended or stopped answering
    ├── DoesNotFit            memory or context window is too small for what was asked
    ├── NetworkError          the hub could not be reached, or a connection was lost for good
    │   └── AccessRefused     the hub wants a token, or does not take the one it got
    ├── Offline               the network was needed, and a person wants localr1 to stay offline
    ├── StorageError          a file or the history could not be read or written
    │   ├── ConversationNotFound   no conversation with that id
    │   └── OutputFailed           standard output could not be written
    └── OutputClosed          the reader of standard output went away

Each carries one line that says what happened and, where there is one, a hint that says what
to do next. Nothing else reaches a user: unexpected errors are turned into one line as well.
"""

from __future__ import annotations

import enum


class ExitCode(enum.IntEnum):
    """What the process tells its caller; written down in docs/cli.md."""

    OK = 0
    UNEXPECTED = 1
    """A fault of localr1's own."""
    USAGE = 2
    """A flag, setting or value that cannot be used (click uses the same number)."""
    NOT_FOUND = 3
    """The model, conversation or file named does not exist."""
    REFUSED = 4
    """The file is damaged, or is not a model that can be run or an export that can be taken."""
    ENGINE = 5
    """The engine failed, crashed or was killed."""
    DOES_NOT_FIT = 6
    """Memory or the context window is too small."""
    STORAGE = 7
    """Settings, history or another file could not be read or written."""
    NETWORK = 8
    """The hub could not be reached, refused, or the connection was lost for good."""
    OFFLINE = 9
    """The network was needed, and a flag, the environment or a setting forbids it."""
    INTERRUPTED = 130
    """Ctrl-C (128 + SIGINT)."""
    OUTPUT_CLOSED = 141
    """The reader of standard output went away (128 + SIGPIPE)."""


class Localr1Error(Exception):
    """Root of all expected errors: a line for the user and a hint what to do next."""

    exit_code: ExitCode = ExitCode.UNEXPECTED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(Localr1Error):
    """A flag, setting or value that cannot be used."""

    exit_code = ExitCode.USAGE


class AttachmentRefused(UsageError):
    """A file that cannot be attached to a question: no text, too large, or not readable."""


class AttachmentMissing(UsageError):
    """No file where the path of an attachment points."""

    exit_code = ExitCode.NOT_FOUND


class ModelNotFound(Localr1Error):
    """No model where the reference points."""

    exit_code = ExitCode.NOT_FOUND


class ModelRefused(Localr1Error):
    """The file is damaged or is not a model that can be run."""

    exit_code = ExitCode.REFUSED


class ImportRefused(Localr1Error):
    """The file is damaged or holds no conversations that can be taken."""

    exit_code = ExitCode.REFUSED


class EngineError(Localr1Error):
    """The engine could not do its work."""

    exit_code = ExitCode.ENGINE


class EngineMissing(EngineError):
    """The engine library is not installed or does not load."""


class LoadFailed(EngineError):
    """The engine refused the file or its settings."""


class EngineStopped(EngineError):
    """The worker process ended or stopped answering."""


class DoesNotFit(Localr1Error):
    """Memory or the context window is too small for what was asked."""

    exit_code = ExitCode.DOES_NOT_FIT


class NetworkError(Localr1Error):
    """The hub could not be reached, or a connection was lost for good."""

    exit_code = ExitCode.NETWORK


class AccessRefused(NetworkError):
    """The hub wants a token, or does not take the one it got."""


class Offline(Localr1Error):
    """The network was needed, and a person wants localr1 to stay offline."""

    exit_code = ExitCode.OFFLINE


class StorageError(Localr1Error):
    """A file or the history could not be read or written."""

    exit_code = ExitCode.STORAGE


class ConversationNotFound(StorageError):
    """No conversation, or more than one, has an id that begins as asked."""

    exit_code = ExitCode.NOT_FOUND


class OutputFailed(StorageError):
    """Standard output could not be written, as on a full disk."""


class OutputClosed(Localr1Error):
    """The reader of standard output went away."""

    exit_code = ExitCode.OUTPUT_CLOSED
