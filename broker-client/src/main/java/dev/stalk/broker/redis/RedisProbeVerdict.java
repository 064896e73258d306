package dev.stalk.broker.redis;

import dev.stalk.broker.redis.RedisSelfTest.Status;
import java.util.Locale;

/** What one probe found; a {@link RedisSelfTest.Check} without its name. */
record RedisProbeVerdict(Status status, String detail, String remedy) {

  static RedisProbeVerdict ok(String detail) {
    return new RedisProbeVerdict(Status.OK, detail, "");
  }

  static RedisProbeVerdict warning(String detail, String remedy) {
    return new RedisProbeVerdict(Status.WARNING, detail, remedy);
  }

  static RedisProbeVerdict failed(String detail, String remedy) {
    return new RedisProbeVerdict(Status.FAILED, detail, remedy);
  }

  static RedisProbeVerdict skipped(String detail) {
    return new RedisProbeVerdict(Status.SKIPPED, detail, "");
  }

  /** A length of time as people read it. */
  static String millis(long nanos) {
    return String.format(Locale.ROOT, "%.2f ms", nanos / 1e6);
  }
}
