"""JSON laid out for the eye, by moving its tokens apart: no value is read or written anew."""

from __future__ import annotations

import re

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def indented(text: bytes) -> bytes:
    """``text`` with a member a line, two spaces for each level."""
    written: list[bytes] = []
    depth = 0
    before = b""
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token in (b"}", b"]"):
            depth -= 1
            if before not in (b"{", b"["):
                written.append(b"\n" + b"  " * depth)
        elif before in (b"{", b"[", b","):
            written.append(b"\n" + b"  " * depth)
        if token in (b"{", b"["):
            depth += 1
        written.append(b": " if token == b":" else token)
        before = token
    return b"".join(written)
