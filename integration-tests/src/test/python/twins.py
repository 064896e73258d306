"""A dozen tasks that exist in Python and in Java under the same names, and a client's view of them."""

import json
import os
import re
import time

from celery import Celery
from celery.exceptions import Ignore, IncompleteStream, Reject, SoftTimeLimitExceeded
from kombu import Queue

url = os.environ["REDIS_URL"]
app = Celery("twins", broker=url, backend=url)
app.conf.task_default_queue = "python"
app.conf.broker_connection_retry_on_startup = True
app.conf.worker_prefetch_multiplier = 1
app.conf.task_acks_late = True
app.conf.broker_transport_options = {"unacked_restore_interval": 1, "unacked_restore_throttle": 1}


app.conf.update(json.loads(os.environ.get("TWIN_OPTIONS", "{}")))
if not app.conf.task_create_missing_queues:
    app.conf.task_queues = [Queue("python"), Queue("java")]


class OutOfStock(Exception):
    """An error that both sides know by name."""


@app.task(name="twin.add")
def add(x, y):
    return x + y


@app.task(name="twin.fail")
def fail(message):
    raise ValueError(message)


@app.task(name="twin.out_of_stock")
def out_of_stock(article, wanted):
    raise OutOfStock(article, wanted)


@app.task(name="twin.retry", bind=True)
def retry(self, times):
    if self.request.retries < times:
        raise self.retry(countdown=0, exc=KeyError("again"))
    r = self.request
    return {
        "id": r.id,
        "root": r.root_id,
        "retries": r.retries,
        "headers": {k: v for k, v in (r.headers or {}).items() if k.startswith("x-")},
        "priority": r.delivery_info["priority"],
        "timelimit": r.timelimit,
        "expires": r.expires is not None,
        "group": r.group,
        "stamps": r.stamps,
        "correlation": r.correlation_id == r.id,
    }


@app.task(name="twin.waiting", bind=True)
def waiting(self):
    raise self.retry(countdown=3600, exc=OutOfStock("sku-1", 3))


@app.task(name="twin.handover", bind=True)
def handover(self, by):
    if self.request.retries == 0:
        raise self.retry(countdown=10)
    return [by, "python", self.request.retries, self.request.expires is not None]


@app.task(name="twin.changed", bind=True)
def changed(self, x, y=None):
    raise self.retry(args=(x + 1,), kwargs={"y": "new"}, queue="retried", countdown=3600, max_retries=5)


@app.task(name="twin.exhausted", bind=True)
def exhausted(self):
    raise self.retry(countdown=0, max_retries=1)


@app.task(name="twin.exhausted_with_cause", bind=True, max_retries=1)
def exhausted_with_cause(self):
    raise self.retry(countdown=0, exc=ValueError("gave up"))


@app.task(
    name="twin.auto",
    bind=True,
    autoretry_for=(ValueError,),
    retry_backoff=True,
    retry_backoff_max=1,
    retry_jitter=False,
    max_retries=2,
)
def auto(self, succeed_at):
    if self.request.retries < succeed_at:
        raise ValueError("not yet")
    return self.request.retries


@app.task(name="twin.ignored", bind=True)
def ignored(self):
    self.update_state(state="PROGRESS", meta={"done": 3, "of": 10})
    raise Ignore()


@app.task(name="twin.reject")
def reject():
    raise Reject("not mine", requeue=False)


@app.task(name="twin.soft", soft_time_limit=1)
def soft(catch):
    try:
        time.sleep(60)
    except SoftTimeLimitExceeded:
        if catch:
            return "cleaned up"
        raise


@app.task(name="twin.sleep")
def sleep(seconds):
    time.sleep(seconds)
    return "slept"


@app.task(name="twin.unencodable")
def unencodable():
    return object()


@app.task(name="twin.quiet", ignore_result=True, store_errors_even_if_ignored=True)
def quiet(fails):
    if fails:
        raise ValueError("loud")
    return "nobody reads this"


@app.task(name="twin.parent", bind=True)
def parent(self):
    return twin(self, "twin.child").id


@app.task(name="twin.child", bind=True)
def child(self):
    return [self.request.root_id, self.request.parent_id]


@app.task(name="twin.sends", bind=True)
def sends(self):
    own, queue = self.request.id, self.request.delivery_info["routing_key"]
    app.send_task("twin.add", (1, 2), task_id=own + ".1", queue=queue)
    app.send_task("twin.add", (0, 0), task_id=own + ".hidden", queue=queue, add_to_parent=False)
    app.send_task("twin.parent", task_id=own + ".2", queue=queue)
    return 40


@app.task(name="twin.priority", bind=True)
def priority(self):
    return self.request.delivery_info["priority"]


@app.task(name="twin.relay", bind=True)
def relay(self):
    own, queue = self.request.id, self.request.delivery_info["routing_key"]
    app.send_task("twin.priority", task_id=own + ".plain", queue=queue)
    app.send_task("twin.priority", task_id=own + ".own", queue=queue, priority=2)
    app.send_task("twin.priority", task_id=own + ".first", queue=queue, priority=0)
    app.send_task("twin.priority", task_id=own + ".half", queue=queue, parent_id="p")
    app.send_task("twin.priority", task_id=own + ".adopted", queue=queue, parent_id="p", root_id="r")


def twin(task, name):
    """Sends a follow-up to the queue the task itself came from."""
    queue = task.request.delivery_info["routing_key"]
    return app.send_task(name, queue=queue, ignore_result=None)


def settled(result, state):
    """Waits until a result has this state."""
    deadline = time.time() + 40
    while result.state != state:
        if time.time() > deadline:
            raise AssertionError(f"{result.id} is {result.state}, not {state}")
        time.sleep(0.02)
    return result


def view(queue, name, args=(), kwargs=None, until=None, **options):
    """What a client sees of one call: state, value or exception, and what is stored besides."""
    result = app.send_task(name, args, kwargs, queue=queue, **options)
    if until:
        settled(result, until)
        value = result.result
    else:
        value = result.get(timeout=40, propagate=False)
    meta = result._get_task_meta()
    if isinstance(value, BaseException):
        seen = [type(value).__module__, type(value).__name__, [str(a) for a in value.args]]
    else:
        seen = value
    stored = {key: meta.get(key) is not None for key in ("traceback", "date_done")}
    stored["children"] = meta.get("children")
    return repr([result.state, seen, stored]).replace(result.id, "<id>")


def offspring(queue, name, *callbacks):
    """What a client sees of a task that sends others, and is followed by callbacks and a chain."""
    first = app.signature("twin.sends", task_id=f"{queue}.{name}", queue=queue)
    first.set(link=[app.signature("twin.add", (n,), queue=queue, **options) for n, options in callbacks])
    last = (first | app.signature("twin.add", (100,), queue=queue)).apply_async()
    result = last.parent
    last.get(timeout=40)
    deadline = time.time() + 40
    while True:
        try:
            seen = [value for _, value in result.collect(timeout=40)]
            break
        except IncompleteStream:
            if time.time() > deadline:
                raise
            time.sleep(0.02)
    stored = json.loads(app.backend.get(app.backend.get_key_for_task(result.id)))["children"]
    ids = {}
    return re.sub(
        "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        lambda id: ids.setdefault(id.group(), f"<id {len(ids)}>"),
        repr([stored, result.children, seen, result.get_leaf()]),
    ).replace(queue, "<queue>")


def step(task, *args, **options):
    return app.signature(task, args, immutable=True, **options)


def priorities(queue):
    """The priorities of all that comes of tasks of priority 5."""

    def asked(name, **options):
        return step("twin.priority", task_id=f"{queue}.{name}", queue=queue, **options)

    app.send_task("twin.relay", task_id=queue, queue=queue, priority=5)
    (asked("c1", priority=5) | asked("c2") | asked("c3", priority=1)).apply_async()
    asked("alone", priority=5).apply_async(link=asked("linked", priority=3))
    asked("many", priority=5).apply_async(link=[asked("l1"), asked("l2", priority=3)])
    errbacks = [asked("e1"), asked("e2", priority=4)]
    app.send_task("twin.fail", ("x",), queue=queue, priority=5, link_error=errbacks)
    names = "plain own first half adopted c1 c2 c3 linked l1 l2 e1 e2".split()
    return {name: app.AsyncResult(f"{queue}.{name}").get(timeout=40) for name in names}


def send_much(queue):
    """A retry, callbacks, a chain and an errback, all of one root."""
    last = step("twin.fail", "x", queue=queue, link_error=step("twin.priority", queue=queue))
    first = step("twin.retry", 1, queue=queue)
    first.set(link=[step("twin.add", 1, 1, queue=queue), step("twin.add", 2, 2, queue=queue)])
    sent = (first | step("twin.add", 3, 3, queue=queue) | last).apply_async(root_id="root-" + queue)
    sent.get(timeout=40, propagate=False)


def family(queue):
    """A task that sends another: what the child knows of its parents, and the parent of its child."""
    result = app.send_task("twin.parent", queue=queue)
    child_id = result.get(timeout=40)
    roots = app.AsyncResult(child_id).get(timeout=40)
    children = [c.id for c in result.children]
    return [roots == [result.id, result.id], children == [child_id]]
