"""Pictures written out by hand, with a planted word in every kind of note they can carry."""

from __future__ import annotations

import struct
import zlib

PLANT = "canary-heliotrope-brass"
"""How every planted word begins, so that one search finds any of them."""

CANARY = f"{PLANT}-exif".encode()
# A grey JPEG of 8 x 8 points, written out by hand: tables, frame, one scan.
JPEG_BODY = b"".join(
    [
        b"\xff\xdb\x00\x43\x00" + b"\x01" * 64,
        b"\xff\xc0\x00\x0b\x08\x00\x08\x00\x08\x01\x01\x11\x00",
        b"\xff\xc4\x00\x14\x00\x01" + bytes(16),
        b"\xff\xc4\x00\x14\x10\x01" + bytes(16),
        b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\xd2\xcf\x20",
    ]
)


def segment(marker: int, content: bytes) -> bytes:
    """Write one segment of a JPEG."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def exif(orientation: int) -> bytes:
    """Write EXIF with an orientation and a note behind it."""
    tiff = b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0) + bytes(4) + CANARY
    return segment(0xE1, b"Exif\0\0" + tiff)


def jpeg(orientation: int) -> bytes:
    """Write a JPEG with every kind of note, and a second picture and a note behind its end."""
    notes = (
        exif(orientation) + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + CANARY) + segment(0xED, CANARY)
    )
    notes += segment(0xE2, b"MPF\0" + CANARY) + segment(0xFE, CANARY)
    return (
        b"\xff\xd8"
        + segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")
        + notes
        + JPEG_BODY
        + b"\xff\xd9"
        + CANARY
    )


def chunk(name: bytes, content: bytes) -> bytes:
    """Write one chunk of a PNG."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png() -> bytes:
    """Write a PNG of one point with notes in all its kinds of chunks."""
    notes = (
        chunk(b"tEXt", b"Author\0" + CANARY)
        + chunk(b"eXIf", CANARY)
        + chunk(b"tIME", b"\x07\xe1\x09\x16\x03\x04\x05")
    )
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(b"\0\x80"))
    return b"\x89PNG\r\n\x1a\n" + head + notes + body + chunk(b"IEND", b"") + CANARY


def webp() -> bytes:
    """Write the container of a WebP with EXIF and XMP; nobody decodes what is in it here."""

    def part(name: bytes, content: bytes) -> bytes:
        return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)

    body = (
        part(b"VP8X", b"\x2c" + bytes(9))
        + part(b"VP8 ", b"picture!")
        + part(b"EXIF", CANARY)
        + part(b"XMP ", CANARY)
    )
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body
