"""Files of every kind on the disk: what can be attached, and a sentence for all else."""

from __future__ import annotations

import os
import socket
import sys
import zlib
from pathlib import Path

import pytest

from localr1.chat.messages import FilePart
from localr1.errors import AttachmentMissing, AttachmentRefused
from localr1.session import attached_file, pdf_text
from localr1.session.attached_file import TEXT_LIMIT_BYTES, AttachedFile, read_attachment

posix = pytest.mark.skipif(sys.platform == "win32", reason="names and kinds that only POSIX has")


def write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(AttachmentRefused) as caught:
        read_attachment(path)
    return caught.value.message


def test_a_text_is_read_with_its_size(tmp_path: Path) -> None:
    path = write(tmp_path, "naïve file.py", "print('ä')\r\n".encode())
    assert read_attachment(path) == AttachedFile(FilePart("naïve file.py", "print('ä')\n"), 13)
    latin = read_attachment(write(tmp_path, "old.txt", "Grüße".encode("latin-1")))
    assert (latin.part.text, latin.remark) == ("Grüße", "not UTF-8, read as Latin-1")


def test_the_limit_is_exact(tmp_path: Path) -> None:
    fits = write(tmp_path, "fits.txt", b"x" * TEXT_LIMIT_BYTES)
    assert len(read_attachment(fits).part.text) == TEXT_LIMIT_BYTES
    more = write(tmp_path, "more.txt", b"x" * (TEXT_LIMIT_BYTES + 1))
    assert refusal(more) == "more.txt has 2.0 MB; at most 2.0 MB can be attached"


def test_what_is_no_text_is_refused_in_words(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"{tmp_path.name} is a folder"
    assert (
        refusal(write(tmp_path, "a.png", b"\x89PNG\r\n\x1a\n\x00\x00")) == "a.png is no text file"
    )
    assert refusal(write(tmp_path, "e.txt", b" \n")) == "e.txt is empty"
    with pytest.raises(AttachmentMissing, match=r"gone\.txt does not exist"):
        read_attachment(tmp_path / "gone.txt")
    assert "name is invalid" in refusal(tmp_path / "nul\x00.txt")


@posix
def test_pipes_devices_sockets_and_circles_are_never_opened(tmp_path: Path) -> None:
    # Opening the pipe would wait for ever, and this test with it
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "pipe") == "pipe is a named pipe, not a file"
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    assert refusal(tmp_path / "link") == "link is a named pipe, not a file"
    assert refusal(Path("/dev/zero")) == "zero is a device, not a file"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        assert refusal(tmp_path / "s") == "s is a socket, not a file"
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    assert refusal(tmp_path / "one").startswith("one cannot be read: Too many levels")


@posix
def test_a_pipe_that_takes_the_place_of_a_file_does_not_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    seen = write(tmp_path, "file", b"x").stat()
    monkeypatch.setattr(Path, "stat", lambda self, **_: seen)
    assert refusal(tmp_path / "pipe") == "pipe is a named pipe, not a file"


@posix
def test_a_sparse_file_is_refused_by_its_size(tmp_path: Path) -> None:
    path = write(tmp_path, "huge.txt", b"begin")
    os.truncate(path, 10_000_000_000)
    assert refusal(path) == "huge.txt has 10.0 GB; at most 2.0 MB can be attached"


@posix
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
def test_a_file_whose_size_is_unknown_is_read_up_to_the_limit() -> None:
    assert "VmRSS" in read_attachment(Path("/proc/self/status")).part.text


def test_a_file_that_changes_while_it_is_read_is_said_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, "log.txt", b"one\n")
    original = pdf_text.is_pdf

    def and_append(head: bytes) -> bool:
        with path.open("ab") as file:
            file.write(b"two\n")
        return original(head)

    monkeypatch.setattr(attached_file, "is_pdf", and_append)
    read = read_attachment(path)
    assert read.part.text.startswith("one\n")
    assert read.remark == "it changed while it was read"


@posix
def test_hostile_names_are_cleaned(tmp_path: Path) -> None:
    path = write(tmp_path, "a\x1b[2J\nb\u202e.txt", b"x")
    assert read_attachment(path).part.name == "a␛[2J b.txt"
    undecodable = tmp_path / os.fsdecode(b"\xff\xfe.txt")
    undecodable.write_bytes(b"x")
    assert read_attachment(undecodable).part.name == "\ufffd\ufffd.txt"


# ---- PDF -----------------------------------------------------------------------------------


def pdf(content: bytes, *, extra: bytes = b"", stream_of: bytes | None = None) -> bytes:
    """A PDF of one page that draws this content."""
    stream = stream_of if stream_of is not None else b""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d %s>>\nstream\n%s\nendstream"
        % (len(stream or content), extra, stream or content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(out)
    return out + b"xref\n0 6\n0000000000 65535 f \n" + table + trailer


def test_the_text_of_a_pdf(tmp_path: Path) -> None:
    drawn = pdf(b"BT /F1 12 Tf 20 200 Td (Hello from a page) Tj ET")
    read = read_attachment(write(tmp_path, "paper.pdf", drawn))
    assert read.part.text == "Hello from a page"
    assert read.remark == "text of 1 page"
    assert read.size_bytes == len(drawn)


def test_pdfs_without_text_or_damaged_say_so(tmp_path: Path) -> None:
    scanned = write(tmp_path, "scan.pdf", pdf(b"0 0 100 100 re f"))
    assert refusal(scanned) == "scan.pdf has no text; it may be scanned pictures"
    damaged = write(tmp_path, "bad.pdf", b"%PDF-1.4\n" + b"garbage " * 100)
    assert refusal(damaged).startswith("bad.pdf is damaged")


def test_an_encrypted_pdf_says_so(tmp_path: Path) -> None:
    from io import BytesIO

    from pypdf import PdfReader, PdfWriter

    for password, algorithm, words in (
        ("secret", "RC4-128", "is encrypted and needs a password"),
        ("", "RC4-128", ""),
    ):
        writer = PdfWriter()
        drawn = pdf(b"BT /F1 12 Tf 20 200 Td (Hello) Tj ET")
        writer.append(PdfReader(BytesIO(drawn)))
        writer.encrypt(password, "owner", algorithm=algorithm)
        path = tmp_path / "locked.pdf"
        writer.write(path)
        if words:
            assert refusal(path) == f"locked.pdf {words}"
        else:
            assert read_attachment(path).part.text == "Hello"


@posix
def test_a_pdf_that_swells_is_stopped_by_the_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = zlib.compress(b"BT /F1 12 Tf (x) Tj ET " * 4_000_000, 9)
    path = write(tmp_path, "bomb.pdf", pdf(b"", extra=b"/Filter /FlateDecode ", stream_of=bomb))
    monkeypatch.setattr(pdf_text, "TIME_LIMIT_SECONDS", 5)
    sentence = refusal(path)
    assert sentence.startswith("bomb.pdf")
    assert any(word in sentence for word in ("damaged", "too much", "too long"))
