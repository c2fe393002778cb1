#!/usr/bin/env python3
"""A server for Ringmaster clients, in Python: see docs/PROTOCOL.md.

Needs pyzmq and msgpack (Debian: python3-zmq, python3-msgpack). It prints the endpoint it listens on and serves until it
is ended:

    server.py [ENDPOINT]

Replies that are due at the same time go out in one message for each client.
"""

import sys

import msgpack
import zmq

REQUEST, RESPONSE, NOTIFICATION = 0, 1, 2
UNKNOWN_METHOD, BAD_PARAMS, HANDLER_FAILED, MALFORMED = 1, 2, 3, 10


class Later(Exception):
    """A handler raises it that answers by and by."""


class Server:
    """Serves `methods`: functions by name, which take the params of a call as arguments."""

    def __init__(self, endpoint, methods):
        self.methods = methods
        self.outgoing = {}  # identity -> frames that wait to be sent
        self.socket = zmq.Context.instance().socket(zmq.ROUTER)
        self.socket.setsockopt(zmq.ROUTER_HANDOVER, 1)  # a client that comes back keeps its name
        self.socket.setsockopt(zmq.MAXMSGSIZE, 64 << 20)
        self.socket.setsockopt(zmq.HEARTBEAT_IVL, 1000)
        self.socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, 3000)
        self.socket.setsockopt(zmq.HEARTBEAT_TTL, 3000)
        self.socket.bind(endpoint)
        self.endpoint = self.socket.getsockopt_string(zmq.LAST_ENDPOINT).rstrip("\0")

    def reply(self, call, result=None, error=None):
        """Answers a call: (identity, msgid)."""
        identity, msgid = call
        self.outgoing.setdefault(identity, []).append(msgpack.packb([RESPONSE, msgid, error, result]))

    def run(self):
        while True:
            self.socket.poll()
            while self.socket.poll(0):
                parts = self.socket.recv_multipart()
                if len(parts) == 2:
                    self.read(*parts)
            for identity, frames in self.outgoing.items():
                self.socket.send_multipart([identity, b"".join(frames)])
            self.outgoing = {}

    def read(self, identity, body):
        unpacker = msgpack.Unpacker(raw=False, strict_map_key=False, max_buffer_size=64 << 20)
        unpacker.feed(body)
        try:
            for frame in unpacker:
                self.take(identity, frame)
        except Exception as error:  # not MessagePack, or no frame: the rest of the message is lost
            print(f"malformed: {error}", file=sys.stderr)

    def take(self, identity, frame):
        if frame[0] == NOTIFICATION:
            _, method, params = frame
            if method == "$/cancel":
                self.cancel((identity, params[0]))
            return
        kind, msgid, method, params, *optional = frame
        if kind != REQUEST or len(optional) > 2 or not isinstance(params, list):
            raise ValueError("no request")
        call = (identity, msgid)
        handler = self.methods.get(method)
        if handler is None:
            return self.reply(call, error=[UNKNOWN_METHOD, f"no method '{method}'"])
        try:
            self.reply(call, handler(self, call, *params))
        except Later:
            pass
        except TypeError as error:
            self.reply(call, error=[BAD_PARAMS, str(error)])
        except Exception as error:
            self.reply(call, error=[HANDLER_FAILED, str(error)])

    def cancel(self, call):
        """Nobody waits any more."""
        if call in held:
            held.remove(call)


# The methods. Each gets the server and its call, then the params.

held = []  # calls that wait to be answered


def echo(server, call, payload):
    return payload


def add(server, call, a, b):
    return a + b


def fail(server, call, message):
    raise ValueError(message)


def hold(server, call, *params):
    """Answers when somebody calls release."""
    held.append(call)
    raise Later


def release(server, call, result):
    """Answers all that are held with `result`, and tells how many they were."""
    count = len(held)
    for other in held:
        server.reply(other, result)
    held.clear()
    return count


def gather(server, call, count):
    """Answers, when `count` calls have come, all of them in one message: each with its place, from 0."""
    held.append(call)
    if len(held) == count:
        for place, other in enumerate(held):
            server.reply(other, place)
        held.clear()
    raise Later


def wide(server, call):
    """Long formats, which clients accept: the response with msgid and result in 64 bits."""
    identity, msgid = call

    def long(number):
        return b"\xcf" + number.to_bytes(8, "big")

    server.outgoing.setdefault(identity, []).append(b"\xdc\x00\x04\x01" + long(msgid) + b"\xc0" + long(7))
    raise Later


if __name__ == "__main__":
    methods = {
        "echo": echo, "add": add, "fail": fail, "hold": hold, "release": release, "gather": gather, "wide": wide,
    }  # fmt: skip
    server = Server(sys.argv[1] if len(sys.argv) > 1 else "tcp://127.0.0.1:*", methods)
    print(server.endpoint, flush=True)
    server.run()
