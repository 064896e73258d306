#!/usr/bin/env bash
# Checks docker-compose.yml without a container engine: what Compose makes of the file, and what a real redis-server does
# when it is started with the command line, and asked with the health check, that stand in it.
#
# Needs bash 4.4, python3, redis-server and redis-cli (7.0 or newer). Uses Compose if it is there, PyYAML if it is there.
# One line per check; the last line is "N passed, N failed"; exits with 0 only if nothing failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

for tool in python3 redis-server redis-cli timeout; do
  if ! command -v "$tool" >/dev/null; then
    echo "check.sh needs $tool, which is not installed: nothing was checked" >&2
    echo "0 passed, 1 failed"
    exit 1
  fi
done

# What the shell or a .env holds must not colour the result.
unset "${!REDIS_@}" "${!REDISCLI_@}" "${!FLOWER_@}" "${!COMPOSE_@}"

work=$(mktemp -d "${TMPDIR:-/tmp}/stalk-check.XXXXXX")
pids=()
passed=0
failed=0

cleanup() {
  local pid
  for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null; done
  wait 2>/dev/null
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

ok() { passed=$((passed + 1)); echo "ok    $1"; }
bad() { failed=$((failed + 1)); echo "FAIL  $1${2:+: $2}"; }
# check NAME DETAIL COMMAND...: passes if the command succeeds; the detail is shown if it does not
check() {
  local name=$1 detail=$2
  shift 2
  if "$@"; then ok "$name"; else bad "$name" "$detail"; fi
}
summary() {
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
  exit
}

# --- the compose file -----------------------------------------------------------------------------------------------

cat >"$work/compose.py" <<'PY'
"""compose.py interpolate FILE | argv YAML | health YAML | facts DEFAULT PASSWORD"""
import json, os, re, shlex, sys

import yaml


def interpolate(value):
    """Compose's own rules, for a machine without Compose."""
    if isinstance(value, dict):
        return {k: interpolate(v) for k, v in value.items()}
    if isinstance(value, list):
        return [interpolate(v) for v in value]
    if not isinstance(value, str):
        return value

    def one(match):
        if match["escaped"]:
            return "$$"  # stays escaped, as in the output of "config"
        found = os.environ.get(match["name"])
        if (match["sep"] or "").startswith(":"):
            found = found or None
        if found is None and "?" in (match["sep"] or ""):
            sys.exit(f"{match['name']}: {match['rest']}")
        return (match["rest"] or "" if found is None else found).replace("$", "$$")

    return re.sub(r"\$(?:(?P<escaped>\$)|\{(?P<name>\w+)(?:(?P<sep>:?[-?])(?P<rest>[^}]*))?\})", one, value)


def load(path):
    with open(path) as file:
        return yaml.safe_load(file)


def plain(text):
    """What the container gets: "config" writes a dollar as two."""
    return str(text).replace("$$", "$")


def words(command):
    return [plain(w) for w in (shlex.split(command) if isinstance(command, str) else command)]


def size(text):
    number, unit = re.fullmatch(r"(\d+)\s*([a-z]*)", str(text).lower()).groups()
    return int(number) * {"": 1, "b": 1, "k": 1024, "kb": 1024, "m": 1024**2, "mb": 1024**2, "g": 1024**3, "gb": 1024**3}[unit]


def seconds(text):
    units = {"h": 3600, "m": 60, "s": 1}
    return sum(float(n) * units[u] for n, u in re.findall(r"([\d.]+)([hms])", text))


def env(service):
    given = service.get("environment") or {}
    if isinstance(given, list):
        given = dict(e.split("=", 1) for e in given)
    return {k: plain(v) for k, v in given.items()}


def out(*items):
    sys.stdout.write("".join(i + "\0" for i in items))


def argv(path):
    out(*words(load(path)["services"]["redis"]["command"]))


def health(path):
    """timeout, then the environment, then an empty item, then the command"""
    redis = load(path)["services"]["redis"]
    test = redis["healthcheck"]["test"]
    command = ["sh", "-c", plain(test[1])] if test[0] == "CMD-SHELL" else [plain(w) for w in test[1:]]
    out(str(seconds(redis["healthcheck"]["timeout"])), *(f"{k}={v}" for k, v in env(redis).items()), "", *command)


def facts(default, with_password):
    plain_stack, locked = load(default), load(with_password)
    services = plain_stack["services"]
    redis, clients = services["redis"], {n: s for n, s in services.items() if n != "redis"}
    command = words(redis["command"])

    def say(fine, text):
        print(("ok" if fine else "FAIL") + "\t" + text)

    def host(port):
        return port.get("host_ip") if isinstance(port, dict) else ":".join(str(port).split(":")[:-2])

    def target(volume):
        return volume["target"] if isinstance(volume, dict) else volume.split(":")[1]

    say("version" not in load("docker-compose.yml"), "the file has no obsolete version key")
    say(not any("container_name" in s for s in services.values()), "no container has a fixed name")
    say(all(s.get("restart") == "unless-stopped" for s in services.values()), "every service restarts unless stopped")
    say(all(list(s.get("networks") or []) == ["stalk"] for s in services.values()), "every service is on the one network")
    ports = [p for s in services.values() for p in s.get("ports", [])]
    say(ports and all(host(p) == "127.0.0.1" for p in ports), "every published port is bound to 127.0.0.1")
    say([target(v) for v in redis["volumes"]] == ["/data"] and plain_stack["volumes"], "Redis keeps /data in a named volume")
    say(seconds(redis["stop_grace_period"]) >= 30, "Redis has 30 s or more for its last snapshot")
    limit, data = size(redis["mem_limit"]), size(command[command.index("--maxmemory") + 1])
    say(limit >= 1.5 * data, f"Redis' memory limit is 1.5 times its maxmemory or more ({limit / data:g})")
    say(command[0] == "redis-server", "the command starts with redis-server, so the image's entrypoint drops root")
    say({"interval", "timeout", "retries", "start_period"} <= redis["healthcheck"].keys(), "the health check has all its times")
    waits = [s["depends_on"]["redis"]["condition"] == "service_healthy" for s in clients.values()]
    say(len(waits) == 3 and all(waits), "java-worker, python-worker and flower wait for a healthy Redis")
    urls = {env(s)["REDIS_URL"] for s in clients.values()}
    say(urls == {"redis://:@redis:6379/0"}, "without a password every client gets redis://:@redis:6379/0")
    urls = {env(s)["REDIS_URL"] for n, s in locked["services"].items() if n != "redis"}
    say(urls == {"redis://:s3cret@redis:6379/0"}, "with a password every client's REDIS_URL carries it")


if sys.argv[1] == "interpolate":
    print(json.dumps(interpolate(load(sys.argv[2]))))
else:
    globals()[sys.argv[1]](*sys.argv[2:])
PY

# A python3 with PyYAML: the one on the path, the system's, or a fresh one in the temporary directory.
python=
for candidate in python3 /usr/bin/python3; do
  if "$candidate" -c 'import yaml' 2>/dev/null; then python=$candidate; break; fi
done
if [ -z "$python" ]; then
  python3 -m venv "$work/venv" && "$work/venv/bin/pip" install -q --disable-pip-version-check pyyaml || {
    bad "PyYAML is neither installed nor can it be"
    summary
  }
  python=$work/venv/bin/python
fi

compose=()
if docker compose version >/dev/null 2>&1; then
  compose=(docker compose)
elif command -v docker-compose >/dev/null; then
  compose=(docker-compose)
fi

: >"$work/empty.env"
# resolve NAME ENV-FILE [VARIABLE=VALUE...]: writes the resolved file to $work/NAME.yaml
resolve() {
  local name=$1 file=$2
  shift 2
  if [ ${#compose[@]} -gt 0 ]; then
    env "$@" "${compose[@]}" --env-file "$file" -f docker-compose.yml config >"$work/$name.yaml" 2>"$work/$name.err"
  else
    (
      set -a
      # shellcheck disable=SC1090
      . "$file"
      env "$@" "$python" "$work/compose.py" interpolate docker-compose.yml
    ) >"$work/$name.yaml" 2>"$work/$name.err"
  fi
}

echo "server: $(redis-server --version | cut -d' ' -f1-3)"
if [ ${#compose[@]} -gt 0 ]; then
  echo "compose: ${compose[*]} $("${compose[@]}" version --short 2>/dev/null)"
  how="Compose takes the file"
else
  echo "compose: none here; this script fills in the variables itself and cannot say whether Compose takes the file"
  how="the file can be filled in"
fi

odd='p@ss w"rd/$x--'
check "$how with no variable set" "" resolve default "$work/empty.env"
check "$how with every variable set" "" resolve all "$work/empty.env" \
  REDIS_PASSWORD="$odd" REDIS_PORT=16379 REDIS_MAXMEMORY=64mb REDIS_MEMORY_LIMIT=128m REDIS_MAX_CONNECTIONS=7 \
  REDIS_SOCKET_TIMEOUT=9 FLOWER_PORT=15555 FLOWER_BASIC_AUTH=operator:secret
resolve example .env.example
check ".env.example states the defaults" "$(diff "$work/default.yaml" "$work/example.yaml")" cmp -s "$work/default.yaml" "$work/example.yaml"
resolve password "$work/empty.env" REDIS_PASSWORD=s3cret
resolve odd "$work/empty.env" REDIS_PASSWORD="$odd"
resolve small "$work/empty.env" REDIS_MAXMEMORY=8mb
if [ "$failed" -gt 0 ]; then
  cat "$work"/*.err >&2
  summary
fi

if [ ${#compose[@]} -gt 0 ]; then
  check "Compose takes the file of Prometheus and Grafana beside it" "" \
    "${compose[@]}" --env-file "$work/empty.env" -f docker-compose.yml -f docker-compose.metrics.yml config --quiet
fi
if command -v promtool >/dev/null; then
  check "Prometheus takes its configuration" "" promtool check config docker/metrics/prometheus.yml
else
  echo "promtool: none here; nobody has read docker/metrics/prometheus.yml"
fi

while IFS=$'\t' read -r result text; do
  if [ "$result" = ok ]; then ok "$text"; else bad "$text"; fi
done < <("$python" "$work/compose.py" facts "$work/default.yaml" "$work/password.yaml" || printf 'FAIL\tthe facts of the file could be read\n')

mkdir "$work/stub"
printf '#!/bin/sh\necho "$CELERY_BROKER_URL ${FLOWER_BASIC_AUTH-unset} $1"\n' >"$work/stub/celery"
chmod +x "$work/stub/celery"
flower() { env PATH="$work/stub:$PATH" REDIS_URL=redis://:s3cret@redis:6379/0 FLOWER_BASIC_AUTH="$1" sh docker/flower.sh; }
answer="$(flower '') | $(flower a:b)"
check "flower gets the broker's URL, and a login only if there is one" "$answer" \
  test "$answer" = "redis://:s3cret@redis:6379/0 unset flower | redis://:s3cret@redis:6379/0 a:b flower"

# --- the server -----------------------------------------------------------------------------------------------------

port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

# The health check says "redis-cli" and means port 6379; here the same words reach the free port.
mkdir "$work/bin"
printf '#!/bin/sh\nexec "%s" -p %s "$@"\n' "$(command -v redis-cli)" "$port" >"$work/bin/redis-cli"
chmod +x "$work/bin/redis-cli"
cli() { timeout 10 "$work/bin/redis-cli" "$@" 2>&1; }

server=
# launch DIRECTORY COMMAND...: starts it there and waits until the port answers
launch() {
  local dir=$1
  shift
  mkdir -p "$dir"
  (cd "$dir" && exec "$@" --port "$port" --bind 127.0.0.1 --dir "$dir") >>"$work/server.log" 2>&1 &
  server=$!
  pids+=("$server")
  for _ in $(seq 200); do
    (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return
    kill -0 "$server" 2>/dev/null || break
    sleep 0.05
  done
  tail -5 "$work/server.log" >&2
  return 1
}
# start CONFIG DIRECTORY [EXTRA...]: the server command of that resolved file
start() {
  local config=$1 dir=$2 command
  shift 2
  mapfile -d '' -t command < <("$python" "$work/compose.py" argv "$work/$config.yaml")
  launch "$dir" "${command[@]}" "$@" || { bad "the server starts with the command of the file"; summary; }
}
# stop SIGNAL
stop() {
  local pid rest=()
  kill "-$1" "$server" 2>/dev/null
  wait "$server" 2>/dev/null
  for pid in "${pids[@]}"; do [ "$pid" = "$server" ] || rest+=("$pid"); done
  pids=("${rest[@]}")
}
# healthy CONFIG [VARIABLE=VALUE...]: the health check of that resolved file, as the container would run it;
# the reply goes to $reply
reply=
healthy() {
  local config=$1 items patience vars=() result
  shift
  mapfile -d '' -t items < <("$python" "$work/compose.py" health "$work/$config.yaml")
  patience=${items[0]}
  items=("${items[@]:1}")
  while [ -n "${items[0]}" ]; do vars+=("${items[0]}"); items=("${items[@]:1}"); done
  items=("${items[@]:1}")
  reply=$(env -i PATH="$work/bin:$PATH" "${vars[@]}" "$@" timeout -s KILL "$patience" "${items[@]}" 2>&1)
  result=$?
  [ $result -ne 137 ] || reply="no answer within $patience s"
  return $result
}
unhealthy() { ! healthy "$@"; }
# refused PATTERN CONFIG [VARIABLE=VALUE...]: unhealthy, and for this reason
refused() {
  local pattern=$1
  shift
  unhealthy "$@" && grep -q "$pattern" <<<"$reply"
}
# expect NAME COMMAND...: as check, with the health check's reply as the detail
expect() {
  local name=$1
  shift
  if "$@"; then ok "$name"; else bad "$name" "the reply was: $reply"; fi
}
until_healthy() {
  for _ in $(seq 300); do healthy "$@" && return; sleep 0.2; done
  return 1
}
info() { cli info "$1" | tr -d '\r' | sed -n "s/^$2://p"; }
setting() { cli config get "$1" | tail -1; }

expect "unhealthy while nothing listens" refused 'refused' default

start default "$work/main"
expect "healthy when up, without a password" until_healthy default
running="$(setting appendonly) $(setting appendfsync) $(setting maxmemory) $(setting maxmemory-policy) $(setting tcp-keepalive)"
check "the server runs with AOF every second, 512 MB, noeviction, keep-alive 60" "$running" \
  test "$running" = "yes everysec 536870912 noeviction 60"
buffers=$(setting client-output-buffer-limit)
check "the limit of a subscriber's buffer is 64 MB, or 32 MB for 120 s" "$buffers" \
  grep -q 'pubsub 67108864 33554432 120' <<<"$buffers"
check "snapshots are kept beside the AOF" "$(setting save)" test -n "$(setting save)"
expect "unhealthy if a password is set for the clients and the server has none" refused 'AUTH failed' default REDIS_PASSWORD=s3cret
kill -STOP "$server"
expect "unhealthy when the server hangs" refused 'no answer' default
kill -CONT "$server"

# 5000 messages, then kill -9
filler=$(printf '%0840d' 0)
seq -f "message-%05g-$filler" 5000 >"$work/sent"
sed 's/^/LPUSH celery /' "$work/sent" | cli >"$work/acks"
check "5000 messages are accepted" "$(grep -cE '^[0-9]+$' "$work/acks") were" test "$(tail -1 "$work/acks")" = 5000
stop KILL
start default "$work/main"
until_healthy default
cli lrange celery 0 -1 | sort >"$work/found"
check "after kill -9 and a restart all 5000 are there, unchanged" "$(cli llen celery) are" cmp -s "$work/sent" "$work/found"

# a copy of the AOF directory, taken while the server runs
mkdir "$work/copy"
cp -r "$work/main/appendonlydir" "$work/copy/"

# a server that takes its time to load: 100,000 more keys, each of which costs it some microseconds at the next start
seq -f 'SET filler:%06g x' 100000 | cli --pipe >/dev/null
stop KILL
start default "$work/main" --key-load-delay 20 --loading-process-events-interval-bytes 1024
answers=0 loading=0 other=
for _ in $(seq 600); do
  if healthy default; then break; fi
  answers=$((answers + 1))
  case $reply in *LOADING*) loading=$((loading + 1)) ;; *) other=$reply ;; esac
  sleep 0.1
done
check "unhealthy for as long as the server is loading ($loading of $answers checks read LOADING)" "$other" \
  test "$loading" -gt 0 -a "$loading" -eq "$answers"
expect "healthy once it has loaded" healthy default
check "and it has the 5000 messages" "$(cli llen celery)" test "$(cli llen celery)" = 5000

# Redis refuses writes after a failed snapshot: a directory stands where the snapshot would go
rm -f "$work/main/dump.rdb"
mkdir "$work/main/dump.rdb"
cli bgsave >/dev/null
for _ in $(seq 100); do [ "$(info persistence rdb_bgsave_in_progress)" = 0 ] && break; sleep 0.1; done
expect "unhealthy when the disk does not take a snapshot and Redis refuses writes" refused 'MISCONF' default
stop KILL

start default "$work/copy"
until_healthy default
check "a copy of the AOF directory taken in full run restores the 5000" "$(cli llen celery)" test "$(cli llen celery)" = 5000
stop TERM

# a password
start password "$work/password"
expect "healthy with the right password" until_healthy password
expect "unhealthy with a wrong password" refused 'WRONGPASS' password REDIS_PASSWORD=wrong
expect "unhealthy with no password" refused 'NOAUTH' password REDIS_PASSWORD=
check "a client without the password is refused" "$(cli ping)" grep -q NOAUTH <<<"$(cli ping)"
stop TERM
start odd "$work/odd"
expect "healthy with a password of quotes, blanks and a dollar" until_healthy odd
reply=$(REDISCLI_AUTH="$odd" cli ping)
expect "and it is that very password" test "$reply" = PONG
stop TERM

# full memory
start small "$work/small"
until_healthy small
printf '%065536d' 0 >"$work/big"
accepted=0
for _ in $(seq 500); do
  reply=$(cli -x lpush celery <"$work/big")
  [[ $reply =~ ^[0-9]+$ ]] || break
  accepted=$((accepted + 1))
done
expect "at maxmemory LPUSH fails with OOM ($accepted messages of 64 KB in 8 MB)" test "${reply:0:3}" = OOM
kept="$(info stats evicted_keys) evicted, $(cli llen celery) kept"
check "and nothing is evicted" "$kept" test "$kept" = "0 evicted, $accepted kept"
expect "a full server is healthy: its queues can be drained" healthy small
cli ltrim celery 0 9 >/dev/null
reply=$(cli -x lpush celery <"$work/big")
expect "once drained it takes messages again" test "$reply" = 11
stop TERM

# from an RDB-only server, by the steps of docs/compose.md
launch "$work/upgrade" redis-server || { bad "an RDB-only server starts"; summary; }
until_healthy default
cli lpush celery one two three >/dev/null
cli config set appendonly yes >/dev/null
for _ in $(seq 100); do
  state="$(info persistence aof_rewrite_scheduled)$(info persistence aof_rewrite_in_progress)$(info persistence aof_last_bgrewrite_status)"
  [ "$state" = 00ok ] && break
  sleep 0.1
done
stop TERM
start default "$work/upgrade"
until_healthy default
check "RDB-only data survives the change to AOF by the documented steps" "$(cli llen celery) of 3" test "$(cli llen celery)" = 3
stop TERM

summary
