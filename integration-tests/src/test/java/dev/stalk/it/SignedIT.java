package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.TaskFailedException;
import dev.stalk.broker.codec.ContentConfig;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.security.MessageSecurity;
import dev.stalk.broker.security.SignatureLayout;
import dev.stalk.peers.CeleryWorker;
import dev.stalk.peers.PythonEnvironment;
import dev.stalk.peers.PythonRaised;
import dev.stalk.peers.PythonSession;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Signed tasks and results, both ways, with a Celery that writes signer and signature in base64 of
 * their own (5.7) and one that writes them raw (5.2). Java and Python have a key each.
 */
class SignedIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Map<String, SignatureLayout> LAYOUTS =
      Map.of("5.7", SignatureLayout.CELERY_5_5, "5.2", SignatureLayout.CELERY_5_4);
  private static final JsonMapper JSON = JsonMapper.shared();

  @TempDir static Path directory;

  private static Interop peers;
  private static Certificates certificates;
  private static final Map<String, PythonSession> sessions = new LinkedHashMap<>();
  private static final Map<String, CeleryWorker> workers = new LinkedHashMap<>();
  private static final Map<String, BrokerClient> clients = new LinkedHashMap<>();

  @BeforeAll
  static void start() throws Exception {
    certificates = Certificates.make(directory, "DNS:server");
    Path store = Files.createDirectory(directory.resolve("store"));
    Files.copy(directory.resolve("server.pem"), store.resolve("python.pem"));
    Files.copy(directory.resolve("client.pem"), store.resolve("java.pem"));
    peers = new Interop();
    for (String line : LAYOUTS.keySet()) {
      BrokerConfig config = config(security("client").layout(LAYOUTS.get(line)).load());
      clients.put(line, peers.client(config));
      peers.javaWorker(config, 2, "java" + line);
      workers.put(line, peers.closed(celeryWorker(line)));
      sessions.put(line, peers.closed(python(line)));
    }
  }

  @AfterAll
  static void stop() {
    if (peers != null) {
      peers.close();
    }
  }

  private static MessageSecurity.Builder security(String who) {
    return MessageSecurity.builder()
        .key(certificates.file(who + ".key"))
        .certificate(certificates.file(who + ".pem"))
        .certStore(directory.resolve("store").toString());
  }

  private static BrokerConfig config(MessageSecurity security) {
    ContentConfig content =
        ContentConfig.builder()
            .security(security)
            .taskSerializer("auth")
            .resultSerializer("auth")
            .acceptContent("auth")
            .build();
    return peers.config().content(content).build();
  }

  private static Map<String, String> environment() {
    return Interop.environment(
        "REDIS_URL",
        peers.redis().url(),
        "SECURITY_KEY",
        certificates.file("server.key"),
        "SECURITY_CERTIFICATE",
        certificates.file("server.pem"),
        "SECURITY_STORE",
        directory.resolve("store").toString());
  }

  private static CeleryWorker celeryWorker(String line) {
    return CeleryWorker.builder(PythonEnvironment.celeryWithAuth(line))
        .app("signed")
        .directory(Interop.pythonSources())
        .environment(environment())
        .queues("python" + line)
        .concurrency(1)
        .quiet()
        .start();
  }

  private static PythonSession python(String line) {
    PythonSession.Builder builder =
        PythonSession.builder(PythonEnvironment.celeryWithAuth(line))
            .module("signed")
            .directory(Interop.pythonSources());
    environment().forEach(builder::environment);
    return builder.start();
  }

  private static long javaAdds(String line) {
    return clients
        .get(line)
        .send(TaskSignature.of("java.add", 2, 3).on("java" + line))
        .get(Long.class, PATIENCE);
  }

  private static long pythonAdds(String line) {
    return clients
        .get(line)
        .send(TaskSignature.of("interop.add", 2, 3).on("python" + line))
        .get(Long.class, PATIENCE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"5.7", "5.2"})
  void pythonRunsWhatJavaSignedAndJavaReadsItsSignedResult(String line) {
    assertThat(
            clients
                .get(line)
                .send(TaskSignature.of("interop.echo", "\u017c").on("python" + line))
                .get(String.class, PATIENCE))
        .isEqualTo("\u017c");
    assertThatThrownBy(
            () ->
                clients
                    .get(line)
                    .send(TaskSignature.of("interop.fail", "no", 7).on("python" + line))
                    .get(Object.class, PATIENCE))
        .isInstanceOf(TaskFailedException.class)
        .hasMessageContaining("ValueError");
  }

  @ParameterizedTest
  @ValueSource(strings = {"5.7", "5.2"})
  void javaRunsWhatPythonSignedAndPythonReadsItsSignedResult(String line) {
    PythonSession python = sessions.get(line);

    assertThat(
            python
                .eval(
                    "r = app.send_task('java.echo', (['\u017c', {'k': None}],), queue='java%s')\nr.get(timeout=60) == ['\u017c', {'k': None}]"
                        .formatted(line))
                .booleanValue())
        .isTrue();
    String id = python.eval("r.id").stringValue();
    String stored = (String) peers.redis().command("GET", "celery-task-meta-" + id);
    assertThat(new String(Base64.getDecoder().decode(stored), StandardCharsets.ISO_8859_1))
        .contains("\0\1application/json\0\1utf-8\0\1{\"status\": \"SUCCESS\"");
    assertThatThrownBy(
            () ->
                python.eval(
                    "app.send_task('java.fail', ('boom',), queue='java%s').get(timeout=60)"
                        .formatted(line)))
        .isInstanceOf(PythonRaised.class)
        .hasMessageContaining("boom");
  }

  /** The byte is one of the signed value's. */
  private static String flipped(String message) {
    ObjectNode envelope = (ObjectNode) JSON.readTree(message);
    byte[] text = Base64.getDecoder().decode(envelope.get("body").stringValue());
    byte[] fields = Base64.getDecoder().decode(text);
    fields[fields.length - 3] ^= 1;
    envelope.put("body", Base64.getEncoder().encodeToString(Base64.getEncoder().encode(fields)));
    return JSON.writeValueAsString(envelope);
  }

  /** What this client sends to a queue nobody works on. */
  private static String intercepted(String line, String task, String id) {
    var unused =
        clients.get(line).send(TaskSignature.of(task, 2, 3).withId(id).on("nobody" + line));
    return String.valueOf(peers.redis().command("RPOP", "nobody" + line));
  }

  @ParameterizedTest
  @ValueSource(strings = {"5.7", "5.2"})
  void aFlippedByteIsRefusedByJavaAndTheWorkerGoesOn(String line) {
    String bad = flipped(intercepted(line, "java.add", "flipped-java-" + line));
    String quarantine = "java" + line + ".quarantine";
    long before = peers.number("LLEN", quarantine);

    peers.redis().command("LPUSH", "java" + line, bad);

    assertThatThrownBy(
            () ->
                sessions
                    .get(line)
                    .eval("app.AsyncResult('flipped-java-%s').get(timeout=60)".formatted(line)))
        .isInstanceOf(PythonRaised.class)
        .hasMessageContaining("the signature is not of this body");
    Interop.await("it is kept", () -> peers.number("LLEN", quarantine) == before + 1);
    assertThat(peers.list(quarantine)).anyMatch(entry -> entry.endsWith("\n" + bad));
    assertThat(javaAdds(line)).isEqualTo(5);
  }

  /** Python drops it without a result, so there is nothing to see but that it goes on. */
  @ParameterizedTest
  @ValueSource(strings = {"5.7", "5.2"})
  void aFlippedByteIsRefusedByPythonAndTheWorkerGoesOn(String line) {
    peers
        .redis()
        .command(
            "LPUSH",
            "python" + line,
            flipped(intercepted(line, "interop.add", "flipped-python-" + line)));

    assertThat(pythonAdds(line)).isEqualTo(5);

    assertThat(workers.get(line).isAlive()).isTrue();
    assertThat(peers.number("EXISTS", "celery-task-meta-flipped-python-" + line)).isZero();
    workers.get(line).awaitOutput(text -> text.contains("decode message body"), PATIENCE);
  }

  @Test
  void whatIsNotSignedOrSignedByAStrangerIsRefusedAndTheWorkerGoesOn() throws Exception {
    Path strange = Files.createDirectory(directory.resolve("strange"));
    Certificates others = Certificates.make(strange, "DNS:stranger");
    MessageSecurity stranger =
        MessageSecurity.builder()
            .key(others.file("server.key"))
            .certificate(others.file("server.pem"))
            .certStore(directory.resolve("store").toString())
            .load();
    BrokerClient strangeClient = peers.client(config(stranger));
    BrokerClient plainClient =
        peers.client(
            peers
                .config()
                .content(
                    ContentConfig.builder()
                        .security(security("client").load())
                        .resultAcceptContent("auth")
                        .build())
                .build());

    assertThatThrownBy(
            () ->
                plainClient
                    .send(TaskSignature.of("java.add", 2, 3).on("java5.7"))
                    .get(Long.class, PATIENCE))
        .isInstanceOf(TaskFailedException.class)
        .hasMessageContaining("content.accept-content may name json");
    assertThatThrownBy(
            () ->
                strangeClient
                    .send(TaskSignature.of("java.add", 2, 3).on("java5.7"))
                    .get(Long.class, PATIENCE))
        .isInstanceOf(TaskFailedException.class)
        .hasMessageContaining("there is no certificate of that id in the security cert-store");
    assertThat(javaAdds("5.7")).isEqualTo(5);
  }
}
