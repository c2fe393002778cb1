#!/usr/bin/env python3
"""A subscriber to a Ringmaster publisher, in Python: see docs/PROTOCOL.md, section 4.

Needs pyzmq and msgpack (Debian: python3-zmq, python3-msgpack). It prints one line of JSON for each publication, with
what was missed before it, and "complete" once it has the last value of every topic there was:

    subscriber.py ENDPOINT [PREFIX]
"""

import json
import sys

import msgpack
import zmq


class Subscriber:
    """Hears one publisher. Iterating gives ("publication", topic, sequence, missed, value) and ("complete",)."""

    def __init__(self, endpoint, prefix=""):
        self.prefix = prefix
        self.publisher = None
        self.last = {}  # topic -> sequence
        self.is_complete = False
        self.socket = zmq.Context.instance().socket(zmq.SUB)
        self.socket.setsockopt(zmq.HEARTBEAT_IVL, 1000)
        self.socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, 3000)
        self.socket.setsockopt(zmq.HEARTBEAT_TTL, 3000)
        self.socket.connect(endpoint)
        self.socket.setsockopt_string(zmq.SUBSCRIBE, prefix)

    def __iter__(self):
        while True:
            name, body = self.socket.recv_multipart()
            kind, method, params = msgpack.unpackb(body, strict_map_key=False)
            if params[0] != self.publisher:  # another publisher took its place
                self.publisher, self.last, self.is_complete = params[0], {}, False
            if method == "$/topics":
                yield from self.list(*params[1:])
            elif method.encode() == name and not method.startswith("$/"):
                yield from self.publication(method, *params[1:])

    def publication(self, topic, sequence, value):
        # The first publication of a topic is where counting begins, unless the topic is known to be new.
        last = self.last.get(topic, 0 if self.is_complete else sequence - 1)
        if sequence > last:
            self.last[topic] = sequence
            yield "publication", topic, sequence, sequence - last - 1, value

    def list(self, prefix, count, sequence):
        if prefix == self.prefix and not self.is_complete and len(self.last) >= count:
            self.is_complete = True
            yield ("complete",)


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    for event in Subscriber(*sys.argv[1:]):
        print(json.dumps(event, default=bytes.hex), flush=True)
