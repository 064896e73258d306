package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.redis.RedisSentinel;
import dev.stalk.broker.redis.RedisTls;
import dev.stalk.broker.transport.BrokerUnavailableException;
import dev.stalk.broker.transport.PublishRetryPolicy;
import dev.stalk.peers.PythonSession;
import dev.stalk.peers.RedisServer;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every way to a Redis, with a Celery on the other side of it. */
class ConnectionsIT {
  @TempDir Path directory;

  private static RedisServer tlsServer(Certificates certificates, int port, String clients) {
    return withTls(RedisServer.builder().binary(DebianRedis.server()), certificates, port, clients)
        .start();
  }

  private static RedisServer.Builder withTls(
      RedisServer.Builder server, Certificates certificates, int port, String clients) {
    return server
        .argument("tls-port", Integer.toString(port))
        .argument("tls-cert-file", certificates.file("server.pem"))
        .argument("tls-key-file", certificates.file("server.key"))
        .argument("tls-ca-cert-file", certificates.file("ca.pem"))
        .argument("tls-auth-clients", clients);
  }

  /** Below the ports that the system gives to outgoing connections, as those of the peers. */
  private static int freePort() {
    for (int attempt = 0; attempt < 1000; attempt++) {
      int port = ThreadLocalRandom.current().nextInt(16_384, 32_768);
      try (ServerSocket probe = new ServerSocket(port)) {
        return probe.getLocalPort();
      } catch (IOException taken) {
        // another one, then
      }
    }
    throw new IllegalStateException("no port is free");
  }

  /** Both languages send, run and answer. */
  private static void exchange(Interop peers, BrokerConfig config, String... environment) {
    peers.javaWorker(config, 2, "java");
    PythonSession python = peers.python(environment);
    peers.celeryWorker(Interop.environment(environment), 1, "python");
    BrokerClient client = peers.client(config);

    assertThat(
            client
                .send(TaskSignature.of("interop.add", 2, 3).on("python"))
                .get(Long.class, Interop.PATIENCE))
        .isEqualTo(5);
    assertThat(
            python.eval("app.send_task('java.add', (3, 4), queue='java').get(timeout=60)").asInt())
        .isEqualTo(7);
  }

  @Test
  void tlsIsSpokenWithCeleryBothWays() throws Exception {
    Certificates certificates = Certificates.make(directory, "IP:127.0.0.1");
    int port = freePort();
    try (Interop peers = new Interop(tlsServer(certificates, port, "yes"))) {
      String url =
          "rediss://127.0.0.1:%d/2?ssl_cert_reqs=required&ssl_ca_certs=%s&ssl_certfile=%s&ssl_keyfile=%s"
              .formatted(
                  port,
                  certificates.file("ca.pem"),
                  certificates.file("client.pem"),
                  certificates.file("client.key"));

      exchange(peers, peers.config().url(url).build(), "REDIS_URL", url);

      assertThat(String.valueOf(peers.redis().command("INFO", "keyspace"))).contains("db2:");
    }
  }

  private static void send(BrokerConfig config) {
    try (BrokerClient client = BrokerClient.connect(config)) {
      client.send(TaskSignature.of("nobody"));
    }
  }

  private static BrokerConfig.Builder once(int port) {
    return BrokerConfig.builder()
        .url("rediss://127.0.0.1:" + port)
        .publishRetry(new PublishRetryPolicy(0, Duration.ZERO, Duration.ZERO, Duration.ZERO));
  }

  @Test
  void aServerIsOnlyTrustedWithTheRightAuthorityAndName() throws Exception {
    Certificates certificates = Certificates.make(directory, "DNS:elsewhere");
    int port = freePort();
    try (RedisServer redis = tlsServer(certificates, port, "no")) {
      String ca = certificates.file("ca.pem");
      assertThatThrownBy(() -> send(once(port).build()))
          .isInstanceOf(BrokerUnavailableException.class)
          .hasMessageContaining("no TLS connection to rediss://127.0.0.1:" + port)
          .hasMessageContaining("unable to find valid certification path");
      assertThatThrownBy(() -> send(once(port).tls(tls(null, ca, null, null, null)).build()))
          .isInstanceOf(BrokerUnavailableException.class)
          .hasMessageContaining("No subject alternative names");
      assertThatThrownBy(
              () -> send(once(redis.port()).socketTimeout(Duration.ofMillis(500)).build()))
          .isInstanceOf(BrokerUnavailableException.class)
          .hasMessageContaining("Does it speak TLS there");

      send(once(port).tls(tls(null, ca, null, null, false)).build());
      send(once(port).tls(tls(RedisTls.CertReqs.NONE, null, null, null, null)).build());

      assertThat(redis.command("LLEN", "celery")).isEqualTo(2L);
    }
  }

  private static RedisTls tls(
      RedisTls.CertReqs reqs, String ca, String cert, String key, Boolean checkHostname) {
    return new RedisTls(reqs, ca, cert, key, checkHostname);
  }

  @Test
  void aClientShowsItsCertificateWithAKeyOfEitherForm() throws Exception {
    Certificates certificates = Certificates.make(directory, "IP:127.0.0.1");
    int port = freePort();
    try (RedisServer redis = tlsServer(certificates, port, "yes")) {
      String ca = certificates.file("ca.pem");
      String cert = certificates.file("client.pem");

      send(once(port).tls(tls(null, ca, cert, certificates.file("client.key"), null)).build());
      send(once(port).tls(tls(null, ca, cert, certificates.file("client-1.key"), null)).build());
      send(once(port).tls(tls(null, ca, certificates.file("client-both.pem"), null, null)).build());

      assertThat(redis.command("LLEN", "celery")).isEqualTo(3L);
      assertThatThrownBy(() -> send(once(port).tls(tls(null, ca, null, null, null)).build()))
          .isInstanceOf(BrokerUnavailableException.class);
      assertThatThrownBy(
              () -> send(once(port).tls(tls(null, cert + "x", null, null, null)).build()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("ca-file")
          .hasMessageContaining("does not exist");
      assertThatThrownBy(() -> send(once(port).tls(tls(null, ca, cert, ca, null)).build()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("key-file")
          .hasMessageContaining("holds no private key");
    }
  }

  @Test
  void aSentinelAndItsMasterAreReachedByTls() throws Exception {
    Certificates certificates = Certificates.make(directory, "IP:127.0.0.1");
    int masterPort = freePort();
    int sentinelPort = freePort();
    Files.writeString(
        directory.resolve("sentinel.conf"),
        "sentinel monitor mymaster 127.0.0.1 %d 1\n".formatted(masterPort));
    try (RedisServer master = tlsServer(certificates, masterPort, "no");
        RedisServer sentinel =
            withTls(RedisServer.builder(), certificates, sentinelPort, "no")
                .binary(SentinelTrio.program(directory))
                .argument("tls-replication", "yes")
                .start()) {
      BrokerConfig.Builder config =
          once(0)
              .url("sentinel://127.0.0.1:" + sentinelPort)
              .tls(tls(null, certificates.file("ca.pem"), null, null, null));

      send(config.sentinel(new RedisSentinel("mymaster", null, null, true)).build());

      assertThat(master.command("LLEN", "celery")).isEqualTo(1L);
      assertThat(sentinel.isAlive()).isTrue();
      assertThatThrownBy(
              () ->
                  send(
                      config
                          .socketTimeout(Duration.ofMillis(500))
                          .sentinel(new RedisSentinel("mymaster", null, null, false))
                          .build()))
          .isInstanceOf(BrokerUnavailableException.class)
          .hasMessageContaining("no Sentinel tells");
    }
  }

  @Test
  void aUnixSocketIsSharedWithCelery() throws Exception {
    Path socket = directory.resolve("redis.sock");
    RedisServer redis = RedisServer.builder().argument("unixsocket", socket.toString()).start();
    try (Interop peers = new Interop(redis)) {
      String url = "redis+socket://%s?virtual_host=1".formatted(socket);

      exchange(peers, peers.config().url(url).build(), "REDIS_URL", url);

      assertThat(String.valueOf(redis.command("INFO", "keyspace"))).contains("db1:");
      peers.redis().command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
      assertThat(
              peers
                  .client(peers.config().url(url).build())
                  .send(TaskSignature.of("java.add", 1, 1).on("java"))
                  .get(Long.class, Interop.PATIENCE))
          .isEqualTo(2);
    }
  }

  @Test
  void aSocketThatDoesNotAnswerTimesOut() throws Exception {
    Path socket = directory.resolve("redis.sock");
    try (RedisServer redis =
        RedisServer.builder().argument("unixsocket", socket.toString()).start()) {
      BrokerConfig config =
          BrokerConfig.builder()
              .url("redis+socket://" + socket)
              .socketTimeout(Duration.ofSeconds(2))
              .build();
      try (BrokerClient client = BrokerClient.connect(config)) {
        client.send(TaskSignature.of("nobody"));
        redis.freeze();

        assertThatThrownBy(() -> client.send(TaskSignature.of("nobody")))
            .isInstanceOf(BrokerUnavailableException.class)
            .hasMessageContaining("Read timed out");
        redis.thaw();
      }
    }
  }

  @Test
  void prefixSeparatorAndStepsAreSharedWithCelery() throws Exception {
    try (Interop peers = new Interop()) {
      BrokerConfig config =
          peers
              .config()
              .globalKeyprefix("app:")
              .resultsGlobalKeyprefix("res")
              .sep("|")
              .prioritySteps(List.of(0, 5))
              .build();
      String[] environment = {
        "BROKER_OPTIONS",
        "{\"global_keyprefix\": \"app:\", \"sep\": \"|\", \"priority_steps\": [0, 5]}",
        "RESULT_OPTIONS",
        "{\"global_keyprefix\": \"res\"}"
      };
      exchange(peers, config, environment);
      BrokerClient client = peers.client(config);
      for (int priority = 0; priority < 10; priority++) {
        client.send(TaskSignature.of("nobody").on("waiting").withPriority(priority));
      }

      assertThat(peers.number("LLEN", "app:waiting")).isEqualTo(5);
      assertThat(peers.number("LLEN", "app:waiting|5")).isEqualTo(5);
      assertThat((List<?>) peers.redis().command("KEYS", "*"))
          .allMatch(key -> key.toString().startsWith("app:") || key.toString().startsWith("res_"));
      assertThat(peers.redis().command("SMEMBERS", "app:_kombu.binding.java"))
          .isEqualTo(List.of("java||java"));
      for (int i = 0; i < 10; i++) {
        assertThat(
                client
                    .send(TaskSignature.of("interop.add", i, 1).on("python").withPriority(i))
                    .get(Long.class, Interop.PATIENCE))
            .isEqualTo(i + 1);
      }
    }
  }

  @Test
  void addressesAreReadAsKombuReadsThem() throws Exception {
    try (Interop peers = new Interop()) {
      PythonSession python = peers.python();
      python.eval(
          """
          import kombu, ssl
          def read(url):
              c = kombu.Connection(url, transport_options={'master_name': 'm'})
              t = c.transport
              channel = t.Channel.__new__(t.Channel)
              channel.connection = t
              p = channel._connparams()
              return [p.get('host'), p.get('port'), p.get('path'), p['db'], p.get('username'),
                      p.get('password'), 'SSL' in p['connection_class'].__mro__[0].__name__]
          """);
      for (String url :
          List.of(
              "rediss://u:p%40@host:7000/3?ssl_cert_reqs=required",
              "rediss://host?ssl_cert_reqs=none&ssl_check_hostname=false",
              "redis+socket://:pw@/run/re%20dis.sock?virtual_host=3",
              "redis+socket:///run/redis.sock",
              "redis://user:pass@host//2",
              "sentinel://u:p@h1:26379/2;sentinel://u:p@h2/2",
              "sentinel://h1")) {
        assertThat(SeenUrl.of(url))
            .as(url)
            .isEqualTo(python.eval("read(url)", Map.of("url", url)).toString());
      }
    }
  }
}
