package dev.stalk.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

class TestRedisTest {

  @Test
  void aProgramThatIsNotThereFailsWithTheRemedies() {
    Map<String, String> variables = Map.of("STALK_TEST_REDIS_SERVER", "/no/such/redis-server");

    assertThatThrownBy(() -> TestRedis.start(name -> null, variables))
        .isInstanceOf(TestRedisException.class)
        .hasMessageContaining("There is no program /no/such/redis-server.")
        .hasMessageContaining("com.github.codemonstur:embedded-redis")
        .hasMessageContaining("stalk.test.redis-server")
        .hasMessageContaining("STALK_TEST_REDIS_URL")
        .hasMessageContaining("in memory");
  }

  @Test
  void aProgramThatIsNoServerFailsWithWhatItSaid() {
    Map<String, String> variables = Map.of("STALK_TEST_REDIS_SERVER", "/bin/echo");

    assertThatThrownBy(() -> TestRedis.start(name -> null, variables))
        .isInstanceOf(TestRedisException.class)
        .hasMessageContaining("/bin/echo could not be started: --port");
  }

  @Test
  void aGivenServerIsUsedAndThePropertyBeforeTheVariable() {
    Map<String, String> variables = Map.of("STALK_TEST_REDIS_URL", "redis://variable:1/0");

    try (TestRedis variable = TestRedis.start(name -> null, variables);
        TestRedis property =
            TestRedis.start(
                name -> name.equals("stalk.test.redis-url") ? "redis://property:1/0" : null,
                variables)) {
      assertThat(variable.url()).isEqualTo("redis://variable:1/0");
      assertThat(property.url()).isEqualTo("redis://property:1/0");
      assertThat(property.isAlive()).isTrue();
    }
  }
}
