#!/usr/bin/env python3
"""Writes the seeds of fuzz_roster, fuzz_trustee_change, fuzz_envelope, fuzz_letter, fuzz_wire and fuzz_statement_file, by proto/*.proto and
PROTOCOL.md and with nothing of Candor: Python's cryptography signs. Keys as in parties.h beside this file."""
import hashlib
import os
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from wire import field, message  # noqa: E402

SEEDS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../seeds")
HUB, TRUSTEE, BLUE, GREEN = 1, 2, 10, 11
GENESIS = b"\7" + bytes(31)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def key(mark):
    return Ed25519PrivateKey.from_private_bytes(bytes([mark]) * 32)


def public(mark):
    return key(mark).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def write(name, *files):
    folder = os.path.join(SEEDS, name)
    os.makedirs(folder, exist_ok=True)
    for file, content in files:
        with open(os.path.join(folder, file), "wb") as out:
            out.write(content)


# ---- rosters ----

def party(mark, listens):
    return message((1, "Party"), (2, "https://127.0.0.1:1" if listens else ""), (3, public(mark)),
                   (4, b"\4" + bytes([mark]) * 64), (5, bytes([mark]) * 32))


def member(mark, name, status="active"):
    return message((1, name), (2, party(mark, False)), (3, "KEN"), (4, status), (5, 6400), (6, 6400), (7, 1700000000))


def roster(version, previous=bytes(32), members=((BLUE, "blue"), (GREEN, "green")), threshold=2, epochs=1, form=1):
    scheme = message((1, "leavers"), (2, 5), (3, 14), (4, 60), (5, 1000), (6, 500000), (7, 5), (8, 0), (9, 60), (10, "1"))
    epoch = message((1, 1), (2, bytes(32)), (3, b"\2" + bytes(32)), *[(4, b"\3" + bytes(32))] * 3, (5, bytes(32)), (6, 1),
                    (7, 4000000000))
    return message((1, form), (2, version), (3, previous), (4, 1700000000), (5, party(HUB, True)),
                   *[(6, message((1, i + 1), (2, party(TRUSTEE + i, True)))) for i in range(3)], (7, threshold), (8, scheme),
                   *[(9, epoch)] * epochs, *[(10, member(mark, name)) for mark, name in members])


def signed(body, countersigners=3):
    digest = sha256(body)
    hub = key(HUB).sign(sha256(b"candor/1 roster\0", bytes(4), digest))
    counter = [message((1, i + 1), (2, key(TRUSTEE + i).sign(sha256(b"candor/1 countersign\0", (i + 1).to_bytes(4, "big"),
                                                                    digest)))) for i in range(countersigners)]
    return message((1, body), (2, hub), *[(3, c) for c in counter])


first = roster(0, members=(), epochs=0)
second = roster(1, sha256(first))
write("roster", ("genesis", b"\0" + signed(first, 0)), ("one", b"\0" + signed(second)),
      ("one-countersigned-once", b"\0" + signed(second, 1)), ("unsigned", b"\1" + second), ("later", b"\1" + roster(9)),
      ("unchained", b"\1" + roster(1)), ("format-2", b"\1" + roster(1, form=2)),
      ("threshold-1", b"\1" + roster(1, threshold=1)),
      ("members-turned-round", b"\1" + roster(1, members=((GREEN, "green"), (BLUE, "blue")))),
      ("epochs-twice", b"\1" + roster(1, epochs=2)), ("genesis-with-members", b"\1" + roster(0)), ("nothing", b"\0"))


# ---- who are to be the trustees ----

def participant(mark, before, after, listens=True):
    return (4, message((1, party(mark, listens)), (2, before), (3, after)))


def change(*participants, threshold=2, attempt=1, genesis=GENESIS):
    return message((1, genesis), (2, attempt), (3, threshold), *participants)


stay = [participant(TRUSTEE + i, i + 1, i + 1) for i in range(3)]
leaves = [participant(TRUSTEE, 1, 1), participant(TRUSTEE + 1, 0, 0), participant(TRUSTEE + 2, 3, 3)]
write("trustee_change", ("same", change(*stay)), ("one-more", change(*stay, participant(20, 0, 4), threshold=3)),
      ("another", change(*leaves, participant(20, 0, 2))), ("fewer", change(*leaves[:1], participant(TRUSTEE + 1, 2, 2),
                                                                          participant(TRUSTEE + 2, 3, 0))),
      ("low-threshold", change(*stay, threshold=1)), ("index-twice", change(*stay, participant(20, 0, 3))),
      ("index-missing", change(*stay, participant(20, 0, 5), threshold=3)), ("key-twice", change(*stay, participant(TRUSTEE, 0, 4), threshold=3)),
      ("dealer-from-nowhere", change(*stay, participant(20, 4, 4), threshold=3)), ("order", change(*reversed(stay))),
      ("too-few-deal", change(participant(TRUSTEE, 1, 1), participant(TRUSTEE + 1, 0, 2), participant(TRUSTEE + 2, 0, 3))),
      ("elsewhere", change(*stay, genesis=bytes(32))), ("attempt-0", change(*stay, attempt=0)), ("nobody", change()))


# ---- envelopes ----

def envelope(label, mark, signer, request=b"", attachment=None, path=b"/v1/roster"):
    body = b"\x08\x2a"
    parts = [label, path, GENESIS, signer, request, body]
    digest = sha256(*[len(p).to_bytes(8, "big") + p for p in parts])
    fields = [(1, signer), (2, body), (3, key(mark).sign(digest))]
    return message(*fields, *([(4, attachment)] if attachment is not None else []))


write("envelope", ("request", envelope(b"candor/1 request", BLUE, b"member/blue")),
      ("request-with-points", envelope(b"candor/1 request", BLUE, b"member/blue", attachment=b"\2" + bytes(32))),
      ("reply", envelope(b"candor/1 reply", HUB, b"hub", sha256(b"request"))),
      ("reply-to-nothing", envelope(b"candor/1 reply", HUB, b"hub")),
      ("request-elsewhere", envelope(b"candor/1 request", BLUE, b"member/blue", path=b"/v1/join")),
      ("long-signer", envelope(b"candor/1 request", BLUE, b"member/" + b"b" * 60)))


# ---- letters and what stands in them ----

def date(year, month=1, day=1, precision="day"):
    return message((1, year), (2, month), (3, day), (4, precision))


document = message((1, "passport"), (2, "KEN"), (3, "A7654321"))
names = message((1, "Amina Wanjiru"), (2, "Otieno"), (5, date(1984, 5, 12)))
person = message((1, "Amina Wanjiru"), (2, "Otieno"), (3, "Amina W."), (4, "آمنة"), (5, date(1984, 5, 12)), (6, "female"),
                 (7, "KEN"), (7, "UGA"), (8, document), (9, "a@example.org"), (10, "+254 700 000000"))
disclosure = message((1, "sexual_harassment"), (2, "no"), (3, date(2024, 1, 1, "year")), (4, date(2024, 6, 1, "month")),
                     (5, "substantiated_final"), (6, "dismissal"), (7, "no_survivor_wish"), (9, "In brief.\nIn two lines."))
nothing_found = message((1, "2025-1"), (2, bytes([5]) * 16), (3, "green"), (4, "Grace Mwangi"), (5, "hr"), (6, 1764547200),
                        (7, "confirmed"), (14, "partial"), (15, "no_record"), (16, "no_record"), (17, "no_record"),
                        (22, date(2026, 5, 1)))
disclosed = message((1, "2025-1"), (2, bytes([5]) * 16), (3, "green"), (4, "Grace Mwangi"), (5, "hr"), (6, 1764547200),
                    (7, "confirmed"), (8, date(2019, 1, 1, "year")), (9, date(2024, 6, 30)), (10, "Nurse"), (11, "KEN"),
                    (12, date(2019, 1, 1, "year")), (13, date(2024, 1, 1, "declared_1_january")), (14, "complete"),
                    (15, "yes"), (16, "no_record"), (17, "no_record"), (18, disclosure), (21, "yes"),
                    (22, date(2026, 5, 1)), (23, bytes([6]) * 16))
unable = message((1, "2025-1"), (2, bytes([5]) * 16), (3, "green"), (4, "Grace Mwangi"), (5, "hr"), (6, 1764547200),
                 (7, "probable"), (14, "records_lost"), (15, "unable_legal"), (16, "unable_legal"), (17, "no_record"),
                 (19, "data_protection"), (20, "FRA"), (22, date(2026, 5, 1)))

write("wire", ("person", b"\0" + person), ("names", b"\0" + names), ("bad-date", b"\0" + message((2, "X"), (5, date(1984, 13)))),
      ("two-lines", b"\0" + message((2, "X\nY"), (5, date(1984)))), ("nothing-found", b"\1" + nothing_found),
      ("disclosed", b"\1" + disclosed), ("unable", b"\1" + unable))

request = message((1, "2025-1"), (2, "statement_of_conduct"), (3, "hr"), (4, 1), (5, b""), (6, person), (13, "programme"),
                  (14, 5), (15, "legitimate_interest"), (16, "application_form"), (17, date(2025, 11, 1)), (18, 0), (19, "KEN"),
                  (20, 1765756800))
probe = message((1, bytes(16)), (2, names), (3, bytes(32)), (4, bytes([1]) * 32))


def letter(number, content, sender="blue", receiver="green", mail=bytes([1, 2, 3]) + bytes(13)):
    return message((1, mail), (2, bytes([4]) * 16), (3, sender), (4, receiver), (5, 1764547200), (number, content))


def padded(content):
    return len(content).to_bytes(4, "big") + content


write("letter", ("probe", b"\0" + letter(10, probe)), ("plausible", b"\0" + letter(11, message((1, 1)))),
      ("request", b"\0" + letter(12, request)), ("received", b"\0" + letter(13, message((1, bytes(16))))),
      ("statement", b"\0" + letter(14, disclosed)), ("withdrawal", b"\0" + letter(15, message((1, "hired")))),
      ("other-sender", b"\0" + letter(11, message((1, 1)), sender="green")),
      ("other-mail", b"\0" + letter(11, message((1, 1)), mail=bytes(16))),
      ("signed-by-green", b"\1" + padded(message((1, letter(11, message((1, 1)))), (2, key(GREEN).sign(b"another thing"))))),
      ("too-long", b"\1" + b"\0\0\x60\0"), ("no-padding", b"\1" + padded(b"") + b"\1"), ("sealed", b"\2\4" + bytes(100)))


# ---- an exported statement ----

def statement_file(content, sender="green", mark=GREEN, countersigners=3, genesis=first):
    inside = letter(14, content, sender, "blue")
    receiver = b"\4" + bytes([BLUE]) * 64
    signature = key(mark).sign(sha256(b"candor/1 letter\0", sha256(genesis), receiver, inside))
    return message((1, inside), (2, signature), (3, receiver), (4, signed(genesis, 0)), (5, signed(second, countersigners)))


write("statement_file", ("true", statement_file(nothing_found)), ("signed-by-blue", statement_file(nothing_found, mark=BLUE)),
      ("of-nobody", statement_file(nothing_found, sender="nobody")),
      ("too-few-trustees", statement_file(nothing_found, countersigners=1)),
      ("against-a-rule", statement_file(nothing_found.replace(b"partial", b"whole!!"))), ("empty", b""))
