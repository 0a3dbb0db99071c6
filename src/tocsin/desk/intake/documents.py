"""The pages of a PDF as pictures, drawn in a child process that ends with them.

A document may hold programs, links, forms and what breaks a reader. Here none of it runs: a child with little time, little
memory and no file to write draws the pages, and pixels alone come back.
"""

from __future__ import annotations

import struct
import threading
import zlib
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from tocsin.desk.children import Step, answer, run_in_child
from tocsin.desk.errors import ChildEnded, JobCancelled
from tocsin.desk.hardening import take_little
from tocsin.desk.jobs import Progress

MOST_PAGES: Final = 40
"""Drawn of one document; its reader is told how many there are."""
WIDTH: Final = 1000
"""Pixels of a page; taller than four times that is cut down."""
SECONDS: Final = 30
MEMORY: Final = 2 << 30
"""Address space of the child."""
_PIECE: Final = 1 << 20


def draw_pages(content: bytes) -> tuple[int, tuple[bytes, ...]]:
    """Draw a document.

    Returns
    -------
    int
        How many pages it has; 0 where it cannot be drawn at all.
    tuple of bytes
        The first of them, as PNG.
    """
    progress = Progress(lambda _done, _total: None)
    timer = threading.Timer(SECONDS, progress.cancel)
    timer.start()
    try:
        n, pages = run_in_child(
            __spec__.name, (content[at : at + _PIECE] for at in range(0, len(content), _PIECE)), progress
        )
    except (ChildEnded, JobCancelled):
        return 0, ()
    finally:
        timer.cancel()
    return n, tuple(pages)


def _draw(pieces: Iterator[bytes], step: Step) -> tuple[int, list[bytes]]:
    import pypdfium2

    take_little(seconds=SECONDS, n_bytes=MEMORY)
    document = pypdfium2.PdfDocument(b"".join(pieces))
    pages = []
    for number in range(min(len(document), MOST_PAGES)):
        page = document[number]
        wide, high = page.get_size()
        scale = min(WIDTH / wide, 4 * WIDTH / high)
        pages.append(png(page.render(scale=scale, may_draw_forms=False, rev_byteorder=True).to_numpy()))
        step(number + 1)
    return len(document), pages


def png(pixels: np.ndarray[Any, np.dtype[np.uint8]]) -> bytes:
    """Write pixels as PNG (ISO/IEC 15948): shape (height, width, 3 or 4), 8 bits a channel; a fourth channel is dropped."""
    height, width = pixels.shape[:2]
    lines = np.zeros((height, 1 + 3 * width), dtype=np.uint8)
    lines[:, 1:] = pixels[:, :, :3].reshape(height, 3 * width)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(lines.tobytes(), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


if __name__ == "__main__":
    answer(_draw)
