# What a user writes for the service on Flask: gunicorn imports it. Calls keep nothing. Jobs are rows in SQLite, and the record of
# each client's last job of a key is written in the same transaction, so that a resend is told from a new job.
#
# A connection to SQLite must not be inherited by a fork, so each of gunicorn's processes opens its own when its first job comes. The
# lock on a file is there because SQLite's own way of waiting for another process is to sleep and try again.
import os
import sqlite3
import threading
from fcntl import LOCK_EX, LOCK_UN, flock

from flask import Flask, Response, request

app = Flask(__name__)


# begin calls
@app.post("/echo")
def echo():
    return Response(request.get_data(), mimetype="application/octet-stream")
# end calls


# begin jobs
KEEPS_ALL_VALUES = os.environ.get("KEEPS_ALL_VALUES") == "yes"
SCHEMA = """
CREATE TABLE IF NOT EXISTS keys (key TEXT PRIMARY KEY, count INTEGER, newest BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS done (key TEXT, client TEXT, job INTEGER, position INTEGER, PRIMARY KEY (key, client)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kept (key TEXT, position INTEGER, value BLOB, PRIMARY KEY (key, position));
"""
opening = threading.Lock()
turn = threading.Lock()
state = None


def connect():
    global state
    with opening:
        if state is None:
            lock = open("jobs.lock", "w")
            flock(lock, LOCK_EX)
            database = sqlite3.connect("jobs.db", timeout=20, isolation_level=None, check_same_thread=False)
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=FULL")
            database.executescript(SCHEMA)
            flock(lock, LOCK_UN)
            state = database, lock
    return state


@app.post("/append/<key>")
def append(key):
    client, _, job = request.headers["Idempotency-Key"].rpartition("/")
    job, value = int(job), request.get_data()
    database, lock = state or connect()
    with turn:
        flock(lock, LOCK_EX)
        try:
            database.execute("BEGIN IMMEDIATE")
            done = database.execute("SELECT job, position FROM done WHERE key=? AND client=?", (key, client)).fetchone()
            if done and done[0] == job:
                position = done[1]
            else:
                (position,) = database.execute(
                    "INSERT INTO keys VALUES (?, 1, ?) "
                    "ON CONFLICT (key) DO UPDATE SET count = count + 1, newest = excluded.newest RETURNING count - 1",
                    (key, value),
                ).fetchone()
                database.execute("INSERT OR REPLACE INTO done VALUES (?, ?, ?, ?)", (key, client, job, position))
                if KEEPS_ALL_VALUES:
                    database.execute("INSERT INTO kept VALUES (?, ?, ?)", (key, position, value))
            database.execute("COMMIT")
        finally:
            if database.in_transaction:
                database.execute("ROLLBACK")
            flock(lock, LOCK_UN)
    return Response(b"%d" % position, mimetype="text/plain")
# end jobs
