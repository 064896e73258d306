package dev.stalk.broker.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.redis.RedisSelfTest.Status;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RedisProbeRulesTest {

  private static RedisProbeInfo info(String... lines) {
    return RedisProbeInfo.parse("# Section\r\n" + String.join("\r\n", lines) + "\r\n");
  }

  private static void assertIs(Status status, String detail, RedisProbeVerdict verdict) {
    assertThat(verdict.status()).as(verdict.detail()).isEqualTo(status);
    assertThat(verdict.detail()).contains(detail);
    assertThat(verdict.remedy().isEmpty()).isEqualTo(status == Status.OK);
  }

  @Test
  void theServersSixFieldsAreShown() {
    RedisProbeInfo redis =
        info(
            "redis_version:7.2.4",
            "os:Linux 6.1 x86_64",
            "uptime_in_seconds:12",
            "connected_clients:3",
            "used_memory_human:1.02M",
            "total_commands_processed:99");

    assertThat(RedisProbeRules.server(redis).detail())
        .isEqualTo(
            "redis_version=7.2.4, os=Linux 6.1 x86_64, uptime_in_seconds=12, connected_clients=3,"
                + " used_memory_human=1.02M, total_commands_processed=99");
  }

  @Test
  void valkeyIsShownWithBothVersions() {
    assertThat(RedisProbeRules.server(info("redis_version:7.2.4", "valkey_version:8.1.0")).detail())
        .contains("redis_version=7.2.4", "os=?", "valkey_version=8.1.0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"6.2.0", "6.2", "6.10.1", "7.0.15", "7.4.5", "8.0-rc1", "10.0.0"})
  void fromRedis62OnEveryVersionDoes(String version) {
    assertIs(Status.OK, version, RedisProbeRules.version(info("redis_version:" + version)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"6.0.16", "5.0.14", "2.8"})
  void anOlderVersionFails(String version) {
    assertIs(Status.FAILED, "older", RedisProbeRules.version(info("redis_version:" + version)));
  }

  @Test
  void aVersionThatIsNotToldIsAWarning() {
    assertIs(Status.WARNING, "does not tell", RedisProbeRules.version(info()));
  }

  @Test
  void onlyAPrimaryByItselfWillDo() {
    assertIs(
        Status.OK,
        "primary with 1 replicas",
        RedisProbeRules.role(info("role:master", "connected_slaves:1")));
    assertIs(
        Status.FAILED,
        "a replica of 10.0.0.1:6379",
        RedisProbeRules.role(info("role:slave", "master_host:10.0.0.1", "master_port:6379")));
    assertIs(
        Status.FAILED, "cluster", RedisProbeRules.role(info("redis_mode:cluster", "role:master")));
    assertIs(Status.FAILED, "Sentinel", RedisProbeRules.role(info("redis_mode:sentinel")));
    assertIs(Status.WARNING, "does not tell", RedisProbeRules.role(info()));
  }

  @Test
  void loadingIsToldWithItsProgress() {
    assertIs(
        Status.FAILED,
        "loading its data: 43.5 % done, about 12 s left",
        RedisProbeRules.loading(
            info("loading:1", "loading_loaded_perc:43.5", "loading_eta_seconds:12")));
    assertIs(Status.OK, "loaded", RedisProbeRules.loading(info("loading:0")));
  }

  @Test
  void persistenceIsJudgedByTheLastWrite() {
    assertIs(
        Status.OK,
        "on",
        RedisProbeRules.appendOnlyFile(info("aof_enabled:1", "aof_last_write_status:ok")));
    assertIs(
        Status.FAILED,
        "last write",
        RedisProbeRules.appendOnlyFile(info("aof_enabled:1", "aof_last_write_status:err")));
    assertIs(Status.WARNING, "off", RedisProbeRules.appendOnlyFile(info("aof_enabled:0")));
    assertIs(Status.OK, "", RedisProbeRules.snapshots(info("rdb_last_bgsave_status:ok")));
    assertIs(
        Status.WARNING, "failed", RedisProbeRules.snapshots(info("rdb_last_bgsave_status:err")));
  }

  @ParameterizedTest
  @CsvSource({
    "allkeys-lru, 1048576, deletes queues",
    "allkeys-random, 1048576, deletes queues",
    "volatile-ttl, 1048576, deletes results and locks",
    "allkeys-lru, 0, only because maxmemory is 0"
  })
  void everyPolicyButNoevictionIsAWarning(String policy, String limit, String said) {
    assertIs(Status.WARNING, said, RedisProbeRules.memory(memory(policy, limit, "1000")));
  }

  @Test
  void noevictionIsFineUntilMemoryIsNearlyFull() {
    assertIs(
        Status.OK, "only the machine's", RedisProbeRules.memory(memory("noeviction", "0", "1")));
    assertIs(Status.OK, "74 %", RedisProbeRules.memory(memory("noeviction", "1000", "749")));
    assertIs(Status.WARNING, "75 %", RedisProbeRules.memory(memory("noeviction", "1000", "750")));
    assertIs(Status.WARNING, "does not tell", RedisProbeRules.memory(info()));
  }

  private static RedisProbeInfo memory(String policy, String limit, String used) {
    return info("maxmemory_policy:" + policy, "maxmemory:" + limit, "used_memory:" + used);
  }

  @Test
  void clientsMustFindRoom() {
    assertIs(
        Status.OK,
        "90 of 100",
        RedisProbeRules.clients(info("connected_clients:90", "maxclients:100"), 10));
    assertIs(
        Status.WARNING,
        "91 of 100",
        RedisProbeRules.clients(info("connected_clients:91", "maxclients:100"), 10));
    assertIs(Status.OK, "7 are", RedisProbeRules.clients(info("connected_clients:7"), 10));
  }

  @Test
  void idleConnectionsShouldBeKeptForAWhile() {
    assertIs(Status.OK, "kept", RedisProbeRules.idleTimeout("0"));
    assertIs(Status.OK, "idle for 300 s", RedisProbeRules.idleTimeout("300"));
    assertIs(Status.WARNING, "some seconds late", RedisProbeRules.idleTimeout("5"));
  }

  @Test
  void clocksMayDifferByASecond() {
    assertIs(Status.OK, "1.000 s ahead", RedisProbe.offset(Duration.ofSeconds(1)));
    assertIs(Status.WARNING, "1.001 s behind", RedisProbe.offset(Duration.ofMillis(-1001)));
  }
}
