"""The application of interop.py, with signed tasks and results and nothing else."""

import os

from interop import app

app.conf.task_serializer = "auth"
app.conf.result_serializer = "auth"
app.conf.accept_content = ["auth"]
app.conf.security_key = os.environ["SECURITY_KEY"]
app.conf.security_certificate = os.environ["SECURITY_CERTIFICATE"]
app.conf.security_cert_store = os.environ["SECURITY_STORE"]
app.setup_security()
