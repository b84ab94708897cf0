#!/usr/bin/env python3
"""Writes keystore-1.bin by the table in keys/keystore.h, with nothing of Candor: argon2 (the reference program) and
Python's cryptography. Passphrase "an old keystore opens for ever", data key 00 01 .. 1f, two secrets."""
import hashlib
import os
import struct
import subprocess

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

PASSPHRASE = b"an old keystore opens for ever"
SALT = b"sixteen bytes ok"  # argon2 takes it as an argument
NONCE = b"twelve bytes"
MEMORY, PASSES, LANES = 65536, 3, 4
SECRETS = {"signing": b"\x11" * 32, "epoch-7/share": b"\x22" * 33}


def expand(key, label):
    return HKDFExpand(SHA256(), 32, label).derive(key)


key = bytes.fromhex(subprocess.run(
    ["argon2", SALT.decode(), "-id", "-t", str(PASSES), "-k", str(MEMORY), "-p", str(LANES), "-l", "32", "-r"],
    input=PASSPHRASE, stdout=subprocess.PIPE, check=True).stdout.decode().strip())

body = bytes(range(32)) + struct.pack(">H", len(SECRETS))
for name, value in sorted(SECRETS.items()):
    body += bytes([len(name)]) + name.encode() + struct.pack(">H", len(value)) + value

header = (b"candor-keystore\0" + struct.pack(">IIII", 1, MEMORY, PASSES, LANES) + SALT +
          expand(key, b"candor-keystore 1 check") + NONCE + struct.pack(">I", len(body) + 16))
sealed = header + AESGCM(expand(key, b"candor-keystore 1 body")).encrypt(NONCE, body, header)
here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "keystore-1.bin"), "wb") as file:
    file.write(sealed + hashlib.sha256(sealed).digest())
print("database", expand(bytes(range(32)), b"candor-keystore 1 derive database").hex())
