"""The tasks of the benchmarks, as BenchTasks.java has them."""

import logging
import math
import os
import socket
import time

from celery import Celery

url = os.environ["REDIS_URL"]
app = Celery("bench", broker=url, backend=url)
app.conf.broker_connection_retry_on_startup = True

# a line for each task would be part of what is measured
for name in ("celery.worker.strategy", "celery.app.trace"):
    logging.getLogger(name).setLevel(logging.CRITICAL)


@app.task(name="bench.nothing")
def nothing(payload):
    return None


@app.task(name="bench.clock")
def clock():
    return time.time()


@app.task(name="bench.who")
def who():
    return ["python", time.time()]


@app.task(name="bench.sleep")
def sleep(seconds):
    time.sleep(seconds)


@app.task(name="bench.hang")
def hang():
    while True:
        time.sleep(3600)


@app.task(name="bench.burn")
def burn(seconds):
    end = time.monotonic() + seconds
    value = 1.0
    while time.monotonic() < end:
        for i in range(1000):
            value = math.sqrt(value + i)
    return value


@app.task(name="bench.fail")
def fail():
    raise ValueError("as it was told")


@app.task(name="bench.allocate")
def allocate(mebibytes):
    kept = [b""] * 8
    for i in range(mebibytes):
        kept[i % 8] = bytearray(1 << 20)
    return len(kept[0])


@app.task(
    name="bench.call",
    autoretry_for=(OSError,),
    max_retries=3,
    retry_backoff=1,
    retry_jitter=False,
)
def call(port):
    with socket.create_connection(("127.0.0.1", port), timeout=1) as dependency:
        answer = dependency.recv(1)
    if not answer:
        raise OSError("the dependency hung up")
    return answer[0]
