#!/usr/bin/env python3
"""Writes tests/fuzz/seeds/token/: people of several scripts, dates and documents. Run from the top of the tree."""
import os

FOLDER = "tests/fuzz/seeds/token"
YEAR, MONTH, DAY = 1, 4, 5


def person(name, precision, year, month, day, given, family="", native="", number="", other=""):
    parts = [text.encode() for text in (given, family, native)]
    step = max(len(part) for part in parts)
    padded = b"".join(part.ljust(step) for part in parts)
    head = bytes([precision, year >> 8, year & 255, month, day, step])
    tail = number.encode().ljust(39) + other.encode() if number or other else b""
    with open(os.path.join(FOLDER, name), "wb") as file:
        file.write(head + padded + tail)


os.makedirs(FOLDER, exist_ok=True)
person("two-names", DAY, 1984, 5, 23, "Perpetua", "Wondermark")
person("three-names", DAY, 1984, 5, 23, "Perpetua Zoraida", "Wondermark")
person("document", DAY, 1984, 5, 23, "Perpetua", "Wondermark", number="L898902C3")
person("other-names", DAY, 1984, 5, 23, "Perpetua", "Wondermark", number="A00000000", other="Traumtanz; Luftschloss")
person("default-date", DAY, 1984, 1, 1, "Perpetua", "Wondermark")
person("year", YEAR, 1984, 1, 1, "Perpetua", "Wondermark")
person("month", MONTH, 1984, 5, 1, "Perpetua", "Wondermark")
person("no-date", 0, 0, 0, 0, "Perpetua", "Wondermark", number="1234567890")
person("odd-date", DAY, 65535, 255, 255, "Perpetua", "Wondermark")
person("arabic", DAY, 1979, 8, 14, "", "", "محمد عبد الرحمن المثال")
person("cyrillic", DAY, 1979, 8, 14, "Aleksandr", "Vymyshlennikov", "Александр Вымышленников")
person("hangul", DAY, 1979, 8, 14, "", "", "김민준")
person("eight-names", DAY, 1979, 8, 14, "Ana Bela Cira Dora", "Eder Fabel Gabler Hilder")
