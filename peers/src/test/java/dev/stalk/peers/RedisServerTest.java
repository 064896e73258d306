package dev.stalk.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RedisServerTest {

  @Test
  void aFreshServerIsEmptyAndAnswers() {
    try (RedisServer redis = RedisServer.start()) {
      assertThat(redis.command("PING")).isEqualTo("PONG");
      assertThat(redis.command("DBSIZE")).isEqualTo(0L);
      assertThat(redis.url()).isEqualTo("redis://127.0.0.1:" + redis.port() + "/0");
      assertThat(redis.url(3)).isEqualTo("redis://127.0.0.1:" + redis.port() + "/3");
      assertThat(ProcessHandle.of(redis.pid())).isPresent();
    }
  }

  @Test
  void repliesAreNumbersTextsListsAndNull() {
    try (RedisServer redis = RedisServer.start()) {
      assertThat(redis.command("RPUSH", "queue", "grüße", "")).isEqualTo(2L);
      assertThat(redis.command("LINDEX", "queue", "0")).isEqualTo("grüße");
      assertThat(redis.command("LINDEX", "queue", "2")).isNull();
      assertThat(redis.command("LRANGE", "queue", "0", "-1")).isEqualTo(List.of("grüße", ""));
      assertThat(redis.command("MGET", "absent")).isEqualTo(Arrays.asList((Object) null));
      assertThat(redis.command("BLPOP", "absent", "0.01")).isNull();
    }
  }

  @Test
  void bytesThatAreNoTextAreKeptOneByOne() {
    try (RedisServer redis = RedisServer.start()) {
      assertThat(redis.command("EVAL", "return '\\128\\3\\255'", "0")).isEqualTo("\u0080\u0003ÿ");
    }
  }

  @Test
  void anErrorReplyIsThrown() {
    try (RedisServer redis = RedisServer.start()) {
      redis.command("SET", "text", "not a list");

      assertThatThrownBy(() -> redis.command("LLEN", "text"))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageStartingWith("WRONGTYPE");
    }
  }

  @Test
  void eachDatabaseIsByItself() {
    try (RedisServer redis = RedisServer.start()) {
      redis.command(5, "SET", "key", "value");

      assertThat(redis.command(5, "GET", "key")).isEqualTo("value");
      assertThat(redis.command("GET", "key")).isNull();
    }
  }

  @Test
  void aKilledServerComesBackOnTheSamePort() {
    try (RedisServer redis = RedisServer.start()) {
      int port = redis.port();
      long firstPid = redis.pid();
      redis.command("SET", "key", "value");

      redis.kill();
      assertThat(redis.isAlive()).isFalse();
      assertThatThrownBy(() -> redis.command("PING"))
          .isInstanceOf(PeerUnavailableException.class)
          .hasMessageContaining("did not answer PING");

      redis.restart();
      assertThat(redis.port()).isEqualTo(port);
      assertThat(redis.pid()).isNotEqualTo(firstPid);
      assertThat(redis.command("GET", "key")).isNull();
    }
  }

  @Test
  void anAppendOnlyServerKeepsWhatItAcknowledgedBeforeTheKill() {
    try (RedisServer redis = RedisServer.builder().argument("appendonly", "yes").start()) {
      redis.command("LPUSH", "emails", "one", "two");

      redis.kill();
      redis.restart();

      assertThat(redis.command("LRANGE", "emails", "0", "-1")).isEqualTo(List.of("two", "one"));
    }
  }

  @Test
  void aRestartWaitsUntilTheDataIsLoaded() throws Exception {
    int keys = 3_000;
    try (RedisServer redis =
        RedisServer.builder()
            .argument("appendonly", "yes")
            .argument("key-load-delay", "100")
            .start()) {
      try (RedisConnection connection =
          RedisConnection.open(redis.port(), Duration.ofSeconds(10))) {
        for (int i = 0; i < keys; i++) {
          connection.call("SET", "key-" + i, "value");
        }
      }

      redis.restart();

      assertThat(redis.command("DBSIZE")).isEqualTo((long) keys);
    }
  }

  @Test
  void aFrozenServerAnswersOnlyWhenThawed() throws Exception {
    try (RedisServer redis = RedisServer.start();
        RedisConnection client = RedisConnection.open(redis.port(), Duration.ofMillis(200))) {
      redis.freeze();
      assertThatThrownBy(() -> client.call("ECHO", "still there"))
          .isInstanceOf(SocketTimeoutException.class);

      redis.thaw();
      assertThat(redis.command("PING")).isEqualTo("PONG");
    }
  }

  @Test
  void aFrozenServerCanBeKilledAndRestarted() {
    try (RedisServer redis = RedisServer.start()) {
      redis.freeze();

      redis.restart();

      assertThat(redis.command("PING")).isEqualTo("PONG");
    }
  }

  @Test
  void aServerWithAPasswordIsReadyAndAnswersItsOwner() throws Exception {
    try (RedisServer redis = RedisServer.builder().argument("requirepass", "secret").start();
        RedisConnection stranger = RedisConnection.open(redis.port(), Duration.ofSeconds(5))) {
      assertThat(redis.command("PING")).isEqualTo("PONG");
      assertThatThrownBy(() -> stranger.call("PING")).hasMessageStartingWith("NOAUTH");
    }
  }

  @Test
  void aSettingMayHaveManyValues() {
    try (RedisServer redis =
        RedisServer.builder()
            .argument("maxmemory", "64mb")
            .argument("client-output-buffer-limit", "pubsub", "1mb", "1mb", "60")
            .start()) {
      assertThat(redis.command("CONFIG", "GET", "maxmemory"))
          .isEqualTo(List.of("maxmemory", "67108864"));
      assertThat(redis.command("CONFIG", "GET", "client-output-buffer-limit").toString())
          .contains("pubsub 1048576 1048576 60");
    }
  }

  @Test
  void anUnknownSettingIsToldInTheServersWords() {
    RedisServer.Builder builder = RedisServer.builder().argument("appendonly", "perhaps");

    assertThatThrownBy(builder::start)
        .isInstanceOf(PeerUnavailableException.class)
        .hasMessageContaining("did not start")
        .hasMessageContaining("ended with exit code 1")
        .hasMessageContaining("argument must be 'yes' or 'no'");
  }

  @Test
  void anotherProgramMayBeNamed(@TempDir Path directory) throws Exception {
    Path script = directory.resolve("my-redis");
    Files.writeString(
        script, "#!/bin/sh\necho my own Redis\nexec " + EmbeddedRedis.binary() + " \"$@\"\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));

    try (RedisServer redis = RedisServer.builder().binary(script).start()) {
      assertThat(redis.output()).contains("my own Redis");
    }
  }

  @Test
  void aMissingProgramIsTold() {
    RedisServer.Builder builder = RedisServer.builder().binary(Path.of("/nowhere/redis-server"));

    assertThatThrownBy(builder::start)
        .isInstanceOf(PeerUnavailableException.class)
        .hasMessageContaining("no program /nowhere/redis-server");
  }

  @Test
  void aPortTakenMeanwhileIsReplacedByAnother() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, Loopback.address())) {
      int free = Loopback.freePort();
      Iterator<Integer> offered = List.of(taken.getLocalPort(), free).iterator();

      try (RedisServer redis = RedisServer.builder().ports(offered::next).start()) {
        assertThat(redis.port()).isEqualTo(free);
        assertThat(redis.command("PING")).isEqualTo("PONG");
      }
    }
  }

  @Test
  void anotherRedisOnThePortIsNotTakenForOurs() {
    try (RedisServer other = RedisServer.start()) {
      RedisServer.Builder builder = RedisServer.builder().port(other.port());

      assertThatThrownBy(builder::start)
          .isInstanceOf(PeerUnavailableException.class)
          .hasMessage("Port " + other.port() + " on 127.0.0.1 is in use.");
    }
  }

  @Test
  void aFixedPortIsUsed() {
    int port = Loopback.freePort();

    try (RedisServer redis = RedisServer.builder().port(port).start()) {
      assertThat(redis.port()).isEqualTo(port);
    }
  }

  @Test
  void closingLeavesNothingBehind() {
    RedisServer redis = RedisServer.builder().argument("appendonly", "yes").start();
    Path directory = directoryOf(redis);
    ProcessHandle process = ProcessHandle.of(redis.pid()).orElseThrow();
    assertThat(directory).isNotEmptyDirectory();

    redis.close();
    redis.close();

    assertThat(process.isAlive()).isFalse();
    assertThat(directory).doesNotExist();
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().contains("redis-" + redis.port()));
    assertThatThrownBy(redis::restart).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aGivenDirectoryIsLeftAlone(@TempDir Path directory) {
    RedisServer.Builder builder =
        RedisServer.builder().directory(directory).argument("appendonly", "yes");
    try (RedisServer redis = builder.start()) {
      redis.command("SET", "key", "value");
    }

    try (RedisServer successor = builder.start()) {
      assertThat(successor.command("GET", "key")).isEqualTo("value");
    }
  }

  private static Path directoryOf(RedisServer redis) {
    List<?> reply = (List<?>) redis.command("CONFIG", "GET", "dir");
    return Path.of(reply.get(1).toString());
  }
}
