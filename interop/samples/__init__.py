"""A picture, a voice and a video for the checks; all of them are made by us."""

import io
import math
import pathlib
import struct
import wave
import zlib

# Two seconds of a test pattern, VP9: every Chromium plays it.
VIDEO = pathlib.Path(__file__).with_name("clip.mp4").read_bytes()


def picture(width, height, colour):
    """A PNG that gets darker downwards."""

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    rows = b"".join(b"\0" + bytes(c * (height - y) // height for c in colour) * width for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def voice(seconds):
    """A WAV with a tone."""
    content = io.BytesIO()
    with wave.open(content, "wb") as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(24000)
        w.writeframes(b"".join(struct.pack("<h", int(8000 * math.sin(i / 9))) for i in range(24000 * seconds)))
    return content.getvalue()
