package dev.stalk.broker.redis;

import static dev.stalk.broker.redis.RedisProbeVerdict.failed;
import static dev.stalk.broker.redis.RedisProbeVerdict.ok;
import static dev.stalk.broker.redis.RedisProbeVerdict.warning;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What a broker should be like, judged by what the server says about itself. */
final class RedisProbeRules {
  private static final List<String> SHOWN =
      List.of(
          "redis_version",
          "os",
          "uptime_in_seconds",
          "connected_clients",
          "used_memory_human",
          "total_commands_processed");

  private static final Pattern VERSION = Pattern.compile("(\\d{1,4})\\.(\\d{1,4}).*");
  private static final int MAJOR = 6;
  private static final int MINOR = 2;
  private static final int ALARM_PERCENT = 75;

  /** Seconds; a worker's idle queue is looked at more often. */
  private static final int LONGEST_IDLE = 10;

  private RedisProbeRules() {}

  static RedisProbeVerdict server(RedisProbeInfo info) {
    String shown =
        SHOWN.stream()
            .map(field -> field + "=" + (info.text(field).isEmpty() ? "?" : info.text(field)))
            .collect(Collectors.joining(", "));
    String valkey = info.text("valkey_version");
    return ok(valkey.isEmpty() ? shown : shown + ", valkey_version=" + valkey);
  }

  static RedisProbeVerdict version(RedisProbeInfo info) {
    String version = info.text("redis_version");
    Matcher numbers = VERSION.matcher(version);
    if (!numbers.matches()) {
      return warning("the server does not tell its version", "see that it is Redis 6.2 or later");
    }
    int major = Integer.parseInt(numbers.group(1));
    int minor = Integer.parseInt(numbers.group(2));
    if (major > MAJOR || (major == MAJOR && minor >= MINOR)) {
      return ok("%s is 6.2 or later".formatted(version));
    }
    return failed(
        version + " is older than 6.2, and lacks commands that Stalk's scripts call",
        "upgrade the server");
  }

  static RedisProbeVerdict role(RedisProbeInfo info) {
    if (info.is("redis_mode", "sentinel")) {
      return failed("this is a Sentinel, not a server", "give the address of the primary");
    }
    if (info.is("redis_mode", "cluster")) {
      return failed(
          "the server is part of a cluster, over which neither kombu nor Stalk can spread queues",
          "use a server without cluster mode");
    }
    if (info.is("role", "slave")) {
      return failed(
          "a replica of %s:%s, which takes no writes"
              .formatted(info.text("master_host"), info.text("master_port")),
          "give the address of the primary");
    }
    return info.is("role", "master")
        ? ok("primary with %s replicas".formatted(info.text("connected_slaves")))
        : warning("the server does not tell its role", "see that it is a primary");
  }

  static RedisProbeVerdict loading(RedisProbeInfo info) {
    if (info.is("loading", "1") || info.is("async_loading", "1")) {
      return failed("the server is " + loadingProgress(info), "wait until it has loaded its data");
    }
    return ok("the server has loaded its data");
  }

  static String loadingProgress(RedisProbeInfo info) {
    String percent = info.text("loading_loaded_perc");
    String left = info.text("loading_eta_seconds");
    return percent.isEmpty()
        ? "loading its data"
        : "loading its data: %s %% done, about %s s left".formatted(percent, left);
  }

  static RedisProbeVerdict appendOnlyFile(RedisProbeInfo info) {
    if (!info.is("aof_enabled", "1")) {
      return warning(
          "off: a crash of the server loses every message since its last snapshot",
          "CONFIG SET appendonly yes on the running server, then in its start command");
    }
    if (!info.is("aof_last_write_status", "ok")) {
      return failed(
          "the last write to the append-only file failed; the server refuses commands that write",
          "free disk space and look at the server's log");
    }
    return ok("on, and its last write succeeded");
  }

  static RedisProbeVerdict snapshots(RedisProbeInfo info) {
    if (!info.is("rdb_last_bgsave_status", "ok")) {
      return warning(
          "the last snapshot failed; with stop-writes-on-bgsave-error the server refuses writes",
          "free disk space, set vm.overcommit_memory=1 and look at the server's log");
    }
    return ok("the last one succeeded");
  }

  static RedisProbeVerdict memory(RedisProbeInfo info) {
    Long limit = info.number("maxmemory");
    String policy = info.text("maxmemory_policy");
    if (limit == null || policy.isEmpty()) {
      return warning(
          "the server does not tell maxmemory and its policy", "see that it is noeviction");
    }
    String remedy = "CONFIG SET maxmemory-policy noeviction, and in its start command";
    if (!policy.equals("noeviction")) {
      return limit == 0
          ? warning(
              "maxmemory-policy is %s; nothing is evicted only because maxmemory is 0"
                  .formatted(policy),
              remedy)
          : warning(evicts(policy, info.text("maxmemory_human")), remedy);
    }
    return limit == 0
        ? ok("noeviction, without maxmemory: only the machine's memory is the limit")
        : filled(info.number("used_memory"), limit, info.text("maxmemory_human"));
  }

  private static String evicts(String policy, String limit) {
    return policy.startsWith("volatile-")
        ? "maxmemory-policy is %s: at %s the server deletes results and locks"
            .formatted(policy, limit)
        : "maxmemory-policy is %s: at %s the server deletes queues, and their messages are lost"
            .formatted(policy, limit);
  }

  private static RedisProbeVerdict filled(@Nullable Long used, long limit, String shownLimit) {
    long percent = used == null ? 0 : used * 100 / limit;
    if (percent >= ALARM_PERCENT) {
      return warning(
          "noeviction, and %d %% of %s are used; at 100 %% sending fails"
              .formatted(percent, shownLimit),
          "drain the queues, let results expire sooner or raise maxmemory");
    }
    return ok("noeviction, %d %% of %s are used".formatted(percent, shownLimit));
  }

  static RedisProbeVerdict clients(RedisProbeInfo info, int wanted) {
    Long connected = info.number("connected_clients");
    Long most = info.number("maxclients"); // told since Redis 7.0
    if (connected == null || most == null) {
      return ok("%s are connected".formatted(connected == null ? "?" : connected));
    }
    if (connected + wanted > most) {
      return warning(
          "%d of %d are connected; one more client with max-connections %d may not find room"
              .formatted(connected, most, wanted),
          "raise maxclients of the server, or lower max-connections");
    }
    return ok("%d of %d are connected".formatted(connected, most));
  }

  /** The connection that a queue's notices depend on is used every few seconds, not more often. */
  static RedisProbeVerdict idleTimeout(String setting) {
    int seconds = setting.matches("\\d{1,9}") ? Integer.parseInt(setting) : 0;
    if (seconds == 0) {
      return ok("idle connections are kept");
    }
    return seconds > LONGEST_IDLE
        ? ok("connections idle for %d s are cut; they are made anew when needed".formatted(seconds))
        : warning(
            "connections idle for %d s are cut; a worker may see one message some seconds late, and keeps its lines awake from then on"
                .formatted(seconds),
            "CONFIG SET timeout 0, and in its start command");
  }
}
