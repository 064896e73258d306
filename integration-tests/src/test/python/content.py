"""The application of interop.py, with every content type but pickle switched on."""

import os

from interop import app

app.conf.accept_content = ["json", "yaml", "msgpack"]
app.conf.result_accept_content = ["json", "yaml", "msgpack"]
app.conf.result_serializer = os.environ.get("RESULT_SERIALIZER", "json")
