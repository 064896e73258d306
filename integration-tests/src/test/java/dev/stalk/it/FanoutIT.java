package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.redis.RedisNaming;
import dev.stalk.broker.redis.RedisTransport;
import dev.stalk.broker.transport.Broadcast;
import dev.stalk.broker.transport.Fanout;
import dev.stalk.broker.transport.Transport;
import dev.stalk.broker.transport.UnroutableException;
import dev.stalk.peers.CeleryWorker;
import dev.stalk.peers.PythonSession;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Fanout exchanges, heard and spoken to by kombu. */
class FanoutIT {
  private static final String ENVELOPE =
      "{\"body\": \"%s\", \"content-encoding\": \"utf-8\", \"content-type\": \"text/plain\","
          + " \"headers\": {}, \"properties\": {\"delivery_tag\": \"t\","
          + " \"delivery_info\": {\"exchange\": \"e\", \"routing_key\": \"k\"}}}";

  private static final String LISTEN =
      """
      from kombu import Connection, Consumer, Exchange, Queue
      listening = Connection(address, transport_options=options)
      heard = []
      consumer = Consumer(listening.channel(), [Queue("python-ear", Exchange("e", type="fanout"),
                          routing_key=key, auto_delete=True)], no_ack=True)
      consumer.register_callback(lambda body, message: heard.append(body))
      consumer.consume()
      import socket
      def drain(seconds):
          try:
              listening.drain_events(timeout=seconds)
          except socket.timeout:
              pass
      while not listening.default_channel.client.execute_command("PUBSUB", "NUMPAT"):
          drain(0.1)
      """;

  private static final String SPEAK =
      """
      from kombu import Connection, Exchange
      with Connection(address, transport_options=options) as speaking:
          speaking.Producer().publish(text, exchange=Exchange("e", type="fanout"), routing_key=key,
                                      declare=[Exchange("e", type="fanout")])
      """;

  private Interop peers;
  private Transport transport;
  private final Queue<Broadcast> heard = new ConcurrentLinkedQueue<>();

  @BeforeEach
  void start() {
    peers = new Interop();
    transport = peers.closed(BrokerClient.transport(peers.config().build(), "test"));
  }

  @AfterEach
  void stop() {
    peers.close();
  }

  private static byte[] envelope(String body) {
    return ENVELOPE.formatted(body).getBytes(StandardCharsets.UTF_8);
  }

  private Transport named(int database, String fanoutPrefix, boolean fanoutPatterns) {
    RedisNaming naming =
        new RedisNaming("", "", "\u0006\u0016", List.of(0, 3, 6, 9), fanoutPrefix, fanoutPatterns);
    return peers.closed(
        RedisTransport.open(
            peers
                .config()
                .url(peers.redis().url(database))
                .naming(naming)
                .build()
                .toRedis("test")));
  }

  private Map<String, Object> at(int database, Map<String, Object> options, String key) {
    return Map.of("address", peers.redis().url(database), "options", options, "key", key);
  }

  private void speak(PythonSession python, Map<String, Object> where, String text) {
    python.eval("text = " + "'" + text + "'");
    python.eval(SPEAK, where);
  }

  private List<String> keysHeard() {
    return heard.stream().map(Broadcast::routingKey).toList();
  }

  // speaking (RT-48)

  @Test
  void celeryWorkersHearControlMessages() {
    CeleryWorker worker = peers.celeryWorker(1, "python");

    Interop.await(
        "the worker listens",
        () -> transport.fanout().publish(Route.fanout("celery.pidbox", ""), control()) == 1);

    worker.awaitOutput(line -> line.contains("rate limit"), Duration.ofSeconds(30));
  }

  /** Asks for a rate limit, which a worker notes in its log. */
  private static byte[] control() {
    String body =
        "{\\\"method\\\": \\\"rate_limit\\\", \\\"arguments\\\": {\\\"task_name\\\":"
            + " \\\"interop.add\\\", \\\"rate_limit\\\": \\\"100/m\\\"}, \\\"destination\\\": null,"
            + " \\\"pattern\\\": null, \\\"matcher\\\": null}";
    return ("{\"body\": \""
            + body
            + "\", \"content-encoding\": \"utf-8\", \"content-type\": \"application/json\","
            + " \"headers\": {}, \"properties\": {\"delivery_tag\": \"t\", \"delivery_info\":"
            + " {\"exchange\": \"celery.pidbox\", \"routing_key\": \"\"}}}")
        .getBytes(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @CsvSource({
    "a.b, a.b, 1",
    "a.#, a.b.c, 1",
    "a.*, a.b.c, 1",
    "a.b, a.c, 0",
    "'', '', 1",
    "'', a, 0"
  })
  void kombuHearsTheKeysItSubscribedTo(String bound, String published, int reached) {
    PythonSession python = peers.python();
    python.eval(LISTEN, at(0, Map.of(), bound));

    assertThat(transport.fanout().publish(Route.fanout("e", published), envelope("hello")))
        .isEqualTo(reached);
    if (reached == 1) {
      JsonNode heardThere = python.eval("while not heard: drain(10)\nheard");
      assertThat(heardThere.get(0).stringValue()).isEqualTo("hello");
    }
  }

  @Test
  void aTaskThatNobodyHearsIsNotSaidToBeSent() { // RT-17
    BrokerClient client = peers.client();

    assertThatThrownBy(() -> client.send(TaskSignature.of("t").to(Route.fanout("e", "k"))))
        .isInstanceOf(UnroutableException.class)
        .hasMessage("nobody listens to fanout exchange 'e' by key 'k', and it keeps no messages");
    assertThatThrownBy(() -> transport.fanout().publish(Route.direct("e", "k"), envelope("no")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(peers.number("DBSIZE")).isZero();
  }

  // listening

  @Test
  void everyDatabaseHasItsOwnChannels() { // RT-49
    PythonSession python = peers.python();
    Transport third = named(3, "/{db}.", true);
    Queue<Broadcast> heardInThird = new ConcurrentLinkedQueue<>();
    peers.closed(transport.fanout().subscribe("a", Route.fanout("e", "worker.#"), heard::add));
    peers.closed(third.fanout().subscribe("b", Route.fanout("e", "worker.*"), heardInThird::add));

    speak(python, at(0, Map.of(), "worker.heartbeat"), "zero");
    speak(python, at(3, Map.of(), "worker.on.line"), "three");
    speak(python, at(0, Map.of(), "task.sent"), "not for us");
    speak(python, at(0, Map.of(), "worker.last"), "zero again");

    Interop.await("all are heard", () -> heard.size() + heardInThird.size() >= 3);
    assertThat(keysHeard()).containsExactly("worker.heartbeat", "worker.last");
    assertThat(heardInThird).extracting(Broadcast::routingKey).containsExactly("worker.on.line");
    assertThat(heard).extracting(Broadcast::exchange).containsOnly("e");
    assertThat(new String(heard.peek().message(), StandardCharsets.UTF_8)).contains("\"body\"");
  }

  @ParameterizedTest
  @CsvSource({"'', True", "'', False", "/mine-{db}., True", "/mine., False"})
  void otherNamesOfChannelsAreSharedWithKombu(String prefix, String patterns) { // RT-50
    boolean keyed = patterns.equals("True");
    Map<String, Object> options =
        Map.of("fanout_prefix", prefix.isEmpty() ? false : prefix, "fanout_patterns", keyed);
    Transport named = named(0, prefix, keyed);
    PythonSession python = peers.python();
    python.eval(LISTEN, at(0, options, "k"));
    peers.closed(named.fanout().subscribe("java-ear", Route.fanout("e", "k"), heard::add));

    assertThat(named.fanout().publish(Route.fanout("e", "k"), envelope("from Java"))).isEqualTo(2);
    speak(python, at(0, options, "k"), "from Python");

    JsonNode heardThere = python.eval("while len(heard) < 2: drain(10)\nheard");
    assertThat(heardThere.toString()).isEqualTo("[\"from Java\",\"from Python\"]");
    Interop.await("both are heard", () -> heard.size() == 2);
    assertThat(keysHeard()).containsOnly(keyed ? "k" : "");
  }

  @Test
  void theUnfilledPrefixOfOldPeersBehindSentinelCanBeChosen() { // RT-50
    Transport old = named(0, "/{{db}}.", true);

    peers.closed(old.fanout().subscribe("java-ear", Route.fanout("e", "k"), heard::add));

    assertThat(peers.number("PUBLISH", "/{db}.e/k", "hello")).isEqualTo(1);
    Interop.await("it is heard", () -> heard.size() == 1);
    assertThat(heard.peek().routingKey()).isEqualTo("k");
  }

  @Test
  void whatCannotBeReadDoesNotEndTheSubscriptionAndNothingIsHeld() { // RT-51
    Queue<String> read = new ConcurrentLinkedQueue<>();
    peers.closed(
        transport
            .fanout()
            .subscribe(
                "ear",
                Route.fanout("e", ""),
                broadcast -> read.add(MessageCodec.decode(broadcast.message()).headers().task())));

    transport.fanout().publish(Route.fanout("e", ""), new byte[] {'{', (byte) 0xff});
    BrokerClient client = peers.client();
    client.send(TaskSignature.of("the.task").to(Route.fanout("e", "")));

    Interop.await("the second is read", () -> read.contains("the.task"));
    assertThat(peers.number("EXISTS", "unacked", "unacked_index")).isZero();
  }

  @Test
  void whatWasPushedToTheSubscribersQueueIsTakenIn() { // RT-52
    peers.closed(transport.fanout().subscribe("ear", Route.fanout("e", "k"), heard::add));
    PythonSession python = peers.python();

    python.eval(
        """
        from kombu import Connection
        with Connection(url) as connection:
            connection.Producer().publish("misdirected", exchange="e", routing_key="k")
        """);

    Interop.await("it is taken in", () -> heard.size() == 1);
    assertThat(heard.peek().routingKey()).isEqualTo("k");
    assertThat(peers.number("LLEN", "ear")).isZero();
  }

  @Test
  void aSubscriptionSurvivesALostConnection() {
    peers.closed(transport.fanout().subscribe("ear", Route.fanout("e", "k"), heard::add));

    peers.redis().command("CLIENT", "KILL", "TYPE", "pubsub");

    Interop.await(
        "it is heard again",
        () -> transport.fanout().publish(Route.fanout("e", "k"), envelope("hello")) == 1);
    Interop.await("it has arrived", () -> !heard.isEmpty());
  }

  @Test
  void aClosedSubscriptionLeavesNothingBehind() {
    Fanout.Subscription subscription =
        transport.fanout().subscribe("ear", Route.fanout("e", "a.#"), heard::add);
    assertThat(peers.redis().command("SMEMBERS", "_kombu.binding.e"))
        .isEqualTo(List.of("a.#\u0006\u0016\u0006\u0016ear"));

    subscription.close();
    subscription.close();

    Interop.await(
        "nobody listens",
        () -> transport.fanout().publish(Route.fanout("e", "a.b"), envelope("no")) == 0);
    assertThat(peers.number("DBSIZE")).isZero();
    assertThat(heard).isEmpty();
  }
}
