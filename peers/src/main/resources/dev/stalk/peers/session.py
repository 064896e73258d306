"""Evaluates Python code for a Java program: one line of JSON in, one line out.

It is asked    {"code": "...", "variables": {"name": value, ...}}
and answers    {"value": ...}   with the value of the expression the code ends with, else null,
or             {"raised": {"type", "module", "message", "arguments", "mro", "traceback"}}.

Its argument is a module whose names the code sees, with its Celery app as "app"; the first line of
output, which is not asked for, tells how its import went. The end of the input is its end. Requests
and replies have the process's own input and output for themselves: to all code that runs in here,
the input is empty and the output is standard error.
"""

import ast
import importlib
import json
import linecache
import os
import sys
import traceback


def main(module_name):
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "w", encoding="ascii")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr

    namespace = {"__name__": "session"}
    reply_with(replies, lambda: load(module_name, namespace))
    for number, line in enumerate(requests, 1):
        request = json.loads(line)
        reply_with(replies, lambda: evaluate(request, namespace, "<request %d>" % number))


def load(module_name, namespace):
    if module_name:
        module = importlib.import_module(module_name)
        namespace.update(vars(module))
        namespace["app"] = app_of(module)


def app_of(module):
    from celery import Celery

    names = vars(module)
    candidates = [names.get("app"), names.get("celery"), *names.values()]
    # by type(): isinstance() would make the promise of a task come true
    return next((each for each in candidates if issubclass(type(each), Celery)), None)


def evaluate(request, namespace, filename):
    code = request["code"]
    linecache.cache[filename] = (len(code), None, code.splitlines(True), filename)
    namespace.update(request["variables"])
    tree = ast.parse(code, filename)
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        exec(compile(tree, filename, "exec"), namespace)
        return None
    tree.body.pop()
    exec(compile(tree, filename, "exec"), namespace)
    return eval(compile(ast.Expression(last.value), filename, "eval"), namespace)


def reply_with(replies, work):
    try:
        reply = encode({"value": work()})
    except BaseException as error:  # also a SystemExit is an answer, such as Celery's own
        reply = encode({"raised": describe(error)})
    replies.write(reply + "\n")
    replies.flush()


def encode(value):
    return json.dumps(value, default=repr, allow_nan=False)


def describe(error):
    kind = type(error)
    return {
        "type": kind.__qualname__,
        "module": kind.__module__,
        "message": str(error),
        "arguments": [representable(each) for each in error.args],
        "mro": [name_of(each) for each in kind.__mro__],
        "traceback": "".join(traceback.format_exception(kind, error, error.__traceback__)),
    }


def representable(value):
    try:
        encode(value)
        return value
    except (TypeError, ValueError):
        return repr(value)


def name_of(kind):
    if kind.__module__ == "builtins":
        return kind.__qualname__
    return kind.__module__ + "." + kind.__qualname__


main(sys.argv[1])
