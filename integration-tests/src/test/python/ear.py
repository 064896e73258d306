"""A receiver of Celery's events in a thread of its own."""

import threading
import time

PROBE = "ear-probe"


def listen(app, take):
    """Gives `take` every event from now on; returns once events are heard indeed.

    That a receiver's consumer is ready does not say that Redis has its subscription: kombu sends it with the first
    look for messages. So events of our own are sent until one of them comes back; `take` sees none of them.
    """
    heard_one = threading.Event()

    def hear(event):
        if event["type"] == PROBE:
            heard_one.set()
        else:
            take(event)

    def receive():
        while True:
            try:
                with app.connection_for_read() as connection:
                    app.events.Receiver(connection, handlers={"*": hear}, app=app).capture()
            except Exception:  # the connection broke: the next turn makes another
                time.sleep(0.1)

    threading.Thread(target=receive, name="ear", daemon=True).start()
    end = time.time() + 45
    with app.events.default_dispatcher() as dispatcher:
        while not heard_one.wait(0.05):
            if time.time() > end:
                raise AssertionError("no event was heard")
            dispatcher.send(PROBE)
