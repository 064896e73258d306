"""Records what real Celery and Python write, as files the Java tests read.

    python record_fixtures.py redis://127.0.0.1:6399/0 ../resources

Run it with a Python that has Celery, against a Redis whose database may be flushed. It writes
``wire/celery-<version>/``: messages as they lie in the queue's list, and result metas as they are
stored. With Celery 5.7 it also writes ``python/``: texts of ``json.dumps``, ``repr(float)``,
``saferepr`` and kombu's reading of URLs; with an older one it compares its ``saferepr`` with those.

Two runs give the same bytes: ids, host name, process id and clock are fixed.
"""
import os
import random
import socket
import sys
import uuid
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path

SEED = 57
NOW = datetime(2026, 11, 21, 23, 3, 13, 614765, tzinfo=timezone.utc)
ids = random.Random(SEED)

# before anything else is imported, as celery and kombu keep copies of these
socket.gethostname = lambda: "client1"
os.getpid = lambda: 4242
uuid.uuid4 = lambda: uuid.UUID(int=ids.getrandbits(128), version=4)

import json  # noqa: E402
import math  # noqa: E402
import struct  # noqa: E402
import traceback  # noqa: E402
from types import SimpleNamespace  # noqa: E402

import celery  # noqa: E402
import celery.backends.base  # noqa: E402
import redis  # noqa: E402
from celery import Celery, chain, chord, group  # noqa: E402
from celery.app.task import Context  # noqa: E402
from celery.utils.saferepr import saferepr  # noqa: E402
from celery.utils.serialization import UnpickleableExceptionWrapper  # noqa: E402
from kombu import Connection, Queue  # noqa: E402
from kombu.transport.redis import Channel  # noqa: E402

VERSION = tuple(int(part) for part in celery.__version__.split(".")[:2])
MARKS_TYPES = VERSION >= (5, 3)  # kombu 5.3's {"__type__": ..., "__value__": ...}
STAMPS = VERSION >= (5, 3)


class FixedApp(Celery):
    """A client whose clock stands still and whose address is always the same."""

    thread_oid = oid = "b5de9563-50c1-3aa7-9c2b-4bfca8e21007"

    def now(self):
        return NOW


class FixedDatetime(datetime):
    """The clock of Celery before 5.5, which stores results by ``datetime.utcnow()``."""

    @classmethod
    def utcnow(cls):
        return NOW.replace(tzinfo=None)


celery.backends.base.datetime = FixedDatetime

URL, RESOURCES = sys.argv[1], Path(sys.argv[2])
WIRE = RESOURCES / "wire" / f"celery-{celery.__version__}"
PYTHON = RESOURCES / "python"

server = redis.Redis.from_url(URL)
app = FixedApp("fixtures", broker=URL, backend=URL)


@app.task(name="acme.add")
def add(*args, **kwargs):
    pass


@app.task(name="acme.mul")
def mul(*args, **kwargs):
    pass


@app.task(name="acme.on_error")
def on_error(*args, **kwargs):
    pass


def task_id(number):
    return str(uuid.UUID(int=number, version=4))


# --- messages -----------------------------------------------------------------------------------

def lists():
    keys = sorted(key for key in server.keys("celery*") if server.type(key) == b"list")
    return [raw for key in keys for raw in reversed(server.lrange(key, 0, -1))]


def record_messages():
    folder = WIRE / "messages"
    folder.mkdir(parents=True, exist_ok=True)
    for number, (name, send) in enumerate(calls().items(), start=1):
        server.flushdb()
        send(task_id(number))
        raws = lists()
        for place, raw in enumerate(raws):
            file = name if len(raws) == 1 else f"{name}-{place}"
            (folder / f"{file}.json").write_bytes(raw)
    app.conf.task_protocol = 2
    record_held_message()


def calls():
    def call(args=(), kwargs=None, **options):
        return lambda id: add.apply_async(args, kwargs, task_id=id, **options)

    east = timezone(timedelta(hours=5, minutes=30))
    typed = [
        datetime(2024, 1, 2, 3, 4, 5, 678901, tzinfo=timezone.utc),
        datetime(2024, 1, 2, 3, 4, 5),
        datetime(2024, 1, 2, 3, 4, 5, 120000, tzinfo=east),
        date(2024, 2, 29),
        time(3, 4, 5),
        time(3, 4, 5, 6),
        Decimal("1.50"),
        Decimal("-1E+3"),
        uuid.UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
    ]
    if MARKS_TYPES:
        typed += [time(3, 4, 5, tzinfo=east), "bytes of UTF-8 \u00e9".encode(), b"\xff\x00\x80"]

    table = {
        "plain": call((2, 3)),
        "no-arguments": call(),
        "kwargs": call((2,), {"y": 3, "z": None, "flag": True}),
        "unicode": call(("h\u00e9llo", "\u65e5\u672c\u8a9e", "\U0001f600 and \U00010000",
                         "\x00\x1f\x7f\x80\u2028\uffff", "it's \"quoted\" \\ \b\f\n\r\t/"),
                        {"\u043a\u043b\u044e\u0447": "\u0436"}),
        "lone-surrogates": call(("\ud800", "a\udfffb"),),
        "integers": call((0, -1, 2**31 - 1, 2**31, -2**31 - 1, 2**53 + 1, 2**63 - 1, 2**63,
                          -2**63 - 1, 10**99 + 7, -10**100)),
        "floats": call((1.0, -0.0, 0.1, 1e15, 1e16, 123456789012345680.0, 1e-5, 0.0001, 5e-324,
                        1.7976931348623157e308, 2 / 3, 100.0, 1e22)),
        "not-finite": call((math.nan, math.inf, -math.inf)),
        "nulls": call((None, True, False, [], {}, "")),
        "nested": call(([[1, [2, [3, [4, []]]]], {"a": {"b": {"c": {"d": [{}]}}}}],)),
        "typed": call(typed, {"nested": {"at": typed[0]}}),
        "long-arguments": call(("some words " * 300,), {"x": "y" * 3000}),
        "custom-headers": call(headers={"x-tenant": "t1", "x-nested": {"a": [1, None]}, "x-n": 7}),
        "ignore-result": call(ignore_result=True),
        "time-limits": call(time_limit=30, soft_time_limit=20.5),
        "shadow": call(shadow="acme.shown"),
        "retries": call(retries=2),
        "expired": call(expires=-5),
        "eta-naive": call(eta=datetime(2030, 1, 2, 3, 4, 5, 123456)),
        "eta-offset": call(eta=datetime(2030, 1, 2, 3, 4, 5, 123456, tzinfo=east)),
        "eta-whole-second": call(eta=datetime(2030, 1, 2, 3, 4, 5, tzinfo=timezone.utc)),
        "callbacks": call((1,), link=[mul.s(2).set(task_id=task_id(1001))],
                          link_error=on_error.si("x")),
        "workflow": send_workflow,
        "group": lambda id: group(
            add.s(place, place).set(task_id=task_id(1010 + place)) for place in range(2)
        ).apply_async(task_id=id),
        "chord": send_chord,
        "priority": call((1,), priority=9),
        "compressed": call(("x" * 50,), compression="zlib"),
    }
    if STAMPS:
        table["stamps"] = send_stamped
        table["decimals-not-finite"] = call(
            [Decimal(text) for text in ("NaN", "-sNaN12", "Infinity", "-Infinity")])
        table["typed-header"] = call(headers={"x-at": typed[0], "x-price": Decimal("1.50")})
    table["protocol-1"] = send_protocol_1
    return table


def send_workflow(id):
    """The worked example of the protocol reference."""
    chain(
        add.s(2, y=3).set(task_id=id),
        mul.s(10).set(task_id=task_id(1000)),
    ).apply_async(countdown=30, expires=600, priority=6, headers={"x-tenant": "t1"},
                  link_error=on_error.s())


def send_chord(id):
    chord(
        [add.s(place, place).set(task_id=task_id(1020 + place)) for place in range(2)],
        task_id=task_id(1029),
    )(mul.s().set(task_id=id))


def send_stamped(id):
    signature = add.s(1, 2).set(task_id=id)
    signature.stamp(region=["eu", "us"])
    signature.apply_async()


def send_protocol_1(id):
    app.conf.task_protocol = 1
    app.amqp.__dict__.pop("create_task_message", None)
    add.apply_async((2, 3), task_id=id)


def record_held_message():
    """One message as published, as kombu holds it, and as kombu gives it back."""
    app.amqp.__dict__.pop("create_task_message", None)
    folder = WIRE / "held"
    folder.mkdir(parents=True, exist_ok=True)
    server.flushdb()
    add.apply_async((2, {"redelivered": False, "headers": "{"}), task_id=task_id(999))
    (folder / "published.json").write_bytes(server.lindex("celery", 0))
    with app.connection_for_read() as connection:
        message = Queue("celery")(connection.default_channel).get(no_ack=False)
        (folder / "unacked.json").write_bytes(server.hgetall("unacked").popitem()[1])
        message.requeue()
    (folder / "restored.json").write_bytes(server.lindex("celery", 0))


# --- results ------------------------------------------------------------------------------------

class Outer:
    class Inner(Exception):
        pass


class Money:
    def __repr__(self):
        return "Money(3)"


class Unpickleable(Exception):
    def __reduce__(self):
        raise TypeError("never")


Outer.Inner.__module__ = Unpickleable.__module__ = "acme.errors"


def failed(exception):
    """The exception and its traceback, as if raised in a file of its own."""
    code = compile("def divide():\n    raise exception\n\ndivide()", "tasks.py", "exec")
    try:
        exec(code, {"exception": exception})
    except type(exception) as raised:
        frames = traceback.TracebackException.from_exception(raised)
        frames.stack[:] = [frame for frame in frames.stack if frame.filename == "tasks.py"]
        return raised, "".join(frames.format())


def record_results():
    folder = WIRE / "results"
    folder.mkdir(parents=True, exist_ok=True)
    server.flushdb()
    for number, (name, store) in enumerate(results().items(), start=1):
        id = task_id(number)
        store(id)
        (folder / f"{name}.json").write_bytes(server.get("celery-task-meta-" + id))


def results():
    backend = app.backend
    child = app.AsyncResult(task_id(2001), parent=app.AsyncResult(task_id(2000)))

    def request(id, **fields):
        return Context(id=id, **fields)

    def done(value, **fields):
        return lambda id: backend.mark_as_done(id, value, request=request(id, **fields))

    def failure(exception, **fields):
        def store(id):
            raised, text = failed(exception)
            backend.mark_as_failure(id, raised, traceback=text, request=request(id, **fields))
        return store

    def retry(id):
        raised, text = failed(ConnectionError("refused"))
        text += "\ncelery.exceptions.Retry: Retry in 3s: ConnectionError('refused')\n"
        backend.mark_as_retry(id, raised, traceback=text, request=request(id))

    def extended(id):
        app.conf.result_extended = True
        backend.mark_as_done(id, 5, request=request(
            id, task="acme.add", args=[2, 3], kwargs={"x": "\u00e9"}, hostname="w1@client1",
            retries=1, delivery_info={"exchange": "", "routing_key": "math"}))
        app.conf.result_extended = False

    def with_children(id):
        context = request(id)
        context.children.append(child)
        backend.mark_as_done(id, 5, request=context)

    table = {
        "success-number": done(5),
        "success-null": done(None),
        "success-text": done("h\u00e9llo \U0001f600"),
        "success-document": done({"items": [1, 2.5, {"a": None}], "empty": {}, "big": 10**30}),
        "success-not-finite": done([math.nan, math.inf, -math.inf]),
        "success-in-group": done(1, group=task_id(2002), parent_id=task_id(2003)),
        "success-with-children": with_children,
        "success-extended": extended,
        "failure": failure(ValueError("bad", 3)),
        "failure-in-group": failure(KeyError("k"), group=task_id(2002), parent_id=task_id(2003)),
        "failure-nested-class": failure(Outer.Inner("inside")),
        "failure-no-arguments": failure(ValueError()),
        "failure-unencodable-argument": failure(ValueError(Money(), "and text")),
        "failure-without-traceback": lambda id: backend.mark_as_failure(
            id, celery.exceptions.NotRegistered("acme.gone"), request=request(id)),
        "failure-unpickleable": lambda id: backend.mark_as_failure(
            id, UnpickleableExceptionWrapper.from_exception(Unpickleable("why", 7)),
            request=request(id)),
        "revoked": lambda id: backend.mark_as_revoked(id, "terminated", request=request(id)),
        "retry": retry,
        "retry-without-exception": lambda id: backend.mark_as_retry(
            id, None, request=request(id)),
        "started": lambda id: backend.mark_as_started(id, pid=4242, hostname="w1@client1"),
        "progress": lambda id: backend.store_result(id, {"done": 3, "of": 10}, "PROGRESS"),
    }
    if MARKS_TYPES:
        table["success-typed"] = done([NOW, Decimal("1.50"), b"\xff"])
        table["failure-typed-argument"] = failure(ValueError(Decimal("1.50"), date(2024, 2, 29)))
    return table


# --- texts of Python ----------------------------------------------------------------------------

def write_lines(name, lines):
    PYTHON.mkdir(parents=True, exist_ok=True)
    (PYTHON / name).write_text("".join(line + "\n" for line in lines), encoding="ascii")


def doubles(rng):
    """Bits and ``repr`` of doubles of all magnitudes."""
    values = [0.0, -0.0, math.nan, math.inf, -math.inf, 5e-324, 2.2250738585072014e-308,
              1.7976931348623157e308, 0.1, 0.3, 1e16, 1e15, 9999999999999998.0, 1e-4, 1e-5,
              9.5e-5, 2**53, 2**53 + 2, 2**63, 1e21, 1e22, 1e23, 2e-3, 9007199254740993.0]
    values += [count * 5e-324 for count in range(1, 60)]
    for exponent in range(-323, 309):
        power = float(f"1e{exponent}")
        values += [power, math.nextafter(power, math.inf), -math.nextafter(power, 0)]
    while len(values) < 3000:
        values.append(struct.unpack(">d", rng.getrandbits(64).to_bytes(8, "big"))[0])
    while len(values) < 4000:
        values.append(round(rng.uniform(-10**rng.randint(0, 8), 10**rng.randint(0, 8)),
                            rng.randint(0, 6)))
    while len(values) < 4500:
        values.append(float(rng.randint(-10**rng.randint(1, 20), 10**rng.randint(1, 20))))
    while len(values) < 5000:
        values.append(rng.uniform(-1, 1) * 10.0**rng.randint(-8, 18))
    for value in values:
        yield f"{struct.pack('>d', value).hex()}\t{json.dumps(float(value))}"


def strings(rng):
    """UTF-16 code units in hex, and the JSON text."""
    classes = [(0, 0x20), (0x20, 0x7f), (0x22, 0x23), (0x27, 0x28), (0x5c, 0x5d), (0x7f, 0xa0),
               (0xa0, 0x800), (0x800, 0xd800), (0xd800, 0xdc00), (0xdc00, 0xe000),
               (0xe000, 0x10000), (0x10000, 0x110000)]
    values = ["", "".join(map(chr, range(0x300))), "".join(map(chr, range(0xd7f0, 0xe010))),
              "".join(map(chr, range(0xffe0, 0x10010))), "\u2028\u2029\ufeff\ufffe\uffff"]
    for _ in range(300):
        values.append("".join(
            chr(rng.randrange(*rng.choice(classes))) for _ in range(rng.randint(0, 30))))
    for value in values:
        yield (value.encode("utf-16-be", "surrogatepass").hex() + "\t" + json.dumps(value))


def document(rng, depth):
    """A random JSON value."""
    kind = rng.randrange(11 if depth else 7)
    if kind == 0:
        return rng.choice([None, True, False])
    if kind == 1:
        return rng.randint(-1000, 1000)
    if kind == 2:
        return rng.randint(-10**rng.randint(1, 100), 10**rng.randint(1, 100))
    if kind == 3:
        return rng.uniform(-1, 1) * 10.0**rng.randint(-20, 20)
    if kind in (4, 5, 6):
        return text(rng, rng.choice([3, 10, 30]))
    size = rng.choice([0, 1, 1, 2, 3, 6])
    if kind in (7, 8):
        return [document(rng, depth - 1) for _ in range(size)]
    return {text(rng, 6): document(rng, depth - 1) for _ in range(size)}


def text(rng, longest):
    alphabet = rng.choice(["abc xyz", "it's \"so\"", "\\\n\t[]{}(),", "\u00e9\u65e5\U0001f600 "])
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(0, longest)))


def documents(rng):
    for _ in range(300):
        yield json.dumps(document(rng, 6))


def reprs(rng):
    """What is shown, and how: arguments are a tuple. The third says whether it had to be cut."""
    simple = [None, True, False, 0, -7, 10**100, 1.0, 0.1, 1e16, 1e-5, 1e22, -0.0, math.nan,
              math.inf, -math.inf, "", "a", "it's", 'say "hi"', "it's \"both\"", "back\\slash",
              "line\nbreak\ttab", "h\u00e9llo", "\u65e5\u672c", "\U0001f600", "\x00\x7f", [], {},
              [[]], [{}], {"a": {}}, {"a": [1, {"b": 2}]}, {"it's": 1}, [None, [True, [1.5]]],
              [[[[1]]]], [[[{"a": 1}]]], {"a": {"b": {"c": {"d": 1}}}}, [[[[]]]], [[[{}]]]]
    for value in simple:
        yield "value", value
        yield "args", [value]
        yield "kwargs", {"x": value}
    yield "args", []
    yield "args", simple
    yield "args", [[[[1], 2], 3], 4]
    for length in [*range(1016, 1030), 2000]:
        yield "args", ["x" * length]
    for length in (1022, 1023, 1024, 1025, 1500):
        yield "value", "some words " * (length // 11) + "x" * (length % 11)
    for length in (1005, 1010, 1015, 1016, 1017, 1020):
        yield "args", ["x" * length, 12345, "tail"]
        yield "kwargs", {"k": "x" * length, "second": [1, 2]}
        yield "args", [["x" * length], {"a": 1}]
        yield "args", [[["x" * length, {"a": 1}]], "tail"]
    for length in (600, 1020, 1021, 1022):
        yield "args", ["\U0001f600" * length]
    yield "args", ["\u65e5 " * 500, "\U0001f600\U0001f600 \U0001f600" * 10]
    yield "args", ["x" * 1010, "\U0001f600" * 20]
    yield "args", [" " * 2000]
    yield "args", ["x" * 500 + " " + "y" * 2000]
    yield "args", [10**1100]
    yield "args", ["x" * 1000, 10**100]
    yield "args", list(range(600))
    yield "args", [list(range(600)), "tail"]
    yield "args", [[[n, str(n)] for n in range(120)]]
    yield "args", [[[[n] for n in range(250)]], {}]
    yield "kwargs", {f"key{n}": n for n in range(120)}
    yield "kwargs", {"a": {f"key{n}": [n, {"b": []}] for n in range(60)}, "z": 1}
    yield "kwargs", {"k" * 1100: 1, "z": 2}
    yield "kwargs", {"a": 1, "some words " * 110: [1, 2]}
    yield "value", [["it's " * 50, "x"] for _ in range(3)]
    for _ in range(60):
        yield rng.choice(["args", "value"]), [document(rng, 4) for _ in range(rng.randint(0, 5))]
    for _ in range(25):
        yield rng.choice(["args", "value"]), [document(rng, 4) for _ in range(rng.randint(20, 40))]
    for _ in range(25):
        yield "kwargs", {text(rng, 9): document(rng, 4) for _ in range(rng.randint(1, 40))}


def repr_lines(rng):
    for kind, value in reprs(rng):
        shown = saferepr(tuple(value) if kind == "args" else value, 1024)
        whole = saferepr(tuple(value) if kind == "args" else value)
        yield json.dumps([kind, value, shown == whole, shown])


def compare_reprs(rng):
    """Celery before 5.7 closes brackets it never opened; whole texts must be the same."""
    recorded = (PYTHON / "saferepr.jsonl").read_text(encoding="ascii").splitlines()
    differing = cut = 0
    for ours, theirs in zip(repr_lines(rng), recorded):
        if ours != theirs:
            assert not json.loads(ours)[2], f"{ours}\n{theirs}"
            differing += 1
        cut += not json.loads(ours)[2]
    print(f"saferepr: {len(recorded)} texts, {differing} of {cut} cut ones differ from the recorded")


URLS = [
    "redis://", "redis:///", "redis://localhost", "redis://localhost/", "redis://localhost:6380",
    "redis://localhost:6380/", "redis://localhost:6380/3", "redis://localhost//2",
    "redis://:6380/1", "redis://:@redis:6379/0", "redis://@redis:6379/0", "redis://:pass@host",
    "redis://user@host", "redis://user:@host", "redis://user:pass@host:7000/15",
    "redis://us%40er:p%40ss%2Fw%3Aord%23%3F@host:7000/15", "redis://:p:a:s:s@host", "redis://:a+b@h",
    "redis://:a%2Bb%20c@h", "redis://:%E6%97%A5@h", "redis://:p@ss@host", "redis://:100%@host",
    "redis://:%zz%4@host", "redis://:%ff@host", "redis://:~!$&'()*,=-._@host", "redis://:p^|`{}@h",
    "redis://[::1]:6380/2", "redis://[::1]", "redis://user:pass@[fe80::1]:6380", "redis://h%6Fst",
    "redis://10.0.0.1:6379/0", "redis://my_host:6379/0", "redis://host:/4", "redis://host/%32",
    "redis://host/2/", "redis://host/abc", "redis://host:port/0", "redis://host:65536/0",
    "redis://host:-1/0",
]


def urls():
    """A URL, and what kombu connects to; null if it refuses."""
    for url in URLS:
        try:
            connection = Connection(url)
            channel = Channel.__new__(Channel)
            channel.connection = SimpleNamespace(client=connection, default_port=6379)
            channel._registered = False
            pool = Channel._get_pool(channel)
            found = pool.connection_kwargs
            yield json.dumps([url, {name: found[name] for name in
                                    ("host", "port", "db", "username", "password")}])
        except (ValueError, TypeError) as refused:
            yield json.dumps([url, None, type(refused).__name__])


if __name__ == "__main__":
    record_messages()
    record_results()
    if VERSION >= (5, 7):
        write_lines("floats.tsv", doubles(random.Random(SEED)))
        write_lines("strings.tsv", strings(random.Random(SEED)))
        write_lines("documents.jsonl", documents(random.Random(SEED)))
        write_lines("saferepr.jsonl", repr_lines(random.Random(SEED)))
        write_lines("urls.jsonl", urls())
    else:
        compare_reprs(random.Random(SEED))
    server.flushdb()
