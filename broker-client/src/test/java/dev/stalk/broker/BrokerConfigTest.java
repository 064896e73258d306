package dev.stalk.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.stalk.broker.codec.ContentConfig;
import dev.stalk.broker.redis.RedisNaming;
import dev.stalk.broker.redis.RedisSentinel;
import dev.stalk.broker.redis.RedisTls;
import dev.stalk.broker.transport.PublishRetryPolicy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class BrokerConfigTest {

  @Test
  void defaultsAreThoseOfCelery() {
    assertThat(BrokerConfig.builder().build())
        .isEqualTo(
            new BrokerConfig(
                "redis://localhost:6379/0",
                "redis://localhost:6379/0",
                Duration.ofDays(1),
                "celery",
                10,
                Duration.ofSeconds(4),
                Duration.ofSeconds(5),
                Duration.ofHours(1),
                Duration.ofMinutes(1),
                5,
                RedisNaming.DEFAULT,
                RedisTls.DEFAULT,
                RedisSentinel.NONE,
                new PublishRetryPolicy(
                    3, Duration.ZERO, Duration.ofMillis(200), Duration.ofSeconds(1)),
                ContentConfig.DEFAULT,
                RoutingConfig.DEFAULT,
                false,
                EventConfig.DEFAULT));
  }

  @Test
  void resultsFollowTheBrokerUnlessTheyHaveAnAddressOfTheirOwn() {
    BrokerConfig one = BrokerConfig.builder().url("redis://a/1").build();
    BrokerConfig two = BrokerConfig.builder().url("redis://a/1").resultsUrl("redis://b/2").build();

    assertThat(one.resultsUrl()).isEqualTo("redis://a/1");
    assertThat(one.toBuilder().url("redis://c").build().resultsUrl()).isEqualTo("redis://c");
    assertThat(two.toBuilder().url("redis://c").build().resultsUrl()).isEqualTo("redis://b/2");
    assertThat(two.toBuilder().build()).isEqualTo(two);
  }

  @Test
  void resultsPrefixEndsAsCeleryEndsIt() {
    BrokerConfig.Builder builder = BrokerConfig.builder().globalKeyprefix("app");

    assertThat(builder.resultsGlobalKeyprefix("res").build().naming().resultPrefix())
        .isEqualTo("res_");
    assertThat(builder.resultsGlobalKeyprefix("res:").build().naming().resultPrefix())
        .isEqualTo("res:");
    assertThat(builder.resultsGlobalKeyprefix("").build().naming())
        .isEqualTo(new RedisNaming("app", "", "\u0006\u0016", List.of(0, 3, 6, 9)));
  }

  @Test
  void settingsOfTlsWithoutAnEncryptedAddressAreRefused() {
    RedisTls tls = new RedisTls(null, "/ca.pem", null, null, null);
    BrokerConfig plain = BrokerConfig.builder().tls(tls).build();

    assertThatThrownBy(() -> plain.toRedis("test"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("write rediss://");
    assertThat(plain.toBuilder().url("rediss://h").build().toRedis("test").broker().tls())
        .isEqualTo(tls);
  }

  @Test
  void sentinelsNeedTheNameOfTheMasterAndTheirPasswordIsNotShown() {
    BrokerConfig config = BrokerConfig.builder().url("sentinel://h").build();

    assertThatThrownBy(() -> config.toRedis("test"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("master-name");
    BrokerConfig named =
        config.toBuilder().sentinel(new RedisSentinel("m", "joe", "hunter2", false)).build();
    assertThat(named.toRedis("test").broker()).hasToString("sentinel://h:26379/0");
    assertThat(named.toString() + named.toRedis("test")).doesNotContain("hunter2", "joe");
  }

  private static Stream<Arguments> wrongValues() {
    return Stream.of(
        wrong("not a Redis address", builder -> builder.url("http://x")),
        wrong("not a Redis address", builder -> builder.resultsUrl("x")),
        wrong("result-expires", builder -> builder.resultExpires(Duration.ofSeconds(-1))),
        wrong("result-expires", builder -> builder.resultExpires(Duration.ofMillis(500))),
        wrong("result-expires", builder -> builder.resultExpires(Duration.ofMillis(1500))),
        wrong("default queue", builder -> builder.defaultQueue(" ")),
        wrong("max-connections", builder -> builder.maxConnections(0)),
        wrong("max-connections", builder -> builder.maxConnections(10_001)),
        wrong("connect-timeout", builder -> builder.connectTimeout(Duration.ZERO)),
        wrong("connect-timeout", builder -> builder.connectTimeout(Duration.ofHours(25))),
        wrong("socket-timeout", builder -> builder.socketTimeout(Duration.ofMillis(9))),
        wrong("socket-timeout", builder -> builder.socketTimeout(Duration.ofSeconds(-5))),
        wrong("visibility-timeout", builder -> builder.visibilityTimeout(Duration.ofSeconds(1))),
        wrong("lease", builder -> builder.lease(Duration.ofMillis(999))),
        wrong("lease", builder -> builder.lease(Duration.ofMinutes(31))),
        wrong("lease", builder -> builder.lease(Duration.ofSeconds(Long.MAX_VALUE))),
        wrong("lease", builder -> builder.visibilityTimeout(Duration.ofSeconds(119))),
        wrong("max-deliveries", builder -> builder.maxDeliveries(-1)),
        wrong("max-deliveries", builder -> builder.maxDeliveries(1001)));
  }

  private static Arguments wrong(String complaint, Consumer<BrokerConfig.Builder> setter) {
    return arguments(complaint, setter);
  }

  @ParameterizedTest
  @MethodSource("wrongValues")
  void valueOutOfItsRangeIsRefusedByName(String complaint, Consumer<BrokerConfig.Builder> setter) {
    BrokerConfig.Builder builder = BrokerConfig.builder();
    setter.accept(builder);

    assertThatThrownBy(builder::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(complaint);
  }

  @Test
  void valueAtTheEdgeOfItsRangeIsTaken() {
    assertThat(
            BrokerConfig.builder()
                .resultExpires(Duration.ZERO)
                .maxConnections(10_000)
                .connectTimeout(Duration.ofMillis(10))
                .socketTimeout(Duration.ofDays(1))
                .visibilityTimeout(Duration.ofSeconds(2))
                .lease(Duration.ofSeconds(1))
                .build())
        .isNotNull();
  }

  @Test
  void environmentIsRead() {
    BrokerConfig config =
        BrokerConfig.fromEnvironment(
                Map.of(
                    "REDIS_URL", " redis://:secret@redis:6379/3 ",
                    "REDIS_MAX_CONNECTIONS", "25",
                    "REDIS_SOCKET_TIMEOUT", "2.5",
                    "PATH", "/bin"))
            .build();

    assertThat(config.url()).isEqualTo("redis://:secret@redis:6379/3");
    assertThat(config.resultsUrl()).isEqualTo(config.url());
    assertThat(config.maxConnections()).isEqualTo(25);
    assertThat(config.socketTimeout()).isEqualTo(Duration.ofMillis(2500));
  }

  @Test
  void environmentThatSaysNothingLeavesTheDefaults() {
    BrokerConfig defaults = BrokerConfig.builder().build();

    assertThat(BrokerConfig.fromEnvironment(Map.of()).build()).isEqualTo(defaults);
    assertThat(
            BrokerConfig.fromEnvironment(
                    Map.of(
                        "REDIS_URL", "",
                        "REDIS_MAX_CONNECTIONS", " ",
                        "REDIS_SOCKET_TIMEOUT", ""))
                .build())
        .isEqualTo(defaults);
  }

  @Test
  void passwordInTheEnvironmentMayBeEmpty() {
    BrokerConfig config =
        BrokerConfig.fromEnvironment(Map.of("REDIS_URL", "redis://:@redis:6379/0")).build();

    assertThat(config.url()).isEqualTo("redis://:@redis:6379/0");
  }

  @ParameterizedTest
  @CsvSource({
    "REDIS_URL, http://joe:hunter2@x",
    "REDIS_URL, joe:hunter2@x",
    "REDIS_MAX_CONNECTIONS, many",
    "REDIS_MAX_CONNECTIONS, 2.5",
    "REDIS_MAX_CONNECTIONS, 0",
    "REDIS_MAX_CONNECTIONS, 99999999999",
    "REDIS_SOCKET_TIMEOUT, 5s",
    "REDIS_SOCKET_TIMEOUT, 0",
    "REDIS_SOCKET_TIMEOUT, -1",
    "REDIS_SOCKET_TIMEOUT, NaN",
    "REDIS_SOCKET_TIMEOUT, Infinity",
    "REDIS_SOCKET_TIMEOUT, 1e300",
  })
  void wrongVariableIsNamed(String variable, String value) {
    assertThatThrownBy(() -> BrokerConfig.fromEnvironment(Map.of(variable, value)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(variable)
        .hasMessageNotContaining("hunter2");
  }

  @Test
  void configurationIsShownWithoutSecrets() {
    BrokerConfig config =
        BrokerConfig.builder()
            .url("redis://joe:hunter2@broker:6379/0")
            .resultsUrl("rediss://:hunter2@results/1")
            .build();

    assertThat(config.toString())
        .doesNotContain("joe", "hunter2")
        .contains("url=redis://broker:6379/0", "resultsUrl=rediss://results:6379/1", "lease=PT1M");
  }
}
