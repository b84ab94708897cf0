#!/usr/bin/env python3
"""Writes the kept statements among the seeds of fuzz_wire, from the statements there: KeptStatement and Letter in proto/letter.proto."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from wire import field  # noqa: E402

SEEDS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../seeds/wire")


def letter(content, number=14):
    return (field(1, bytes(16)) + field(2, b"\1" + bytes(15)) + field(3, "green-valley") + field(4, "blue-harbour") +
            field(5, 1763700000) + field(number, content))


def kept(body, *more):
    return b"\2" + field(1, body) + field(2, bytes(64)) + b"".join(more)


def write(name, data):
    with open(os.path.join(SEEDS, name), "wb") as file:
        file.write(data)


for name in ("disclosed", "nothing-found"):
    with open(os.path.join(SEEDS, name), "rb") as file:
        write("kept-" + name, kept(letter(file.read()[1:]), field(3, b"\4" + bytes(64))))
write("kept-without-key", kept(letter(field(1, "withdrawn"), 15)))
write("kept-no-letter", kept(b"letter"))
