"""The Python side of the integration tests."""

import json
import os
import time

from celery import Celery

url = os.environ["REDIS_URL"]
app = Celery("interop", broker=url, backend=os.environ.get("RESULTS_URL", url))
app.conf.task_default_queue = "python"
app.conf.broker_connection_retry_on_startup = True
app.conf.worker_prefetch_multiplier = 1
app.conf.broker_transport_options = {
    "visibility_timeout": float(os.environ.get("VISIBILITY_TIMEOUT", "3600")),
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
    **json.loads(os.environ.get("BROKER_OPTIONS", "{}")),
}
app.conf.result_backend_transport_options = json.loads(os.environ.get("RESULT_OPTIONS", "{}"))


def log(key, value):
    """Notes that something ran, where every peer can count it."""
    with app.pool.acquire(block=True) as connection:
        connection.default_channel.client.rpush(key, value)


@app.task(name="interop.add")
def add(x, y):
    return x + y


@app.task(name="interop.echo")
def echo(value=None, **named):
    return {"value": value, **named} if named else value


@app.task(name="interop.describe")
def describe(*args, **kwargs):
    return repr((args, kwargs))


@app.task(name="interop.fail")
def fail(message, code):
    raise ValueError(message, code)


class Odd(Exception):
    """An exception only this module knows."""


@app.task(name="interop.odd")
def odd():
    raise Odd("unlike others")


@app.task(name="interop.quiet", ignore_result=True)
def quiet(key):
    log(key, "quiet")
    return "nobody reads this"


@app.task(name="interop.mark", acks_late=True)
def mark(key, value, seconds=0):
    if seconds:
        time.sleep(seconds)
    log(key, value)
    return value


@app.task(name="interop.note")
def note(value, key):
    log(key, value)


@app.task(name="interop.request", bind=True)
def request(self):
    r = self.request
    return {
        "id": r.id,
        "root_id": r.root_id,
        "parent_id": r.parent_id,
        "retries": r.retries,
        "origin": r.origin,
        "reply_to": r.reply_to,
        "correlation_id": r.correlation_id,
        "argsrepr": r.argsrepr,
        "kwargsrepr": r.kwargsrepr,
        "priority": r.delivery_info["priority"],
        "routing_key": r.delivery_info["routing_key"],
        "exchange": r.delivery_info["exchange"],
        "timelimit": r.timelimit,
        "headers": {k: v for k, v in (r.headers or {}).items() if k.startswith("x-")},
    }


@app.task(name="corpus.echo")
def corpus_echo(x):
    return x


@app.task(name="interop.stamped", bind=True)
def stamped(self):
    return {
        "names": self.request.stamped_headers,
        "stamps": self.request.stamps,
        "headers": dict(self.request.headers or {}),
    }


@app.task(name="interop.failed", bind=True)
def failed(self, task_id, key):
    """An errback that wants the id alone, wherever it is called from: bound tasks get nothing else."""
    log(key, task_id)


@app.task(name="interop.linked")
def linked(*args):
    log("linked", json.dumps(args))


@app.task(name="interop.tenant", bind=True)
def tenant(self):
    """A header of the sender's own: as an attribute of the request, and among its headers."""
    return [getattr(self.request, "x_tenant", None), (self.request.headers or {}).get("x_tenant")]


@app.task(name="interop.again", bind=True, acks_late=True)
def again(self):
    return self.request.delivery_info["redelivered"]
