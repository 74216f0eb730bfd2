#!/usr/bin/env python3
#
# Copyright (C) the ngx_http_webhook_module developers
#
# Compares wh_pyjson with Python's json on generated documents.
#
#     pyjson_diff.py BINARY_OF_pyjson.c [SEED [COUNT]]

import json
import random
import struct
import subprocess
import sys


def number(r):
    k = r.randrange(9)
    if k == 0:
        return str(r.randrange(-10, 10))
    if k == 1:
        return str(r.randrange(-10**40, 10**40))
    if k == 2:
        bits = r.getrandbits(64)
        x = struct.unpack('>d', struct.pack('>Q', bits))[0]
        return repr(x) if x == x and abs(x) != float('inf') else '1.5'
    if k == 3:
        return repr(r.choice((1, -1)) * 2.0 ** r.randrange(-1074, 1024))
    if k == 4:
        return '%d.%0*d' % (r.randrange(-10**6, 10**6), r.randrange(1, 30),
                            r.randrange(10**6))
    if k == 5:
        return '%de%d' % (r.randrange(-10**r.randrange(1, 25),
                                      10**r.randrange(1, 25)),
                          r.randrange(-345, 330))
    if k == 6:
        return '%r' % r.random()
    if k == 7:
        return '%.*e' % (r.randrange(0, 40), r.choice((1, -1)) * r.random()
                         * 10.0 ** r.randrange(-320, 308))
    return r.choice(('-0', '-0.0', '0e1', '1E+2', '1e999', '-1e999', '1e-999',
                     '4.35e-322', '2.2250738585072011e-308', '9e15',
                     '12345678901234567890.5e-10', '0.' + '0' * 400 + '1e401',
                     '1' + '0' * 308 + '.0', '5' + '0' * 400 + 'e-401'))


def string(r):
    out = []
    for _ in range(r.randrange(8)):
        k = r.randrange(6)
        if k == 0:
            out.append(r.choice(('\\n', '\\"', '\\\\', '\\/', '\\u0000',
                                 '\\b', '\\f', '\\r', '\\t')))
        elif k == 1:
            out.append('\\u%04X' % r.choice((r.randrange(0xd800),
                                             r.randrange(0xe000, 0x10000))))
        elif k == 2:
            out.append('\\ud83d\\uDE%02x' % r.randrange(256))
        elif k == 3:
            c = r.randrange(0x80, 0x110000)
            out.append(chr(c if not 0xd800 <= c < 0xe000 else 0x7f))
        else:
            out.append(r.choice('abcABC019 /<>&\x7f'))
    return '"' + ''.join(out) + '"'


def blank(r):
    return r.choice(('', '', '', ' ', '\t', '  '))


def value(r, depth):
    k = r.randrange(8 if depth < 6 else 5)
    if k < 2:
        return number(r)
    if k < 4:
        return string(r)
    if k == 4:
        return r.choice(('true', 'false', 'null'))
    n = r.choice((0, 1, 2, 3, 5, 9, 17))
    items = []
    for _ in range(n):
        item = blank(r) + value(r, depth + 1) + blank(r)
        if k != 5:
            name = string(r) if r.random() < .3 else r.choice(
                ('"a"', '"b"', '"c"', '"\\u0061"', '""', '"aa"'))
            item = blank(r) + name + blank(r) + ':' + item
        items.append(item)
    return ('[%s]' if k == 5 else '{%s}') % ','.join(items)


def main():
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 20000
    r = random.Random(seed)
    docs = [value(r, 0) for _ in range(count)]
    out = subprocess.run([sys.argv[1], '-'],
                         input=('\n'.join(docs) + '\n').encode(),
                         stdout=subprocess.PIPE, check=True).stdout
    lines = out.decode().split('\n')
    bad = 0
    for i, doc in enumerate(docs):
        want = json.dumps(json.loads(doc), separators=(',', ':'))
        if lines[i] != want:
            bad += 1
            print('# %s\n# want %s\n# got  %s' % (doc, want, lines[i]))
    print('%sok 1 - %d documents, seed %d\n1..1'
          % ('not ' if bad else '', count, seed))
    return 1 if bad else 0


sys.exit(main())
