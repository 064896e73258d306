"""The Python twins of the Java samples.

Run them from this folder with a Python that has Celery:

    REDIS_URL=redis://localhost:6379/0 celery -A tasks worker -Q python
"""

import os
import time

from celery import Celery

url = os.environ.get("REDIS_URL", "redis://localhost:6379/0")
app = Celery("samples", broker=url, backend=url)
app.conf.task_default_queue = "python"
app.conf.broker_connection_retry_on_startup = True


@app.task(name="samples.add")
def add(x, y):
    return x + y


@app.task(name="samples.echo")
def echo(value):
    return value


@app.task(name="samples.sleep")
def sleep(seconds):
    time.sleep(seconds)
    return seconds


@app.task(name="samples.now")
def now():
    return time.time()


@app.task(name="samples.fail")
def fail(message):
    raise ValueError(message)
