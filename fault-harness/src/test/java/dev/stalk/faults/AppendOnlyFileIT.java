package dev.stalk.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.peers.RedisServer;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AppendOnlyFileIT {
  @TempDir private Path directory;

  private RedisServer redis;
  private AppendOnlyFile file;

  @BeforeEach
  void start() {
    redis =
        RedisServer.builder()
            .argument("appendonly", "yes")
            .argument("appendfsync", "always")
            .directory(directory)
            .start();
    file = new AppendOnlyFile(redis, directory);
  }

  @AfterEach
  void stop() {
    redis.close();
  }

  private static String message(String id) {
    return "{\"headers\": {\"lang\": \"java\", \"id\": \"" + id + "\"}}";
  }

  private String trace(String id) {
    return String.valueOf(file.traces().get(id));
  }

  @Test
  void aBlockingPopLeavesAPopAndNothingElse() {
    redis.command("LPUSH", "q", message("a"));
    redis.command("LPUSH", "q", message("b"));
    redis.command("BRPOP", "q", "1");

    assertThat(trace("a")).isEqualTo("[LPUSH q, RPOP q]");
    assertThat(trace("b")).isEqualTo("[LPUSH q]");
    assertThat(Loss.of(file.traces().get("a"))).isEqualTo(Loss.CELERY_POPPED);
  }

  @Test
  void whatIsRecordedAndTrimmedInAScriptIsFollowedToItsAcknowledgement() {
    redis.command("LPUSH", "q", message("a"), message("b"), message("c"));
    redis.command(
        "EVAL",
        "redis.call('HSET', 'unacked', 'stalk:1', ARGV[1]) redis.call('LTRIM', 'q', 0, -2)",
        "0",
        "[" + message("a") + ",\"\",\"q\"]");
    redis.command("HDEL", "unacked", "stalk:1");

    assertThat(trace("a")).isEqualTo("[LPUSH q, HSET stalk:1, LTRIM q, HDEL stalk:1]");
    assertThat(trace("b")).isEqualTo("[LPUSH q]");
    assertThat(Loss.of(file.traces().get("a"))).isEqualTo(Loss.OTHER);
  }

  @Test
  void onlyWhatCameAfterTheMarkIsRead() throws Exception {
    redis.command("LPUSH", "q", message("old"));
    redis.command("DEL", "q");

    file.mark();
    redis.command("LPUSH", "q", message("new"));

    assertThat(file.traces().keySet()).containsExactly("new");
  }

  @Test
  void aKilledRedisGoesOnInTheSameFile() throws Exception {
    file.mark();
    redis.command("LPUSH", "q", message("a"));
    redis.kill();
    redis.restart();
    redis.command("RPOP", "q");

    assertThat(trace("a")).isEqualTo("[LPUSH q, RPOP q]");
  }
}
