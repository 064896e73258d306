package dev.stalk.broker.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.codec.Fixtures;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class RedisUrlTest {

  private static Stream<JsonNode> readByKombu() {
    return Fixtures.lines("python/urls.jsonl").map(Fixtures::tree);
  }

  @ParameterizedTest
  @MethodSource("readByKombu")
  void addressIsReadAsKombuReadsIt(JsonNode read) {
    String url = read.get(0).asString();
    JsonNode expected = read.get(1);

    if (expected.isNull()) {
      assertThatThrownBy(() -> RedisUrl.parse(url)).isInstanceOf(IllegalArgumentException.class);
    } else {
      assertThat(RedisUrl.parse(url))
          .isEqualTo(
              new RedisUrl(
                  expected.get("host").asString(),
                  expected.get("port").asInt(),
                  expected.get("db").asInt(),
                  expected.get("username").asString(null),
                  expected.get("password").asString(null),
                  false));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "rediss://host, true",
    "REDISS://host, true",
    "rediss://host?ssl_cert_reqs=required, true",
    "rediss://host/0?ssl_cert_reqs=CERT_REQUIRED, true",
    "rediss://host/0?, true",
    "redis://host, false",
    "Redis://host, false",
  })
  void schemeDecidesOnEncryption(String url, boolean tls) {
    RedisUrl read = RedisUrl.parse(url);

    assertThat(read.tls()).isEqualTo(tls);
    assertThat(read.host()).isEqualTo("host");
    assertThat(read.port()).isEqualTo(6379);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ''                             | it has no scheme
          localhost                      | it has no scheme
          localhost:6379                 | it has no scheme
          redis:localhost                | it has no scheme
          http://localhost               | the scheme 'http' is not one of redis, rediss
          redis+socket:///tmp/sock       | the scheme 'redis+socket' is not one of
          sentinel://h:26379             | the scheme 'sentinel' is not one of
          redis://a;redis://b            | several addresses
          redis://h:0                    | the port '0' is not between 1 and 65535
          redis://h:65536                | the port '65536' is not between 1 and 65535
          redis://h:99999999999          | the port is not a number
          redis://h/db                   | the path '/db' is not a database number
          redis://h/-1                   | is not a database number
          redis://h/1/2                  | is not a database number
          redis://::1/0                  | an IPv6 address stands in brackets
          redis://h/0#x                  | '#'
          redis://h o/0                  | character at position 9
          redis://h/0?socket_timeout=5   | the option 'socket_timeout' is not known
          rediss://h?ssl_cert_reqs=none  | the option 'ssl_cert_reqs' is not known
          rediss://h?ssl_cert_reqs=CERT_OPTIONAL | only ssl_cert_reqs=required
          redis://h?ssl_cert_reqs=required | options of TLS need the scheme rediss
          """)
  void addressThatCannotBeUsedSaysWhy(String url, String complaint) {
    assertThatThrownBy(() -> RedisUrl.parse(url))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(complaint)
        .hasMessageContaining("redis://user:password@host:6379/0");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "redis://joe:hunter2 @host/0",
        "redis://joe:hunter2@host:port/0",
        "redis://joe:hunter2@host:99999/0",
        "redis://joe:hunter2@host/database",
        "redis://joe:hunter2@host/0?unknown=1",
        "redis://joe:hunter2@host/0?password=hunter2",
        "redis://joe:hunter2#x@host/0",
        "redis://joe:x#hunter2@host/0",
        "redis://joe:hunter2/x@host/0",
        "redis://joe:x/hunter2@host/0",
        "redis://joe:x?hunter2@host/0",
        "redis://joe:x?hunter2=1@host/0",
        "redis://joe:hunter2?x@host/0",
        "redis://:hunter2",
        "redis://joe:hunter2",
        "redis:hunter2@host",
        "joe:hunter2@host",
        "hunter2:joe@host",
        "hunter2@host://x",
        "redis://joe:hunter2@a;redis://b",
        "redis://joe:hunter2@::1/0",
        "http2://joe:hunter2@host"
      })
  void complaintNeverShowsThePassword(String url) {
    assertThatThrownBy(() -> RedisUrl.parse(url))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining("hunter2")
        .hasNoCause();
  }

  @Test
  void addressIsShownWithoutUserAndPassword() {
    assertThat(RedisUrl.parse("redis://joe:secret@host:7000/3")).hasToString("redis://host:7000/3");
    assertThat(RedisUrl.parse("rediss://:secret@[::1]")).hasToString("rediss://[::1]:6379/0");
  }

  @ParameterizedTest
  @CsvSource({
    "redis://h/1, true",
    "redis://h:6379, true",
    "redis://h:6380/0, false",
    "redis://i/0, false",
    "rediss://h/0, false",
    "redis://joe@h/0, false",
    "redis://:secret@h/0, false",
  })
  void serverIsTheSameIfOnlyTheDatabaseDiffers(String other, boolean same) {
    assertThat(RedisUrl.parse("redis://h/0").sameServer(RedisUrl.parse(other))).isEqualTo(same);
  }
}
