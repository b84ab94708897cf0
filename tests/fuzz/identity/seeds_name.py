#!/usr/bin/env python3
"""Writes tests/fuzz/seeds/name and tests/fuzz/seeds/mrz: every published name, text that nobody should type, specimens."""
import glob
import os

top = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')


def write(folder, name, data):
    os.makedirs(os.path.join(top, 'fuzz', 'seeds', folder), exist_ok=True)
    with open(os.path.join(top, 'fuzz', 'seeds', folder, name), 'wb') as f:
        f.write(data)


def fields(given, family='', native='', other=''):
    """One byte that is longer than the first three fields, which are padded to it with spaces."""
    parts = [s.encode() for s in (given, family, native)]
    step = max(len(p) for p in parts)
    return bytes([step]) + b''.join(p.ljust(step) for p in parts) + other.encode()


for path in sorted(glob.glob(os.path.join(top, 'vectors', 'names-*.tsv'))):
    with open(path, encoding='utf-8') as f:
        names = [line.split('\t')[0] for line in f if not line.startswith('#')]
    script = os.path.basename(path)[6:-4]
    write('name', script, b'\x00' + ';'.join(names).encode()[:1000])
    for i, name in enumerate(names[:3]):
        write('name', f'{script}-{i}', fields('Amina', 'Sample', name, f'{name};SAMPLE<<AMINA'))
write('name', 'joined', fields('Min-jun', 'Kim', '김민준', 'Chen, Da Wen'))
write('name', 'surrogate', b'\x04abc\xed\xa0\x80')
write('name', 'unassigned', b'\x04abc\xf0\x9e\xb0\x80')
write('name', 'private', b'\x04abc\xee\x80\x80')
write('name', 'direction', '\x00\u202eabc\u202c \u2066def\u2069'.encode())
write('name', 'marks', b'\x00a' + '\u0301\u0323'.encode() * 250)
write('name', 'long', b'\x00' + '\ufdfa'.encode() * 340)
write('mrz', 'td3', b'P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10\n')
write('mrz', 'td1', b'I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<\n')
write('mrz', 'td1-long', b'I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<\n')
write('mrz', 'td2', b'I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6\n')
write('mrz', 'mrv-a', b'V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL8988901C4XXX4009078F96121096ZE184226B<<<<<<\n')
write('mrz', 'mrv-b', b'V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nL8988901C4XXX4009078F9612109<<<<<<<<\n')
for i, text in enumerate(['1984-05-12', '1362-02', '1984-Q2', '1404', '2483-02-28', 'AB 123-456/7', '11010519491231002X', 'G123456(A)',
                          'АВ 123456', '١٢٣٤٥', '131052-308T', 'BOXW310820HNERXN09']):
    write('mrz', f'text-{i}', text.encode())
