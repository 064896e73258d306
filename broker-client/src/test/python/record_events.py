"""Records the events that a real Celery client and worker publish, as files the Java tests read.

    python record_events.py redis://127.0.0.1:6399/0 ../resources

Run it with a Python that has Celery, against a Redis whose database may be flushed. It starts a
worker with ``-E``, sends it tasks of every fate, and writes ``wire/celery-<version>/events/``:
``<kind>.json`` is the body of one event,
with a suffix where the task's fate is not the usual one, ``<kind>.envelope.json`` the whole message of those that
are published on their own, and ``task-multi.envelope.json`` one message of buffered events.

Ids of tasks are fixed; times, clocks and process ids are those of the run.
"""
import base64
import json
import os
import re
import socket
import subprocess
import sys
import time
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

# before anything else is imported, as celery and kombu keep copies of it
socket.gethostname = lambda: "client1"

import celery  # noqa: E402
import redis  # noqa: E402
from celery import Celery  # noqa: E402
from celery.exceptions import Reject  # noqa: E402

URL = os.environ.get("EVENTS_URL") or sys.argv[1]
app = Celery("record_events", broker=URL, backend=URL)
app.conf.broker_connection_retry_on_startup = True
app.conf.task_default_queue = "events"


@app.task(name="acme.add")
def add(x, y):
    return x + y


@app.task(name="acme.long_text")
def long_text():
    return "it's long " * 300


@app.task(name="acme.fail")
def fail():
    raise ValueError("kaput", 7)


@app.task(name="acme.retry", bind=True, max_retries=1)
def retry(self, with_cause):
    if self.request.retries:
        return "at last"
    raise self.retry(exc=KeyError("k") if with_cause else None, countdown=0)


@app.task(name="acme.reject", acks_late=True)
def reject(requeue):
    raise Reject("no", requeue=requeue)


@app.task(name="acme.sleep")
def sleep(seconds):
    time.sleep(seconds)


def task_id(number):
    return str(uuid.UUID(int=number, version=4))


KINDS = {}

# which events differ by what befalls a task
TOLD_BY_FATE = {"task-succeeded", "task-failed", "task-retried", "task-revoked"}


def calls():
    """What is sent, and what its events are called."""
    number = iter(range(1, 100))

    def call(name, suffix, **options):
        ident = task_id(next(number))
        KINDS[ident] = suffix
        app.send_task(name, task_id=ident, **options)
        return ident

    now = datetime.now(timezone.utc)
    call("acme.add", "", args=(2,), kwargs={"y": 3}, shadow="shown as this", priority=3,
         eta=now - timedelta(seconds=5), expires=now + timedelta(hours=1), root_id=task_id(98),
         parent_id=task_id(99))
    call("acme.long_text", "-long")
    call("acme.fail", "")
    call("acme.nowhere", "-unknown")
    call("acme.retry", "", args=(True,))
    call("acme.retry", "-without-cause", args=(False,))
    call("acme.reject", "", args=(False,))
    call("acme.add", "-expired", args=(1, 1), expires=now - timedelta(seconds=5))
    call("acme.sleep", "-timeout", args=(30,), time_limit=1)
    revoked = call("acme.add", "-revoked", args=(1, 1), countdown=3)
    app.control.revoke(revoked)
    terminated = call("acme.sleep", "-terminated", args=(30,))
    time.sleep(6)
    app.control.revoke(terminated, terminate=True)
    time.sleep(3)


def body(envelope):
    return json.loads(base64.b64decode(envelope["body"]))


def record(folder):
    server = redis.Redis.from_url(URL)
    server.flushdb()
    ears = server.pubsub()
    ears.psubscribe("/*.celeryev/*")
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "record_events", "worker", "-E", "-c", "1",
         "-n", "worker@host1", "-Q", "events", "-l", "WARNING"],
        env={**os.environ, "EVENTS_URL": URL}, cwd=Path(__file__).parent)
    app.conf.task_send_sent_event = True
    try:
        time.sleep(8)
        calls()
    finally:
        worker.terminate()
        worker.wait(60)
    time.sleep(1)
    folder.mkdir(parents=True, exist_ok=True)
    seen = set()
    while (message := ears.get_message(timeout=1)) is not None:
        if message["type"] == "pmessage":
            write(folder, message["channel"].decode(), message["data"], seen)
    server.flushdb()
    print(sorted(seen))


def without_paths(event):
    """A traceback names files of the machine that recorded it."""
    if "traceback" in event:
        event["traceback"] = re.sub(r'File "[^"]*/', 'File "', event["traceback"])
    return event


def write(folder, channel, raw, seen):
    envelope = json.loads(raw)
    key = envelope["properties"]["delivery_info"]["routing_key"]
    assert channel.endswith("celeryev/" + key), (channel, key)
    content = body(envelope)
    several = isinstance(content, list)
    if not several or (len(content) > 1 and not any("traceback" in event for event in content)):
        once(folder, ("task-multi" if several else content["type"]) + ".envelope", raw, seen)
    for event in content if several else [content]:
        fate = KINDS.get(event.get("uuid"), "")
        if not fate or event["type"] in TOLD_BY_FATE:
            text = json.dumps(without_paths(event), indent=2) + "\n"
            once(folder, event["type"] + fate, text.encode(), seen)


def once(folder, kind, content, seen):
    if kind not in seen:
        seen.add(kind)
        (folder / f"{kind}.json").write_bytes(content)


if __name__ == "__main__":
    record(Path(sys.argv[2]) / "wire" / f"celery-{celery.__version__}" / "events")
