"""Sends a task from Python to the Java worker of worker.yaml."""

from tasks import app

print(app.send_task("samples.add", (2, 3), queue="java").get(timeout=5))
