#!/usr/bin/env python3
"""Writes tests/fuzz/seeds/compare/: two people each, alike in one way and different in another. Run from the top of the tree."""
import os

FOLDER = "tests/fuzz/seeds/compare"
YEAR, MONTH, DAY = 1, 4, 5


def person(precision, year, month, day, given, family="", native="", number="", other=""):
    parts = [text.encode() for text in (given, family, native)]
    step = max(len(part) for part in parts)
    padded = b"".join(part.ljust(step) for part in parts)
    tail = number.encode().ljust(39) + other.encode() if number or other else b""
    return bytes([precision, year >> 8, year & 255, month, day, step]) + padded + tail


def pair(name, left, right, people=17):
    offset = len(left) - 6  # the driver adds the fixed bytes of a person
    with open(os.path.join(FOLDER, name), "wb") as file:
        file.write(bytes([people, offset >> 8, offset & 255]) + left + right)


os.makedirs(FOLDER, exist_ok=True)
plain = person(DAY, 1984, 5, 12, "Perpetua", "Wondermark")
pair("same", plain, plain)
pair("spelled", plain, person(DAY, 1984, 5, 12, "Perpetwa", "Wundermark"))
pair("order", plain, person(DAY, 1984, 5, 12, "Wondermark", "Perpetua"))
pair("date-swapped", plain, person(DAY, 1984, 12, 5, "Perpetua", "Wondermark"))
pair("vague", plain, person(YEAR, 1984, 1, 1, "Perpetua", "Wondermark"))
pair("other", plain, person(DAY, 1961, 2, 3, "Zoraida", "Luftschloss"))
pair("script", person(DAY, 1979, 8, 14, "Aleksandr", "Vymyshlennikov"), person(DAY, 1979, 8, 14, "", "", "Александр Вымышленников"))
pair("arabic", person(DAY, 1979, 8, 14, "Mohamed Abdelrahman", "Almithal"), person(DAY, 1979, 8, 14, "", "", "محمد عبد الرحمن المثال"))
pair("document", person(DAY, 1984, 5, 12, "Perpetua", "Wondermark", number="L898902C3"),
     person(DAY, 1984, 5, 21, "Perpetua", "Traumtanz", number="L898902C8"))
pair("former-name", plain, person(DAY, 1984, 5, 12, "Perpetua", "Traumtanz", number="A1", other="Wondermark; Luftschloss"), people=40)
pair("no-name", person(DAY, 1984, 5, 12, "", ""), plain)
