#!/usr/bin/env python3
"""Writes the seeds of fuzz_keystore, by the table in keys/keystore.h."""
import hashlib
import os
import struct

SEEDS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../seeds/keystore")


def header(sealed_len, memory=65536, passes=3, lanes=4, version=1):
    return (b"candor-keystore\0" + struct.pack(">IIII", version, memory, passes, lanes) + bytes(range(16)) +
            bytes(32) + bytes(12) + struct.pack(">I", sealed_len))


def body(secrets):
    out = bytes(range(32)) + struct.pack(">H", len(secrets))
    for name, value in sorted(secrets.items()):
        out += bytes([len(name)]) + name.encode() + struct.pack(">H", len(value)) + value
    return out


def write(name, kind, data):
    with open(os.path.join(SEEDS, name), "wb") as file:
        file.write(bytes([kind]) + data)


small = header(50 + 16) + bytes(66)
write("file", 0, small + hashlib.sha256(small).digest())
write("file-damaged", 0, small + bytes(32))
write("file-small", 1, small)
write("file-version-2", 1, header(66, version=2) + bytes(66))
write("file-much-memory", 1, header(66, memory=1 << 30) + bytes(66))
write("file-short", 1, header(67) + bytes(66))
write("body-empty", 2, body({}))
write("body-two", 2, body({"signing": bytes(32), "share/1": b"\xff" * 33}))
write("body-long", 2, body({"a" * 32: b"\x5a" * 512, "b.c-d": b"x"}))
write("body-unsorted", 2, body({"a": b"x", "b": b"y"}).replace(b"\x01a", b"\x01c"))
