#!/usr/bin/env python3
"""Writes the seeds of fuzz_round, by proto/round.proto and with nothing of Candor. The round is the one of fuzz_round.c."""
import hashlib
import os
import sys

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from wire import field, message  # noqa: E402

SEEDS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../seeds/round")
SEALED, ROUND, CLOSE, LIST, SET, SUBMIT, FIRST, SECOND, FILE = range(9)
GENESIS = b"\7" + bytes(31)


def sha256(content):
    return hashlib.sha256(content).digest()


def write(name, kind, content):
    os.makedirs(SEEDS, exist_ok=True)
    with open(os.path.join(SEEDS, name), "wb") as out:
        out.write(bytes([kind]) + content)


def attached(body, attachment):
    return len(body).to_bytes(2, "big") + body + attachment


def table(name, cells=2, bits=4):
    return message((1, name), (2, cells), (3, bits))


def a_round(tables, period="2026-H1", months=(312, 317), minimum=5, more=()):
    key = ec.derive_private_key(4711, ec.SECP256R1()).public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    return message((1, GENESIS), (2, b"\1" + bytes(15)), (3, period), (4, months[0]), (5, months[1]), (6, "2"),
                   *((7, t) for t in tables), (8, minimum), (9, 1000), (10, 2000), *more, (12, 1), (13, key))


fixed = a_round((table("one"), table("two")))
write("round", ROUND, fixed)
write("round-with-noise", ROUND, a_round((table("one"),), more=((11, 500),)))
write("round-of-nothing", ROUND, a_round(()))
write("round-many-cells", ROUND, a_round((table("one", 8192, 8),)))
write("round-names", ROUND, a_round((table("names", 4096, 12),), more=((11, 500),)))
write("round-four", ROUND, a_round((table("one"),), minimum=4))
write("sealed", SEALED, message((1, fixed), (2, bytes(64))))

entries = message(*((1, message((1, "member-%d" % i), (2, bytes([i]) * 32))) for i in range(5)))
write("list", LIST, b"\5" + entries)
write("list-too-short", LIST, b"\6" + entries)
head = message((1, sha256(fixed)), (2, 2001), (3, 5), (4, sha256(entries)), (5, bytes(32)), (6, 1))
write("close", CLOSE, head)
write("close-four", CLOSE, head.replace(b"\x18\x05", b"\x18\x04"))
write("set", SET, message((1, bytes(32)), (2, message((1, 1), (2, bytes(32)))), (2, message((1, 2), (2, bytes(32)))), (3, 1)))
write("set-one-twice", SET, message((1, bytes(32)), (2, message((1, 1), (2, bytes(32)))), (2, message((1, 1), (2, bytes(32)))), (3, 1)))
packed = bytes(2000)
write("submit", SUBMIT, attached(message((1, sha256(fixed)), (2, 1), (3, sha256(packed))), packed))
flags = bytes(4 * 33 + 64)
write("first", FIRST, attached(message((1, bytes(32)), (2, sha256(flags)), (3, sha256(fixed)), (4, 1)), flags))
write("second", SECOND, attached(message((1, bytes(32)), (2, bytes(32)), (3, sha256(b"")), (4, sha256(fixed)), (5, 1)), b""))
sealed = message((1, fixed), (2, bytes(64)))
closing = message((1, head), (2, bytes(64)), (3, entries))
first_answers = message((1, message((1, bytes(32)), (3, 1))), (2, bytes(64)))
write("record", FILE, message((1, b"roster"), (2, sealed), (3, closing), (4, first_answers), (5, b"contribution"), (6, b"first"),
                              (7, b"second"), (8, b"totals")))
write("cells", FILE, message((1, b"roster"), (2, sealed), (3, first_answers), (4, 1), (6, closing), (7, 1),
                             (5, message((1, "one"), (2, 0), (3, 7), (4, bytes(66)), (5, bytes(97))))))
