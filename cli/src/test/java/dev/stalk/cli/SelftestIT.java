package dev.stalk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.redis.RedisSelfTest;
import dev.stalk.broker.redis.RedisSelfTest.Check;
import dev.stalk.broker.redis.RedisSelfTest.Status;
import dev.stalk.broker.transport.BrokerRefusedException;
import dev.stalk.broker.transport.BrokerUnavailableException;
import dev.stalk.peers.RedisServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class SelftestIT {

  private static RedisServer.Builder redis() {
    return RedisServer.builder().argument("appendonly", "yes");
  }

  private static Map<String, Check> checks(BrokerConfig config) {
    List<Check> told = new ArrayList<>();
    List<Check> checks = RedisSelfTest.run(BrokerOptions.redis(config), told::add);
    assertThat(told).isEqualTo(checks);
    return checks.stream().collect(Collectors.toMap(Check::name, Function.identity()));
  }

  private static Map<String, Check> checks(String url) {
    return checks(BrokerConfig.builder().url(url).build());
  }

  private static void assertIs(Status status, String detail, Check check) {
    assertThat(check.status()).as(check.detail()).isEqualTo(status);
    assertThat(check.detail()).contains(detail);
  }

  private static String login(RedisServer redis, String login) {
    return redis.url().replace("redis://", "redis://" + login + "@");
  }

  @Test
  void aServerAsItShouldBePassesAndIsLeftAsItWas() {
    try (RedisServer redis = redis().start()) {
      Run run = Run.stalk("selftest", "--strict", "--url", redis.url());

      assertThat(run.code()).as(run.out()).isZero();
      assertThat(run.out())
          .contains("redis_version=", "os=", "uptime_in_seconds=", "connected_clients=")
          .contains("used_memory_human=", "total_commands_processed=")
          .contains("17 checks: 17 ok, 0 warnings, 0 failed, 0 skipped");
      assertThat(redis.command("DBSIZE")).isEqualTo(0L);
    }
  }

  @Test
  void asJsonItIsOneObject() {
    try (RedisServer redis = redis().start()) {
      Run run = Run.stalk("selftest", "--json", "--url", login(redis, "user:secret"));

      assertThat(run.out().lines()).hasSize(1);
      assertThat(run.out()).contains("\"broker\":\"" + redis.url() + "\"").doesNotContain("secret");
    }
  }

  @Test
  void aWrongPasswordAndNoPasswordAreRefusals() {
    try (RedisServer redis = redis().argument("requirepass", "right").start()) {
      Run right = Run.stalk("selftest", "--url", login(redis, ":right"));
      Run wrong = Run.stalk("selftest", "--url", login(redis, ":wrong"));
      Run none = Run.stalk("selftest", "--url", redis.url());

      assertThat(right.code()).isZero();
      assertThat(wrong.code()).isEqualTo(77);
      assertThat(wrong.out()).contains("refuses this user: WRONGPASS").doesNotContain("wrong@");
      assertThat(none.code()).isEqualTo(77);
      assertThat(none.out()).contains("refuses this user: NOAUTH");
    }
  }

  @Test
  void anUnreachableServerIsUnavailableAndTheRestIsSkipped() {
    RedisServer redis = redis().start();
    redis.close();

    Run run = Run.stalk("selftest", "--url", redis.url());

    assertThat(run.code()).isEqualTo(69);
    assertThat(run.out())
        .contains("cannot reach Redis at " + redis.url(), "17 checks: 0 ok")
        .contains("16 skipped");
  }

  @Test
  void aServerThatDoesNotAnswerIsUnavailable() {
    try (RedisServer redis = redis().start()) {
      redis.freeze();

      Map<String, Check> checks =
          checks(
              BrokerConfig.builder()
                  .url(redis.url())
                  .socketTimeout(Duration.ofMillis(200))
                  .build());

      assertIs(Status.FAILED, "Read timed out", checks.get("ping"));
      assertThat(checks.get("ping").unusable()).isInstanceOf(BrokerUnavailableException.class);
    }
  }

  @Test
  void aLoadingServerIsToldFromADeadOne() throws Exception {
    try (RedisServer redis = redis().argument("key-load-delay", "1000").start()) {
      redis.command("EVAL", "for i = 1, 8000 do redis.call('SET', i, i) end", "0");
      redis.kill();
      Thread restart = new Thread(redis::restart);
      restart.start();

      Run run = Run.stalk("selftest", "--url", redis.url());
      while (restart.isAlive() && !run.out().contains("LOADING")) {
        run = Run.stalk("selftest", "--url", redis.url());
      }
      restart.join();

      assertThat(run.code()).as(run.out()).isEqualTo(69);
      assertThat(run.out())
          .contains("is not ready: LOADING", "loading its data", "wait until it has loaded");
      assertThat(Run.stalk("selftest", "--url", redis.url()).code()).isZero();
    }
  }

  @Test
  void anEvictingServerIsAWarningThatStrictTakesForAFailure() {
    try (RedisServer redis =
        redis()
            .argument("maxmemory", "100mb")
            .argument("maxmemory-policy", "allkeys-lru")
            .start()) {
      Run run = Run.stalk("selftest", "--url", redis.url());

      assertThat(run.code()).isZero();
      assertThat(run.out())
          .containsPattern(
              "WARNING +memory +maxmemory-policy is allkeys-lru: at 100.00M the server")
          .contains("messages are lost", "CONFIG SET maxmemory-policy noeviction");
      assertThat(Run.stalk("selftest", "--strict", "--url", redis.url()).code()).isEqualTo(1);
    }
  }

  @Test
  void aReplicaFails() {
    try (RedisServer primary = redis().start();
        RedisServer replica =
            redis().argument("replicaof", "127.0.0.1", "" + primary.port()).start()) {
      Run run = Run.stalk("selftest", "--url", replica.url());

      assertThat(run.code()).isEqualTo(1);
      assertThat(run.out())
          .containsPattern("FAILED +role +a replica of 127.0.0.1:" + primary.port())
          .containsPattern("FAILED +write and read .*READONLY");
    }
  }

  @Test
  void aUserWithFewRightsIsToldWhichAreMissing() {
    try (RedisServer redis = redis().start()) {
      redis.command(
          "ACL",
          "SETUSER",
          "app",
          "on",
          ">pw",
          "~*",
          "&*",
          "+@all",
          "-info",
          "-config",
          "-client",
          "+client|setname",
          "+client|id",
          "-eval");

      Map<String, Check> checks = checks(login(redis, "app:pw"));

      assertIs(Status.WARNING, "INFO is not allowed", checks.get("server"));
      assertIs(Status.SKIPPED, "needs INFO", checks.get("memory"));
      assertIs(Status.WARNING, "client tracking is refused", checks.get("wake-ups"));
      assertIs(Status.WARNING, "CONFIG GET is not allowed", checks.get("idle timeout"));
      assertIs(Status.FAILED, "NOPERM", checks.get("scripts"));
      assertThat(checks.get("scripts").remedy()).isEqualTo("give the user this right");
      assertIs(Status.OK, "read back", checks.get("write and read"));
      assertThat(Run.stalk("selftest", "--url", login(redis, "app:pw")).code()).isEqualTo(1);
    }
  }

  @Test
  void rightsLimitedToCelerysNamesSuffice() {
    try (RedisServer redis = redis().start()) {
      redis.command(
          "ACL",
          "SETUSER",
          "app",
          "on",
          ">pw",
          "resetchannels",
          "~celery*",
          "~unacked*",
          "~_kombu*",
          "&celery-task-meta-*",
          "&__redis__:invalidate",
          "+@all");

      assertThat(checks(login(redis, "app:pw")).values())
          .allMatch(check -> check.status() == Status.OK, "is ok");
    }
  }

  @Test
  void aServerThatCutsIdleConnectionsIsAWarning() {
    try (RedisServer redis = redis().argument("timeout", "5").start()) {
      assertIs(Status.WARNING, "idle for 5 s", checks(redis.url()).get("idle timeout"));
    }
  }

  @Test
  void withoutAnAppendOnlyFileThereIsAWarning() {
    try (RedisServer redis = RedisServer.start()) {
      assertIs(
          Status.WARNING, "a crash of the server", checks(redis.url()).get("append-only file"));
    }
  }

  @Test
  void aFullServerFailsAtWriting() {
    try (RedisServer redis = redis().argument("maxmemory", "100kb").start()) {
      assertIs(Status.FAILED, "no memory left", checks(redis.url()).get("write and read"));
    }
  }

  @Test
  void thePlaceOfTheResultsIsTriedOutToo() {
    try (RedisServer broker = redis().start();
        RedisServer results = redis().argument("requirepass", "right").start()) {
      BrokerConfig.Builder config = BrokerConfig.builder().url(broker.url());

      Map<String, Check> refused = checks(config.resultsUrl(results.url()).build());
      assertIs(Status.OK, "", refused.get("ping"));
      assertIs(Status.FAILED, "NOAUTH", refused.get("results: ping"));
      assertThat(refused.get("results: ping").unusable())
          .isInstanceOf(BrokerRefusedException.class);

      assertThat(checks(config.resultsUrl(login(results, ":right")).build()).values())
          .hasSize(28)
          .allMatch(check -> check.status() == Status.OK, "is ok");
      assertThat(checks(config.resultsUrl(broker.url(1)).build())).hasSize(20);
    }
  }
}
