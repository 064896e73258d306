"""The Python side of the fault harness: its task, and its producer."""

import os
import time

from celery import Celery

url = os.environ["REDIS_URL"]
visibility_timeout = float(os.environ["FAULTS_VISIBILITY_TIMEOUT"])

producing = bool(os.environ.get("FAULTS_PRODUCER"))

# a producer that waits for no result needs no backend, and its subscriptions would slow it down
app = Celery("faults", broker=url, backend=None if producing else url)
app.conf.result_expires = 3600
app.conf.task_default_queue = "python"
app.conf.task_acks_late = os.environ.get("FAULTS_ACKS") == "late"
app.conf.worker_prefetch_multiplier = 1
app.conf.broker_connection_retry_on_startup = True
# The shortest restore that kombu 5.7 offers. By default it looks every 100 seconds, and a worker
# that dies within a look keeps the others from looking for 300.
app.conf.broker_transport_options = {
    "visibility_timeout": visibility_timeout,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
    "unacked_mutex_expire": 5,
}
if producing:
    timeout = float(os.environ["FAULTS_SOCKET_TIMEOUT"])
    app.conf.broker_transport_options.update(socket_timeout=timeout, socket_connect_timeout=timeout)

_journal = None


def note(what, first, second):
    """One line is one write to the end of a file, so it outlives this process."""
    global _journal
    if _journal is None:
        path = os.path.join(os.environ["FAULTS_JOURNALS"], os.environ["FAULTS_WORKER"] + ".journal")
        _journal = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    os.write(_journal, ("%s %s %s\n" % (what, first, second)).encode("ascii"))


def now():
    return int(time.time() * 1000)


@app.task(name="faults.work", bind=True)
def work(self, millis):
    note("B", self.request.id, now())
    time.sleep(millis / 1000)
    note("E", self.request.id, now())
    return self.request.id


def produce(jobs):
    """Sends each job; says of each when it was sent and whether the broker confirmed it."""
    told = []
    for job in jobs:
        began = now()
        try:
            work.apply_async(
                (job["millis"],),
                task_id=job["id"],
                queue=job["queue"],
                priority=job["priority"],
                countdown=job["countdown"] or None,
            )
            sent = True
        except Exception:  # whatever it is, the task may be there or not
            sent = False
        told.append({"id": job["id"], "from": began, "to": now(), "sent": sent})
    return told
