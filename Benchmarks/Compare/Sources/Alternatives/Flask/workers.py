# One worker on Flask, as a user writes it: gunicorn imports it. The lists are in SQLite, which all workers have open; with
# IDEMPOTENT=yes each job's position is kept in the transaction of its effect.
import os
import sqlite3
import struct
import threading
from fcntl import LOCK_EX, LOCK_UN, flock

from flask import Flask, Response, request

app = Flask(__name__)
IDEMPOTENT = os.environ.get("IDEMPOTENT") == "yes"
SCHEMA = """
CREATE TABLE IF NOT EXISTS lists (key TEXT, position INTEGER, value INTEGER, PRIMARY KEY (key, position)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS jobs (job TEXT PRIMARY KEY, position INTEGER) WITHOUT ROWID;
"""
local = threading.local()
turn = threading.Lock()
# SQLite's own way of waiting for another process is to sleep and try again.
processes = open("lists.lock", "w")


class Turn:
    def __enter__(self):
        turn.acquire()
        flock(processes, LOCK_EX)

    def __exit__(self, *_):
        flock(processes, LOCK_UN)
        turn.release()


def database():
    if not hasattr(local, "database"):
        with Turn():
            opened = sqlite3.connect("lists.db", timeout=20, isolation_level=None)
            opened.execute("PRAGMA journal_mode=WAL")
            opened.execute("PRAGMA synchronous=FULL")
            opened.executescript(SCHEMA)
        local.database = opened
    return local.database


@app.post("/append/<key>")
def append(key):
    value, job = int(request.get_data()), request.headers["Idempotency-Key"]
    db = database()
    with Turn():
        db.execute("BEGIN IMMEDIATE")
        try:
            done = db.execute("SELECT position FROM jobs WHERE job=?", (job,)).fetchone() if IDEMPOTENT else None
            if done:
                position = done[0]
            else:
                (position,) = db.execute("SELECT count(*) FROM lists WHERE key=?", (key,)).fetchone()
                db.execute("INSERT INTO lists VALUES (?, ?, ?)", (key, position, value))
                if IDEMPOTENT:
                    db.execute("INSERT INTO jobs VALUES (?, ?)", (job, position))
            db.execute("COMMIT")
        finally:
            if db.in_transaction:
                db.execute("ROLLBACK")
    return Response(b"%d" % position, mimetype="text/plain")


@app.get("/list/<key>")
def read(key):
    values = [row[0] for row in database().execute("SELECT value FROM lists WHERE key=? ORDER BY position", (key,))]
    return Response(struct.pack("<%dq" % len(values), *values), mimetype="application/octet-stream")
