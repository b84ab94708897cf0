#!/usr/bin/env python3
"""Writes the seeds of fuzz_backup: heads by node/store/backup.h, with so many bytes behind them."""
import os

SEEDS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../seeds/backup")
MEMBER, TRUSTEE = 0x43444D31, 0x43445254


def backup(version=1, whose=MEMBER, keystore=3, codebook=2, database=5, behind=None):
    head = (b"candor-backup\0\0\0" + version.to_bytes(4, "big") + whose.to_bytes(4, "big") + (1763700000).to_bytes(8, "big") +
            keystore.to_bytes(4, "big") + codebook.to_bytes(4, "big") + database.to_bytes(8, "big"))
    return head + bytes(keystore + codebook + database + 32 if behind is None else behind)


def write(name, data):
    with open(os.path.join(SEEDS, name), "wb") as file:
        file.write(data)


write("whole", backup())
write("no-codebook", backup(codebook=0))
write("another-program", backup(whose=TRUSTEE))
write("newer", backup(version=2))
write("short", backup(behind=41))
write("long", backup(behind=43))
write("keystore-over", backup(keystore=0xFFFFFFFF, behind=42))
write("lengths-wrap", backup(keystore=3, codebook=2, database=2 ** 64 - 5, behind=32))
write("head-alone", backup()[:48])
