#!/usr/bin/env python3
"""Writes the seeds of fuzz_trustee_request: see the form of an input there, and EvaluateRequest in proto/exchange.proto."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from wire import field  # noqa: E402

SEEDS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../seeds/trustee_request")
AA, BB, GONE, TRUSTEE, HUB, NEW, FORGED, RAW = range(8)


def request(sequence, epoch=1, purpose="check", member="aa", count=1, points_hash=bytes(32)):
    return (field(1, member) + field(2, sequence) + field(3, epoch) + field(4, purpose) + field(5, count) +
            field(6, points_hash))


def element(sender, points, body, repair=1):
    return bytes([sender, repair, points]) + len(body).to_bytes(2, "big") + body


def write(name, *elements):
    with open(os.path.join(SEEDS, name), "wb") as file:
        file.write(b"".join(elements))


os.makedirs(SEEDS, exist_ok=True)
write("evaluate", element(AA, 1, request(1)), element(BB, 16, request(1, purpose="import")))
write("repeat", element(AA, 4, request(7)), element(AA, 4, request(7)), element(AA, 5, request(7)))
write("quota", *[element(AA, 32, request(i)) for i in range(5)])
write("senders", *[element(sender, 1, request(1)) for sender in (GONE, TRUSTEE, HUB, NEW, FORGED)])
write("epoch", element(AA, 1, request(1, epoch=2)), element(AA, 1, request(2, epoch=0)))
write("purpose", element(AA, 1, request(1, purpose="curiosity")), element(AA, 1, request(2, purpose="")))
write("unrepaired", element(AA, 1, request(1), repair=0), element(AA, 0, request(1), repair=0))
write("own-points", element(AA, 200, request(1)), element(AA, 200, b"\2" * 33))
write("sequence", element(AA, 1, request(2**63)), element(AA, 1, request(2**64 - 1)), element(AA, 1, request(0)))
write("raw", element(RAW, 0, field(1, "member/aa") + field(2, request(1)) + field(3, bytes(64))), element(RAW, 0, b""))
