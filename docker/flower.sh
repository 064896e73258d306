#!/bin/sh
# Starts Flower on the broker that REDIS_URL names.
set -eu

# Flower takes an empty FLOWER_BASIC_AUTH for a list with one empty login, and answers 401 to everybody.
[ -n "${FLOWER_BASIC_AUTH:-}" ] || unset FLOWER_BASIC_AUTH

export CELERY_BROKER_URL="$REDIS_URL"
exec celery flower --address=0.0.0.0 --port=5555
