package dev.stalk.broker.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.codec.Fixtures;
import java.time.Duration;
import java.util.List;
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
                  new RedisPlace.Server(
                      expected.get("host").asString(), expected.get("port").asInt()),
                  expected.get("db").asInt(),
                  expected.get("username").asString(null),
                  expected.get("password").asString(null),
                  null,
                  null,
                  null));
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

    assertThat(read.tls() != null).isEqualTo(tls);
    assertThat(read.place()).isEqualTo(new RedisPlace.Server("host", 6379));
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
          http://localhost               | the scheme 'http' is not one of redis, rediss, redis+socket, sentinel
          unix:///tmp/sock               | the scheme 'unix' is not one of
          redis+socket://tmp/sock        | a socket's path is absolute
          redis+socket://                | a socket's path is absolute
          redis+socket:///s/sock?virtual_host=x | is not a database number
          redis+socket:///s/sock?db=1    | belongs in the settings
          redis+socket:///s/sock?ssl_ca_certs=x | options of TLS need the scheme rediss
          sentinel://a;redis://b         | must begin with sentinel://
          sentinel://a;                  | it has no scheme
          sentinel://a;sentinel://b/2    | the parts differ in user, password or database
          sentinel://a/1;sentinel://b/2  | the parts differ in user, password or database
          sentinel://a;sentinel://u:p@b  | the parts differ in user, password or database
          sentinel://a?master_name=x;sentinel://b?master_name=y | two different values
          redis://h/0?virtual_host=3     | the option 'virtual_host' is for redis+socket://
          redis://h/0?credential_provider=a.B | names a Python class
          rediss://h?ssl_ciphers=x       | known are ssl_ca_certs, ssl_cert_reqs, ssl_certfile, ssl_check_hostname, ssl_keyfile
          rediss://h?ssl_keyfile=x       | key_file needs a cert_file
          redis://h?socket_timout=x      | the option 'socket_timout' is not known; redis:// has none
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
          redis://h/0?socket_timeout=5   | the option 'socket_timeout' belongs in the settings
          rediss://h?ssl_cert_reqs=never | ssl_cert_reqs must be required, optional or none
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
  void resultsMayHaveOptionsThatCelerysResultBackendReads() {
    RedisUrl read =
        RedisUrl.parseResults(
            "redis://h/1?socket_timeout=2.5&socket_connect_timeout=1&db=3&retry_on_timeout=1");

    assertThat(read.database()).isEqualTo(3);
    assertThat(read.socketTimeout()).isEqualTo(Duration.ofMillis(2500));
    assertThat(read.connectTimeout()).isEqualTo(Duration.ofSeconds(1));
    assertThatThrownBy(() -> RedisUrl.parseResults("redis://h?socket_timeout=soon"))
        .hasMessageContaining("'socket_timeout' is not a number of seconds");
    assertThatThrownBy(() -> RedisUrl.parseResults("redis://h?unknown=1"))
        .hasMessageContaining("the option 'unknown' is not known");
  }

  @Test
  void optionsOfTlsAreReadAsKombuReadsThem() {
    RedisUrl read =
        RedisUrl.parse(
            "rediss://h?ssl_cert_reqs=CERT_OPTIONAL&ssl_ca_certs=%2Fca.pem&ssl_certfile=/c.pem"
                + "&ssl_keyfile=/a+b.pem&ssl_check_hostname=False");

    assertThat(read.tls())
        .isEqualTo(
            new RedisTls(RedisTls.CertReqs.OPTIONAL, "/ca.pem", "/c.pem", "/a b.pem", false));
    assertThat(RedisUrl.parse("rediss://h?ssl_check_hostname=0").tls().checkHostname()).isTrue();
    assertThat(RedisUrl.parse("rediss://h").tls().checksCertificate()).isTrue();
    assertThat(RedisUrl.parse("rediss://h").tls().checksHostName()).isTrue();
    assertThat(RedisUrl.parse("rediss://h?ssl_cert_reqs=none").tls().checksHostName()).isFalse();
  }

  @Test
  void whatTheAddressSaysOfTlsWinsOverTheSettings() {
    RedisTls settings = new RedisTls(RedisTls.CertReqs.NONE, "/ca", "/cert", "/key", false);

    RedisUrl said =
        RedisUrl.parse("rediss://h?ssl_cert_reqs=required&ssl_certfile=/mine")
            .with(settings, RedisSentinel.NONE);

    assertThat(said.tls())
        .isEqualTo(new RedisTls(RedisTls.CertReqs.REQUIRED, "/ca", "/mine", null, false));
    assertThat(RedisUrl.parse("redis://h").with(settings, RedisSentinel.NONE).tls()).isNull();
    assertThat(RedisUrl.parse("sentinel://h").with(settings, RedisSentinel.NONE).tls())
        .isEqualTo(settings);
  }

  @Test
  void sentinelsAreAListAndTheLoginIsTheMasters() {
    RedisUrl read =
        RedisUrl.parse(
                "sentinel://joe:pw@a/2;sentinel://joe:pw@b:1234/2;sentinel://[::1]?master_name=m")
            .with(RedisTls.DEFAULT, new RedisSentinel("other", "su", "sp", true));

    assertThat(read.place())
        .isEqualTo(
            new RedisPlace.Sentinels(
                List.of(
                    new RedisPlace.Server("a", 26379),
                    new RedisPlace.Server("b", 1234),
                    new RedisPlace.Server("::1", 26379)),
                new RedisSentinel("m", "su", "sp", true)));
    assertThat(read.database()).isEqualTo(2);
    assertThat(read.user()).isEqualTo("joe");
    assertThat(read.password()).isEqualTo("pw");
    assertThat(read.tls()).isNull();
    assertThat(read).hasToString("sentinel://a:26379;sentinel://b:1234;sentinel://[::1]:26379/2");
    assertThat(read.place().toString() + read.place().hashCode()).doesNotContain("sp");
  }

  @Test
  void socketsPathIsAbsoluteAndItsDatabaseAnOption() {
    RedisUrl read = RedisUrl.parse("redis+socket://:pw@/run/re%20dis.sock?virtual_host=3");

    assertThat(read.place()).isEqualTo(new RedisPlace.UnixSocket("/run/re dis.sock"));
    assertThat(read.database()).isEqualTo(3);
    assertThat(read.password()).isEqualTo("pw");
    assertThat(read).hasToString("redis+socket:///run/re dis.sock?virtual_host=3");
    assertThat(RedisUrl.parse("redis+socket:///s").database()).isZero();
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
