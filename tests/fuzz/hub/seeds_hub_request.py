#!/usr/bin/env python3
"""Writes the seeds of fuzz_hub_request: lists of messages, by proto/exchange.proto and node/hub/routes.c."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from wire import field  # noqa: E402

SEEDS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../seeds/hub_request")
AA, BB, TRUSTEE_1, TRUSTEE_2, NEW, HUB, RAW = range(7)
(GENESIS, ROSTER, JOIN, PROPOSAL, COUNTERSIGN, POST, FETCH, RESULT, PUT, OPEN, CLOSE, MAIL, MAIL_FETCH,
 TAKEN, SEALING) = range(15)


def message(sender, path, *fields):
    body = b"".join(field(number, value) for number, value in fields)
    return bytes([sender, path]) + len(body).to_bytes(2, "big") + body


def write(name, *messages):
    with open(os.path.join(SEEDS, name), "wb") as file:
        file.write(b"".join(messages))


def ident(mark, length=16):
    return bytes([mark]) + bytes(length - 1)


def rows(person, handle=None, count=16):
    return b"".join(bytes([person, i]) + bytes(14) + bytes([i % 12 + 1, 1, 1]) +
                    (b"" if handle is None else ident(handle)) for i in range(count))


def put(sender, batch, handle, person, removed=b""):
    return message(sender, PUT, (1, 1), (2, ident(batch)), (3, rows(person, handle)),
                   (4, ident(handle) + (370).to_bytes(2, "big")), (5, removed))


def check(sender, mark, person):
    return message(sender, OPEN, (1, ident(mark)), (2, 1), (3, rows(person)))


def party():
    return field(1, "N") + field(2, "") + field(3, bytes(32)) + field(4, b"\4" + bytes(64)) + field(5, bytes(32))


def result(trustee, kind, number):
    point = b"\2" + bytes(32)
    key = (field(1, kind) + field(2, number) + field(3, 2) + field(4, bytes(32) if kind == 1 else b"") + field(5, point) +
           field(6, point) * 3 + field(7, bytes(32)))
    return message(trustee, RESULT, (1, bytes([kind, number]) + bytes(30)), (2, 1), (3, b""), (4, key))


os.makedirs(SEEDS, exist_ok=True)
write("public", message(NEW, GENESIS), message(NEW, ROSTER, (1, 0)), message(AA, ROSTER, (1, 99)))
write("join", message(NEW, JOIN, (1, bytes(16)), (2, party())))
write("proposal", message(TRUSTEE_1, PROPOSAL), message(TRUSTEE_1, COUNTERSIGN, (1, bytes(32)), (2, bytes(64))),
      result(TRUSTEE_1, 1, 2), result(TRUSTEE_2, 1, 2), result(TRUSTEE_1, 2, 1), result(TRUSTEE_2, 2, 1),
      message(TRUSTEE_2, PROPOSAL))
write("ceremony", message(TRUSTEE_1, POST, (1, bytes(32)), (2, 1), (3, 1), (4, 0), (5, "offer")),
      message(TRUSTEE_2, POST, (1, bytes(32)), (2, 1), (3, 2), (4, 1), (5, "share")),
      message(TRUSTEE_1, FETCH, (1, bytes(32)), (2, 1)))
write("check", put(AA, 1, 1, 7), put(BB, 1, 2, 7), check(AA, 1, 7), check(AA, 1, 7),
      message(AA, CLOSE, (1, ident(1))))
write("index", put(AA, 1, 1, 7), put(AA, 1, 1, 7), put(AA, 1, 1, 8), put(AA, 2, 1, 9), put(AA, 3, 3, 9, ident(1)))
write("remove", put(BB, 9, 5, 5), message(BB, PUT, (1, 1), (2, ident(8)), (3, ""), (4, ""), (5, ident(5) * 3)))
write("mail", message(AA, MAIL, (1, ident(1)), (2, "aa"), (3, "bb"), (4, bytes(24657))),
      message(BB, MAIL_FETCH, (1, 32)), message(BB, TAKEN, (1, ident(1))))
write("mail-short", message(AA, MAIL, (1, ident(1)), (2, "aa"), (3, "bb"), (4, bytes(100))))
write("wrong-sender", message(HUB, MAIL_FETCH, (1, 1)), message(TRUSTEE_1, PUT, (1, 1)), message(NEW, OPEN, (1, 1)))
write("raw", message(RAW, CLOSE, (1, "member/aa"), (2, field(1, ident(1))), (3, bytes(64))))

# A sealing key: the generator of P-256. Senders from 128 on sign for it, and AA is the first of them that is a member.
GENERATOR = bytes.fromhex("046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                          "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
AA_SIGNS, BB_SIGNS = 133, 134


def roll(sender, number, key=GENERATOR, made_at=1, signature=64):
    return message(sender, SEALING, (1, key), (2, field(1, number) + field(2, made_at) + field(3, bytes(signature))))


write("roll", roll(AA_SIGNS, 1), roll(AA_SIGNS, 1), roll(AA_SIGNS, 3), roll(AA_SIGNS, 2), roll(BB_SIGNS, 2 ** 63 - 1),
      roll(BB_SIGNS, 2 ** 63), roll(BB_SIGNS, 0), message(TRUSTEE_1, PROPOSAL))
write("roll-wrong", roll(AA, 1), roll(AA_SIGNS, 1, GENERATOR[:64]), roll(AA_SIGNS, 1, bytes(65)), roll(AA, 1, signature=63),
      roll(AA_SIGNS, 1, made_at=2 ** 63), roll(NEW, 1), roll(TRUSTEE_1, 1))
