"""The Celery app that the tests of the peers run."""

import os
import sys
import time

from celery import Celery

app = Celery("peer_tasks", broker=os.environ["BROKER"], backend=os.environ["BROKER"])


class Odd(ValueError):
    """Raised by the tests."""


@app.task
def add(x, y):
    return x + y


@app.task
def say(words):
    print("heard " + words, flush=True)


@app.task(acks_late=True)
def hold(path):
    """Says that it runs, then goes on until the file is there."""
    print("holding", flush=True)
    while not os.path.exists(path):
        time.sleep(0.01)
    print("let go", flush=True)


print("noise at import")
print("noise at import, on the other stream", file=sys.stderr)
