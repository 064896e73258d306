# Built from the root of the project: docker build -f docker/python-worker.Dockerfile .
# Targets: worker (the default) and flower.
FROM python:3.12-slim AS celery
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
RUN pip install --no-cache-dir --disable-pip-version-check "celery[redis]==5.7.0" \
 && groupadd --system --gid 10001 celery \
 && useradd --system --uid 10001 --gid celery --home-dir /app --no-create-home --shell /usr/sbin/nologin celery
WORKDIR /app
STOPSIGNAL SIGTERM

FROM celery AS flower
RUN pip install --no-cache-dir --disable-pip-version-check "celery[redis]==5.7.0" "flower==2.2.0"
COPY docker/flower.sh /opt/flower.sh
USER 10001:10001
EXPOSE 5555
CMD ["sh", "/opt/flower.sh"]

FROM celery AS worker
COPY samples/python/ /app/
USER 10001:10001
CMD ["celery", "-A", "tasks", "worker", "-Q", "python", "--loglevel", "INFO"]
