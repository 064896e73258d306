package dev.stalk.broker.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.BrokerFullException;
import dev.stalk.broker.transport.BrokerRefusedException;
import dev.stalk.broker.transport.BrokerUnavailableException;
import java.net.ConnectException;
import java.util.NoSuchElementException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.exceptions.JedisAccessControlException;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

class RedisErrorsTest {
  private static final RedisUrl URL = RedisUrl.parse("redis://joe:hunter2@host/3");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          NOAUTH Authentication required.                     | BrokerRefusedException
          WRONGPASS invalid username-password pair            | BrokerRefusedException
          NOPERM this user has no permissions                 | BrokerRefusedException
          ERR invalid password                                | BrokerRefusedException
          OOM command not allowed when used memory > 'maxmemory'. | BrokerFullException
          LOADING Redis is loading the dataset in memory      | BrokerUnavailableException
          READONLY You can't write against a read only replica. | BrokerUnavailableException
          MASTERDOWN Link with MASTER is down                 | BrokerUnavailableException
          CLUSTERDOWN The cluster is down                     | BrokerUnavailableException
          BUSY Redis is busy running a script                 | BrokerUnavailableException
          NOREPLICAS Not enough good replicas to write.       | BrokerUnavailableException
          UNBLOCKED force unblock from blocking operation     | BrokerUnavailableException
          MISCONF Redis is configured to save RDB snapshots   | BrokerUnavailableException
          ERR max number of clients reached                   | BrokerUnavailableException
          WRONGTYPE Operation against a key holding the wrong kind of value | BrokerException
          ERR unknown command                                 | BrokerException
          """)
  void replyIsTranslatedToWhatACallerCanActOn(String reply, String expected) {
    JedisDataException error = new JedisDataException(reply);

    BrokerException translated = RedisErrors.translate(error, URL);

    assertThat(translated.getClass().getSimpleName()).isEqualTo(expected);
    assertThat(translated).hasCause(error).hasMessageContaining(reply).hasMessageContaining("host");
    assertThat(translated.getMessage()).doesNotContain("joe", "hunter2");
    assertThat(translated.isRetryable())
        .isEqualTo(
            translated instanceof BrokerFullException
                || translated instanceof BrokerUnavailableException);
  }

  private static Stream<Arguments> otherErrors() {
    return Stream.of(
        arguments(
            new JedisAccessControlException("no"), BrokerRefusedException.class, "refuses this"),
        arguments(
            new JedisConnectionException("outer", new ConnectException("Connection refused")),
            BrokerUnavailableException.class,
            "cannot reach Redis at redis://host:6379/3: Connection refused. Is it running"),
        arguments(
            new JedisException("pool", new NoSuchElementException("timeout")),
            BrokerUnavailableException.class,
            "raise max-connections"),
        arguments(new IllegalStateException((String) null), BrokerException.class, "answered"));
  }

  @ParameterizedTest
  @MethodSource("otherErrors")
  void errorOfTheConnectionSaysWhatToDo(
      RuntimeException error, Class<? extends BrokerException> expected, String complaint) {
    assertThat(RedisErrors.translate(error, URL))
        .isExactlyInstanceOf(expected)
        .hasMessageContaining(complaint);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ERR Error running script (call to f_1): @user_script:9: -OOM command not allowed",
        "ERR Error running script (call to f_1): @user_script:9: @user_script: 9: -OOM command not",
        "@user_script: 9: -OOM command not allowed",
        "@user_script:9: OOM command not allowed"
      })
  void errorThatStoppedAScriptIsWhatStoppedIt(String reply) {
    assertThat(RedisErrors.translate(new JedisDataException(reply), URL))
        .isInstanceOf(BrokerFullException.class)
        .hasMessageContaining("left: OOM command not");
  }

  @Test
  void errorThatIsTranslatedAlreadyStaysAsItIs() {
    BrokerException error = new BrokerFullException("full", null);

    assertThat(RedisErrors.translate(error, URL)).isSameAs(error);
  }
}
