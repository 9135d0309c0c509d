"""Zip files and folders opened with suspicion: nothing is unpacked to disk, no member may be outside or a bomb."""

from __future__ import annotations

import gzip
import lzma
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile
from typing import IO, Protocol

from connectors.formats.leg import Unreadable

LARGEST_FILE_BYTES = 50_000_000
MOST_MEMBERS = 200_000
LARGEST_NESTED_BYTES = 8_000_000_000
SUSPICIOUS_TOTAL_BYTES = 100_000_000
SUSPICIOUS_RATIO = 200
"""Recordings shrink to a tenth, JSON to a fiftieth; bombs to a thousandth."""

AGAIN = "Download it again."
_CHUNK = 1 << 20
_ZIP_FAILURES = (
    zipfile.BadZipFile,
    RuntimeError,
    NotImplementedError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
)


class Archive(Protocol):
    """A set of files by name, names with "/" between folders."""

    def names(self) -> list[str]: ...

    def unsafe(self) -> list[str]:
        """Names that point outside and are never opened."""
        ...

    def read(self, name: str) -> bytes:
        """A file of at most `LARGEST_FILE_BYTES`. Raises Unreadable, also where there is none."""
        ...

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """A file of any size, to be read in pieces. Raises Unreadable."""
        ...


class ZipArchive:
    """Use `opened_zip`."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._zip = archive
        members = [member for member in archive.infolist() if not member.is_dir()]
        self._safe = {member.filename: member for member in members if _is_inside(member.filename)}
        self._unsafe = [member.filename for member in members if not _is_inside(member.filename)]

    def names(self) -> list[str]:
        return [name for name in self._safe if not _is_litter(name)]

    def unsafe(self) -> list[str]:
        return self._unsafe

    def read(self, name: str) -> bytes:
        with self.open(name) as stream:
            try:
                data = stream.read(LARGEST_FILE_BYTES + 1)
            except _ZIP_FAILURES as error:
                raise Unreadable(f"it cannot be unpacked ({_why(error)})", AGAIN) from None
        return _not_too_large(data)

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        member = self._safe.get(name)
        if member is None:
            raise Unreadable("it is not in the archive", AGAIN)
        try:
            stream = self._zip.open(member)
        except _ZIP_FAILURES as error:
            raise Unreadable(f"it cannot be unpacked ({_why(error)})", AGAIN) from None
        with stream:
            yield stream


class FolderArchive:
    """An unpacked export."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        found = (
            PurePosixPath(Path(parent, file).relative_to(self._folder)).as_posix()
            for parent, _, files in os.walk(self._folder)
            for file in files
        )
        return sorted(name for name in found if not _is_litter(name))

    def unsafe(self) -> list[str]:
        return []

    def read(self, name: str) -> bytes:
        with self.open(name) as stream:
            return _not_too_large(stream.read(LARGEST_FILE_BYTES + 1))

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        if not _is_inside(name):
            raise Unreadable("its name points outside the folder", AGAIN)
        try:
            stream = (self._folder / name).open("rb")
        except OSError as error:
            raise Unreadable(f"it cannot be opened ({error.strerror})", AGAIN) from None
        with stream:
            yield stream


@contextmanager
def opened_zip(source: Path | IO[bytes]) -> Iterator[ZipArchive]:
    """A zip file, looked over before anything is read. Raises Unreadable for none, an empty one or a bomb."""
    try:
        archive = zipfile.ZipFile(source)
    except _ZIP_FAILURES as error:
        raise Unreadable(f"the zip is broken ({_why(error)})", AGAIN) from None
    with archive:
        members = archive.infolist()
        unpacked = sum(member.file_size for member in members)
        packed = sum(member.compress_size for member in members)
        if not members:
            raise Unreadable("the zip is empty", AGAIN)
        if len(members) > MOST_MEMBERS:
            raise Unreadable(
                f"the zip holds {len(members)} files", "Take the activities out and import those."
            )
        if unpacked > SUSPICIOUS_TOTAL_BYTES and unpacked > SUSPICIOUS_RATIO * packed:
            raise Unreadable(
                f"the zip would unpack to {unpacked / 1e9:.1f} GB, {unpacked // max(1, packed)} times its size",
                "This is no export. Do not open it.",
            )
        yield ZipArchive(archive)


@contextmanager
def nested_zip(archive: Archive, name: str) -> Iterator[ZipArchive]:
    """A zip inside an archive, by way of a nameless temporary file. Raises Unreadable."""
    with TemporaryFile() as copy:
        with archive.open(name) as stream:
            try:
                while chunk := stream.read(_CHUNK):
                    copy.write(chunk)
                    if copy.tell() > LARGEST_NESTED_BYTES:
                        raise Unreadable(
                            "a zip inside the zip is too large", "Unpack it and import the folder."
                        )
            except _ZIP_FAILURES as error:
                raise Unreadable(f"it cannot be unpacked ({_why(error)})", AGAIN) from None
        with opened_zip(copy) as inner:
            yield inner


def gunzipped(data: bytes) -> bytes:
    """What a .gz holds, at most `LARGEST_FILE_BYTES`. Raises Unreadable."""
    try:
        with gzip.open(BytesIO(data)) as stream:
            return _not_too_large(stream.read(LARGEST_FILE_BYTES + 1))
    except (OSError, EOFError, zlib.error):
        raise Unreadable("the gzip is broken or ends early", AGAIN) from None


def _not_too_large(data: bytes) -> bytes:
    if len(data) > LARGEST_FILE_BYTES:
        raise Unreadable(
            f"larger than {LARGEST_FILE_BYTES // 1_000_000} MB", "Split it, or import the FIT original."
        )
    return data


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return not path.is_absolute() and ".." not in path.parts and ":" not in path.parts[0]


def _is_litter(name: str) -> bool:
    """What operating systems leave behind."""
    path = PurePosixPath(name)
    return "__MACOSX" in path.parts or path.name.startswith(".")


def _why(error: Exception) -> str:
    if isinstance(error, RuntimeError) and "password" in str(error):
        return "it needs a password"
    return str(error) or type(error).__name__
