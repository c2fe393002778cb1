#!/usr/bin/env python3
"""A client of a Ringmaster server, in Python: see docs/PROTOCOL.md.

Needs pyzmq and msgpack (Debian: python3-zmq, python3-msgpack). `Client` is what to copy; the commands below it call a
server from a shell and print what came back as JSON:

    client.py ENDPOINT raw METHOD HEX         a call with bytes
    client.py ENDPOINT call METHOD [JSON...]  a call with values
    client.py ENDPOINT budget METHOD US N     a call that says how long it waits, and which attempt it is
    client.py ENDPOINT many METHOD N          N calls in one message, and how many messages the replies came in
    client.py ENDPOINT cancel METHOD          a call that is cancelled, and whether anything came of it
    client.py ENDPOINT resend METHOD [JSON]   the same call twice, over two connections
    client.py ENDPOINT body HEX N             bytes as they are, and the N responses to them
"""

import json
import os
import sys
import time

import msgpack
import zmq

REQUEST, RESPONSE, NOTIFICATION = 0, 1, 2


class RemoteError(Exception):
    """The server's own error: a code (section 2.3 of the protocol) and a message."""

    def __init__(self, code, message):
        super().__init__(f"{message} ({code})")
        self.code, self.message = code, message


def read_frames(body):
    """The frames of one message: it may hold many, back to back."""
    unpacker = msgpack.Unpacker(raw=False, strict_map_key=False, unicode_errors="replace")
    unpacker.feed(body)
    return list(unpacker)


class Client:
    """Calls one server. Not for several threads at once, as a ZeroMQ socket is not."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.identity = b"py" + os.urandom(14)  # for life: the server knows a resend by it
        self.next_msgid = 0
        self.replies = {}  # responses that came while another was waited for
        self.messages = 0
        self.connect()

    def connect(self):
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.setsockopt(zmq.ROUTING_ID, self.identity)
        self.socket.setsockopt(zmq.LINGER, 200)
        self.socket.setsockopt(zmq.HEARTBEAT_IVL, 1000)
        self.socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, 3000)
        self.socket.setsockopt(zmq.HEARTBEAT_TTL, 3000)
        self.socket.connect(self.endpoint)

    def reconnect(self):
        """Leaves a connection that seems dead for a new one, under the same identity."""
        self.socket.close(linger=0)
        self.connect()

    def request(self, method, params, budget_us=None, attempt=None, msgid=None):
        """The frame of a request; returns it and its msgid."""
        if msgid is None:
            msgid = self.next_msgid
            self.next_msgid = (self.next_msgid + 1) % 2**32
        frame = [REQUEST, msgid, method, params]
        if attempt is not None:
            frame += [budget_us or 0, attempt]
        elif budget_us is not None:
            frame += [budget_us]
        return msgid, msgpack.packb(frame)

    def send(self, *frames):
        self.socket.send(b"".join(frames))

    def notify(self, method, params):
        self.send(msgpack.packb([NOTIFICATION, method, params]))

    def receive(self, msgid, seconds=5.0):
        """The result of a call: raises RemoteError for the server's error, TimeoutError where none came."""
        deadline = time.monotonic() + seconds
        while msgid not in self.replies:
            left = deadline - time.monotonic()
            if left <= 0 or not self.socket.poll(left * 1000):
                raise TimeoutError(f"no reply within {seconds} s")
            self.messages += 1
            for kind, number, error, result in read_frames(self.socket.recv()):
                if kind == RESPONSE:
                    self.replies[number] = (error, result)
        error, result = self.replies.pop(msgid)
        if error is not None:
            raise RemoteError(*error)
        return result

    def call(self, method, *params, seconds=5.0):
        """Calls a method with values. One bytes object is what a raw method takes."""
        msgid, frame = self.request(method, list(params), budget_us=int(seconds * 1e6))
        self.send(frame)
        return self.receive(msgid, seconds)


# The commands.


def many(client, method, count):
    calls = [client.request(method, [b"%d" % number]) for number in range(count)]
    client.send(*[frame for _, frame in calls])
    replies = [client.receive(msgid) for msgid, _ in calls]
    return {"own": replies == [b"%d" % number for number in range(count)], "messages": client.messages}


def cancel(client, method):
    msgid, frame = client.request(method, [])
    client.send(frame)
    client.notify("$/cancel", [msgid])
    # Frames of a connection are read in order: once this is answered, the cancellation was read.
    client.call("echo", b"")
    try:
        return {"result": client.receive(msgid, seconds=0.2)}
    except TimeoutError:
        return {"result": "nothing"}


def resend(client, method, params):
    msgid, frame = client.request(method, params, budget_us=5_000_000, attempt=1)
    client.send(frame)
    first = client.receive(msgid)
    client.reconnect()
    _, frame = client.request(method, params, budget_us=5_000_000, attempt=2, msgid=msgid)
    client.send(frame)
    return {"first": first, "second": client.receive(msgid)}


def body(client, text, count):
    client.send(bytes.fromhex(text))
    frames = []
    while len(frames) < count and client.socket.poll(5000):
        frames += read_frames(client.socket.recv())
    return {"frames": frames}


def main(endpoint, command, method, *rest):
    client = Client(endpoint)
    try:
        if command == "raw":
            answer = {"result": client.call(method, bytes.fromhex(rest[0]))}
        elif command == "call":
            answer = {"result": client.call(method, *map(json.loads, rest))}
        elif command == "budget":
            msgid, frame = client.request(method, [], budget_us=int(rest[0]), attempt=int(rest[1]))
            client.send(frame)
            answer = {"result": client.receive(msgid)}
        elif command == "many":
            answer = many(client, method, int(rest[0]))
        elif command == "cancel":
            answer = cancel(client, method)
        elif command == "resend":
            answer = resend(client, method, list(map(json.loads, rest)))
        elif command == "body":
            answer = body(client, method, int(rest[0]))
        else:
            sys.exit(__doc__)
    except RemoteError as error:
        answer = {"error": [error.code, error.message]}
    print(json.dumps(answer, default=bytes.hex, sort_keys=True))


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
