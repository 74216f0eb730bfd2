#!/usr/bin/env python3
#
# Copyright (C) the ngx_http_webhook_module developers
#
# Runs the recorded responses of the Pelorus receiver against wh_pelorus.
#
#     pelorus_vectors.py BINARY_OF_pelorus.c VECTORS.json ...

import base64
import json
import subprocess
import sys

# The receiver takes these and we do not, as wh_pelorus.h says.

STRICTER = {
    'pelorus-canonical/lone-high': 400,
    'pelorus-canonical/high-then-bmp': 400,
    'pelorus-canonical/swapped-pair': 400,
    'pelorus-canonical/raw-surrogate-bytes': 400,
    'pelorus-canonical/const-nan': 422,
    'pelorus-canonical/const-inf': 422,
    'pelorus-canonical/const-neginf': 422,
    'pelorus-canonical/bom': 422,
    'pelorus-canonical/utf32-bom': 400,
}


def first(vector, name):
    for key, value in vector['headers']:
        if key.lower() == name:
            return value.strip(' \t').encode('latin-1')
    return None


def field(value):
    return '-' if value is None else value.hex() or '='


def main():
    vectors = []
    for name in sys.argv[2:]:
        vectors += json.load(open(name))

    # method and path are nginx's to check

    vectors = [v for v in vectors if v['receiver_status'] != 405]

    lines = []
    for v in vectors:
        secret = v['secret']
        fields = [
            secret.encode() if secret else None,
            first(v, 'content-type'),
            first(v, 'user-agent'),
            first(v, 'x-pelorus-event'),
            first(v, 'x-hub-signature-256'),
            base64.b64decode(v['body_base64']),
            str(v.get('now') or 1700000000).encode() + b'\0',
        ]
        lines.append(' '.join(map(field, fields)))

    out = subprocess.run([sys.argv[1], '-'],
                         input=('\n'.join(lines) + '\n').encode(),
                         stdout=subprocess.PIPE, check=True).stdout
    out = out.decode().split('\n')

    failed = 0
    for i, v in enumerate(vectors):
        status, serialisation, body = out[i].split(' ', 2)
        want = STRICTER.get(v['name'], v['receiver_status'])
        good = int(status) == want
        if good and v['name'] not in STRICTER and v.get('receiver_body'):
            good = body == v.get('receiver_body')
        if good and v.get('form_index'):
            good = int(serialisation) == v['form_index']
        failed += not good
        print('%sok %d - %s%s' % ('' if good else 'not ', i + 1, v['name'],
              ' (stricter)' if v['name'] in STRICTER else ''))
        if not good:
            print('# want %s %s\n# got  %s' % (want, v.get('receiver_body'),
                                               out[i]))

    print('1..%d' % len(vectors))
    return failed != 0


sys.exit(main())
