#!/usr/bin/env python3
"""Writes the seeds of fuzz_ceremony: see the form of an input there."""
import os

SEEDS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../seeds/ceremony")
HONEST, CHANGED, SIGNED, RAW = range(4)
KEY, OFFER, ECHO, CERTIFICATE, EVIDENCE = range(5)
OTHERS = range(4)  # trustees 2 to 5


def element(kind, sender, round_, data=b""):
    return bytes([kind, sender, round_]) + len(data).to_bytes(2, "big") + data


def all_say(round_, but=None):
    return b"".join(element(HONEST, i, round_) for i in OTHERS if i != but)


def patch(offset, data):
    return offset.to_bytes(2, "big") + data


def write(name, *elements):
    with open(os.path.join(SEEDS, name), "wb") as file:
        file.write(b"".join(elements))


os.makedirs(SEEDS, exist_ok=True)
# Behind the digest of all keys.
COMMITMENT, PROOF, EPHEMERAL, SEALED = (32 + at for at in (40, 3 * 33 + 40, 3 * 33 + 65 + 5, 3 * 33 + 65 + 33 + 20))
write("honest", all_say(KEY), all_say(OFFER), all_say(ECHO), all_say(CERTIFICATE))
write("backwards", all_say(CERTIFICATE), all_say(ECHO), all_say(OFFER), all_say(KEY))
write("commitment", all_say(KEY), all_say(OFFER, 1), element(CHANGED, 1, OFFER, patch(COMMITMENT, b"\1")))
write("proof", all_say(KEY), element(CHANGED, 2, OFFER, patch(PROOF, b"\x80")), all_say(OFFER, 2))
write("ephemeral", all_say(KEY), element(CHANGED, 0, OFFER, patch(EPHEMERAL, b"\1\2\3")), all_say(OFFER, 0))
write("sealed", all_say(KEY), element(CHANGED, 3, OFFER, patch(SEALED, b"\1")), all_say(OFFER, 3), all_say(ECHO))
write("two-offers", all_say(KEY), all_say(OFFER), element(CHANGED, 1, OFFER, patch(SEALED, b"\1")), all_say(ECHO))
write("echo-digest", all_say(KEY), all_say(OFFER), all_say(ECHO, 0), element(CHANGED, 0, ECHO, patch(33, b"\1")))
write("echo-complaint", all_say(KEY), all_say(OFFER), all_say(ECHO, 0), element(SIGNED, 0, ECHO, bytes(5 * 32) + bytes([3]) + bytes(130)))
write("echo-short", all_say(KEY), all_say(OFFER), element(SIGNED, 0, ECHO, bytes(7)))
write("certificate", all_say(KEY), all_say(OFFER), all_say(ECHO), all_say(CERTIFICATE, 2),
      element(CHANGED, 2, CERTIFICATE, patch(50, b"\1")))
write("evidence", all_say(KEY), all_say(OFFER), element(SIGNED, 1, EVIDENCE, b"\x0a\x04\x0a\x00\x10\x01"), all_say(ECHO))
write("raw", element(RAW, 1, OFFER, bytes(100)), element(RAW, 5, ECHO, bytes(64)), element(RAW, 2, EVIDENCE, b""))
write("bad-key", all_say(KEY, 1), element(CHANGED, 1, KEY, patch(40, b"\1")), all_say(OFFER))
write("two-keys", all_say(KEY), element(CHANGED, 1, KEY, patch(3, b"\1")), all_say(OFFER))
write("strange-keys", all_say(KEY), element(CHANGED, 2, OFFER, patch(3, b"\1")), all_say(OFFER, 2))
