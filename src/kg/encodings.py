"""How the bytes of an answer are compressed on their way: gzip, and Zstandard.

RFC 1952 (https://www.rfc-editor.org/rfc/rfc1952) and RFC 8878
(https://www.rfc-editor.org/rfc/rfc8878), by the names that HTTP has for them.
"""

from __future__ import annotations

import itertools
import sys
import zlib
from functools import partial
from typing import IO, TYPE_CHECKING, Final, cast

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable

ENCODINGS: Final = ("zstd", "gzip")
"""The names, the preferred one first."""
BROKEN: Final = (zstd.ZstdError, EOFError)
"""What reading a damaged file of Zstandard raises."""
_GZIP_WINDOW: Final = 31
_GZIP_LEVEL: Final = 5
_PIECE: Final = 65_536
_MOST_MEMBERS: Final = 100


class Encoder:
    """Compresses what comes in pieces; no more than 64 KB of them is ever held back."""

    def __init__(self, name: str) -> None:
        self._compress: Callable[[bytes], bytes]
        self._between: Callable[[], bytes]
        self._last: Callable[[], bytes]
        if name == "gzip":
            to_gzip = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
            self._compress, self._last = to_gzip.compress, to_gzip.flush
            self._between = partial(to_gzip.flush, zlib.Z_SYNC_FLUSH)
        else:
            to_zstd = zstd.ZstdCompressor()
            self._compress, self._last = to_zstd.compress, to_zstd.flush
            self._between = partial(to_zstd.flush, to_zstd.FLUSH_BLOCK)
        self._held = _PIECE

    def encode(self, piece: bytes) -> bytes:
        """What can be sent once one more piece is there; of the first one all."""
        encoded = self._compress(piece)
        self._held += len(piece)
        if self._held >= _PIECE:
            self._held = 0
            encoded += self._between()
        return encoded

    def end(self) -> bytes:
        """What is left to be sent."""
        return self._last()


def decoded(body: bytes, name: str, most: int) -> bytes:
    """What a compressed body holds.

    Raises ``ValueError`` if it is damaged or cut or has too many members, ``OverflowError`` beyond
    ``most`` bytes.
    """
    found = bytearray()
    for number in itertools.count():
        if not body:
            break
        if number == _MOST_MEMBERS:
            raise ValueError(f"it has more than {_MOST_MEMBERS} members")
        try:
            if name == "gzip":
                from_gzip = zlib.decompressobj(_GZIP_WINDOW)
                found += from_gzip.decompress(body, most + 1 - len(found))
                is_whole, body = from_gzip.eof, from_gzip.unused_data
            else:
                from_zstd = zstd.ZstdDecompressor()
                found += from_zstd.decompress(body, most + 1 - len(found))
                is_whole, body = from_zstd.eof, from_zstd.unused_data
        except (zlib.error, zstd.ZstdError) as error:
            raise ValueError(str(error)) from None
        if len(found) > most:
            raise OverflowError
        if not is_whole:
            raise ValueError("it ends too early")
    return bytes(found)


def encoded(body: bytes, name: str) -> bytes:
    """A whole body, compressed."""
    encoder = Encoder(name)
    return encoder.encode(body) + encoder.end()


def compressed(out: IO[bytes]) -> IO[bytes]:
    """A file that is written to ``out`` as Zstandard, with a checksum at its end."""
    options: dict[int, int] = {zstd.CompressionParameter.checksum_flag: 1}
    return cast("IO[bytes]", zstd.open(out, "wb", options=options))


def decompressed(file: IO[bytes]) -> IO[bytes]:
    """What a file of Zstandard holds, as a file."""
    return cast("IO[bytes]", zstd.open(file, "rb"))
