package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.message.Binding;
import dev.stalk.broker.message.QueueDeclaration;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.redis.RedisNaming;
import dev.stalk.broker.redis.RedisTransport;
import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.BrokerFullException;
import dev.stalk.broker.transport.BrokerUnavailableException;
import dev.stalk.broker.transport.Publication;
import dev.stalk.broker.transport.QueueConnection;
import dev.stalk.broker.transport.Transport;
import dev.stalk.broker.transport.UnroutableException;
import dev.stalk.peers.PythonEnvironment;
import dev.stalk.peers.PythonSession;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Bindings, and the way through exchanges, beside kombu's own. */
class RoutingIT {
  private static final String SEP = "\u0006\u0016";
  private static final List<String> KEYS =
      List.of(
          "foo.#",
          "foo.*.b_a-r",
          "*",
          "#",
          "",
          "foo",
          "a b.ż",
          "½.Ⅷ²",
          "x+y.(z)|[q]",
          "*.*.c",
          "#.end",
          "a.*",
          "*.b",
          "a..b",
          "#.#",
          "日本.*");

  private static final String DECLARE =
      """
      from kombu import Connection, Exchange, Queue
      with Connection(url) as connection:
          channel = connection.default_channel
          for i, key in enumerate(keys):
              Queue(f"q{i}", Exchange(exchange, type=kind), routing_key=key).declare(channel=channel)
      """;

  private Interop peers;
  private BrokerClient client;
  private Transport transport;

  @BeforeEach
  void start() {
    peers = new Interop();
    client = peers.client();
    transport = peers.closed(BrokerClient.transport(peers.config().build(), "test"));
  }

  @AfterEach
  void stop() {
    peers.close();
  }

  private Set<String> members(String key) {
    Set<String> members = new TreeSet<>();
    ((List<?>) Objects.requireNonNull(peers.redis().command("SMEMBERS", key)))
        .forEach(member -> members.add((String) member));
    return members;
  }

  private PythonSession python(String version) {
    return peers.closed(
        PythonSession.builder(
                version.isEmpty() ? PythonEnvironment.celery() : PythonEnvironment.celery(version))
            .module("interop")
            .directory(Interop.pythonSources())
            .environment("REDIS_URL", peers.redis().url())
            .start());
  }

  // declaring

  @Test
  void aBindingIsWrittenOnceAsKombuWritesIt() { // RT-11
    client.queues().bind("q0", Route.direct("e", "k"));
    client.queues().bind("q0", Route.direct("e", "k"));
    python("").eval(DECLARE, Map.of("keys", List.of("k"), "exchange", "e", "kind", "direct"));

    assertThat(members("_kombu.binding.e")).containsExactly("k" + SEP + SEP + "q0");
    assertThat(members("_kombu.binding_permanent.e")).containsExactly("k" + SEP + SEP + "q0");
  }

  @Test
  void topicPatternsAreByteForByteKombus() { // RT-12
    for (int i = 0; i < KEYS.size(); i++) {
      client.queues().bind("q" + i, Route.topic("e", KEYS.get(i)));
    }
    Set<String> ours = members("_kombu.binding.e");

    python("").eval(DECLARE, Map.of("keys", KEYS, "exchange", "e", "kind", "topic"));

    assertThat(members("_kombu.binding.e")).isEqualTo(ours).hasSize(KEYS.size());
    assertThat(members("_kombu.binding_permanent.e")).isEqualTo(ours);
  }

  @Test
  void aBindingIsTakenAwayWhateverVersionOfKombuWroteIt() {
    client.queues().bind("q0", Route.topic("e", "a.*"));
    python("5.2").eval(DECLARE, Map.of("keys", List.of("a.*"), "exchange", "e", "kind", "topic"));
    assertThat(members("_kombu.binding.e")).hasSize(2);

    client.queues().unbind("q0", Route.topic("e", "a.*"));

    assertThat(members("_kombu.binding.e")).isEmpty();
    assertThat(members("_kombu.binding_permanent.e")).isEmpty();
  }

  @Test
  void theBindingsOfAnExchangeAreListed() {
    client.queues().bind("a", Route.topic("e", "x.#"));
    client.queues().bind("b", Route.topic("e", "w"));

    assertThat(client.queues().bindings("e"))
        .containsExactly(
            new Binding("e", "w", "^w$", "b"), new Binding("e", "x.#", "^x\\..*?$", "a"));
  }

  @Test
  void whatIsNoBindingIsToldByItsKey() {
    peers.redis().command("SADD", "_kombu.binding.e", "made by hand");

    assertThatThrownBy(() -> client.send(TaskSignature.of("t").to(Route.direct("e", "k"))))
        .isInstanceOf(BrokerException.class)
        .hasMessageContaining("_kombu.binding.e holds 'made by hand'");
  }

  @Test
  void bindingsAreWrittenAgainAfterEveryReconnect() { // RT-19
    client.queues().bind("q", Route.direct("e", "k"));
    QueueConnection line = peers.closed(transport.consume(List.of("own"), "a", () -> {}));
    line.exchange(List.of(), 1, false);
    peers.redis().command("DEL", "_kombu.binding.e", "_kombu.binding.own");
    peers.redis().command("CLIENT", "KILL", "TYPE", "normal");

    client.send(TaskSignature.of("t").to(Route.direct("e", "k")));
    Interop.await("the line stands again", () -> exchanged(line));

    assertThat(members("_kombu.binding.e")).containsExactly("k" + SEP + SEP + "q");
    assertThat(members("_kombu.binding.own")).containsExactly("own" + SEP + SEP + "own");
    assertThat(peers.number("LLEN", "q")).isEqualTo(1);
  }

  private static boolean exchanged(QueueConnection line) {
    try {
      line.exchange(List.of(), 1, false);
      return true;
    } catch (BrokerUnavailableException e) {
      return false;
    }
  }

  // the way

  @ParameterizedTest
  @ValueSource(strings = {"", "5.2"})
  void topicsLeadWhereTheyLeadInKombu(String version) { // RT-13
    List<String> published =
        List.of(
            "foo",
            "foo.",
            "foo.x",
            "foo.x.y",
            "foo..x",
            "foo.x.b_a-r",
            "foo.x.y.b_a-r",
            "",
            "a b.ż",
            "½.Ⅷ²",
            "x+y.(z)|[q]",
            "a.b",
            "a..b",
            "a.b.c",
            "the.end",
            ".end",
            "end",
            "日本.x",
            "a.b\n",
            "foo.\nx",
            "FOO");
    PythonSession kombu = python(version);
    kombu.eval(DECLARE, Map.of("keys", KEYS, "exchange", "e", "kind", "topic"));
    JsonNode theirs =
        kombu.eval(
            """
            from kombu.transport.virtual.exchange import TopicExchange
            topic = TopicExchange(None)
            [[bool(topic._match(topic.key_to_pattern(key), text)) for key in keys] for text in texts]
            """,
            Map.of("texts", published));

    for (int i = 0; i < published.size(); i++) {
      Set<String> expected = new TreeSet<>();
      for (int q = 0; q < KEYS.size(); q++) {
        if (theirs.get(i).get(q).booleanValue()) {
          expected.add("q" + q);
        }
      }
      assertThat(reached(published.get(i)))
          .as(published.get(i))
          .containsExactlyElementsOf(expected);
    }
  }

  private Set<String> reached(String key) {
    try {
      return new TreeSet<>(transport.queues().queues(Route.topic("e", key)));
    } catch (UnroutableException e) {
      return Set.of();
    }
  }

  @Test
  void everyBoundQueueGetsACopyWithATagOfItsOwn() { // RT-14, RT-16
    client.queues().bind("one", Route.direct("e", "k"));
    client.queues().bind("two", Route.direct("e", "k"));
    client.queues().bind("other", Route.direct("e", "K"));

    client.send(TaskSignature.of("t", 7).to(Route.direct("e", "k")).withPriority(4));

    assertThat(peers.number("LLEN", "one" + SEP + "3")).isEqualTo(1);
    assertThat(peers.number("LLEN", "two" + SEP + "3")).isEqualTo(1);
    assertThat(client.queues().length("other")).isZero();
    JsonNode held =
        python("")
            .eval(
                """
                from kombu import Connection, Consumer, Queue
                connection = Connection(url)
                held = []
                for name in ("one", "two"):
                    consumer = Consumer(connection.channel(), [Queue(name)])
                    consumer.register_callback(lambda body, message: held.append(message))
                    consumer.consume()
                while len(held) < 2:
                    connection.drain_events(timeout=30)
                [[m.delivery_tag, m.delivery_info["exchange"], m.delivery_info["routing_key"],
                  m.payload[0]] for m in held]
                """);
    assertThat(held.get(0).get(0)).isNotEqualTo(held.get(1).get(0));
    assertThat(held.get(0).get(1).stringValue()).isEqualTo("e");
    assertThat(held.get(0).get(2).stringValue()).isEqualTo("k");
    assertThat(held.get(0).get(3).get(0).intValue()).isEqualTo(7);
    assertThat(peers.number("HLEN", "unacked")).isEqualTo(2);
  }

  @Test
  void aTopicReachesACeleryWorkerThatNeverHeardOfIt() { // RT-18
    client.queues().bind("python", Route.topic("sums", "sum.#"));
    var sum = client.send(TaskSignature.of("interop.add", 2, 3).to(Route.topic("sums", "sum.a.b")));

    peers.celeryWorker(1, "python");

    assertThat(sum.get(Integer.class, Interop.PATIENCE)).isEqualTo(5);
  }

  @Test
  void whatLeadsNowhereIsToldAndNotSent() { // RT-17
    client.queues().bind("t", Route.topic("topics", "a.*"));
    client.queues().bind("d", Route.direct("directs", "a"));

    assertUnroutable(Route.direct("none", "k"), "no queue is bound to it; declare and bind one");
    assertUnroutable(
        Route.direct("topics", "a.b"), "so it is a topic exchange: send with Route.topic");
    assertUnroutable(
        Route.topic("directs", "a"), "it is no topic exchange: send with Route.direct");
    assertUnroutable(Route.direct("directs", "b"), "none of its 1 bindings has such a key");
    assertUnroutable(Route.topic("topics", "a.b.c"), "none of its 1 bindings has such a key");
    assertThat(peers.number("DBSIZE")).isEqualTo(4); // the bindings alone
  }

  private void assertUnroutable(Route route, String why) {
    List<TaskSignature> both =
        List.of(TaskSignature.of("t").on("q"), TaskSignature.of("t").to(route));
    assertThatThrownBy(() -> client.sendAll(both))
        .isInstanceOf(UnroutableException.class)
        .hasMessageContaining("'" + route.exchange() + "' leads nowhere by key")
        .hasMessageContaining(why);
  }

  @Test
  void messagesOfAllRoutesGoInOrder() {
    client.queues().bind("q", Route.direct("e", "k"));
    List<TaskSignature> mixed = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      TaskSignature signature = TaskSignature.of("t", i).withId("id-" + i);
      mixed.add(i % 3 == 0 ? signature.on("q") : signature.to(Route.direct("e", "k")));
    }

    client.sendAll(mixed);

    assertThat(client.queues().peek("q", 0, 100))
        .extracting(message -> message.decode().headers().id())
        .containsExactlyElementsOf(mixed.stream().map(each -> each.options().id()).toList());
  }

  // all or nothing (RT-15)

  @Test
  void whereOneCopyIsRefusedNoneIsPublished() {
    client.queues().bind("a", Route.direct("e", "k"));
    client.queues().bind("b", Route.direct("e", "k"));
    TaskSignature routed = TaskSignature.of("t").to(Route.direct("e", "k"));
    peers.redis().command("SET", "b", "not a list");

    assertThatThrownBy(() -> client.send(routed))
        .isInstanceOf(BrokerException.class)
        .hasMessageContaining("WRONGTYPE b is no list but a string");
    assertThat(peers.number("LLEN", "a")).isZero();

    peers.redis().command("DEL", "b");
    peers.redis().command("CONFIG", "SET", "maxmemory", "1");
    assertThatThrownBy(() -> client.send(routed)).isInstanceOf(BrokerFullException.class);
    peers.redis().command("CONFIG", "SET", "maxmemory", "0");
    assertThat(peers.number("EXISTS", "a", "b")).isZero();
  }

  @Test
  void cutConnectionsLeaveAllCopiesOrNone() throws Exception {
    for (String queue : List.of("a", "b", "c")) {
      client.queues().bind(queue, Route.direct("e", "k"));
    }
    AtomicBoolean done = new AtomicBoolean();
    Thread cutter =
        new Thread(
            () -> {
              while (!done.get()) {
                peers.redis().command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
              }
            },
            "cutter");
    cutter.start();
    int confirmed = 0;
    try {
      for (int i = 0; i < 300; i++) {
        confirmed += sent(TaskSignature.of("t", i).to(Route.direct("e", "k"))) ? 1 : 0;
      }
    } finally {
      done.set(true);
      cutter.join();
    }

    long each = peers.number("LLEN", "a");
    assertThat(each).isGreaterThanOrEqualTo(confirmed).isPositive();
    assertThat(peers.number("LLEN", "b")).isEqualTo(each);
    assertThat(peers.number("LLEN", "c")).isEqualTo(each);
  }

  private boolean sent(TaskSignature signature) {
    try {
      client.send(signature);
      return true;
    } catch (BrokerUnavailableException e) {
      return false;
    }
  }

  // names

  @Test
  void prioritiesLandOnTheirSteps() { // RT-2
    for (int priority = 0; priority <= 9; priority++) {
      client.send(TaskSignature.of("t").on("q").withPriority(priority));
    }

    assertThat(client.queues().lengths("q")).isEqualTo(Map.of(0, 3L, 3, 3L, 6, 3L, 9, 1L));
  }

  private Transport named(RedisNaming naming) {
    return peers.closed(RedisTransport.open(peers.config().naming(naming).build().toRedis("test")));
  }

  @Test
  void otherSeparatorsAndStepsAreSharedWithKombu() { // RT-3
    Transport other = named(new RedisNaming("", "", "::", List.of(0, 5)));
    other.queues().declare(QueueDeclaration.of("q").boundBy(Route.direct("e", "k")));
    List<Publication> copies = new ArrayList<>();
    for (int priority = 0; priority <= 9; priority++) {
      String message =
          "{\"body\": \"%d\", \"content-type\": \"text/plain\", \"content-encoding\": \"utf-8\","
                  .formatted(priority)
              + " \"headers\": {}, \"properties\": {\"delivery_tag\": \"t%1$d\", \"priority\": %1$d,"
                  .formatted(priority)
              + " \"delivery_info\": {\"exchange\": \"e\", \"routing_key\": \"k\"}}}";
      copies.add(new Publication("q", priority, message.getBytes(StandardCharsets.UTF_8)));
    }
    other.queues().publish(copies.stream().map(List::of).toList());

    JsonNode got =
        python("")
            .eval(
                """
                from kombu import Connection, Exchange, Queue
                options = {"sep": "::", "priority_steps": [0, 5]}
                with Connection(url, transport_options=options) as connection:
                    queue = Queue("q", Exchange("e"), routing_key="k")(connection.default_channel)
                    queue.declare()
                    got = [queue.get(no_ack=True).body.decode() for _ in range(10)]
                got
                """);

    assertThat(got.toString())
        .isEqualTo("[\"0\",\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]");
    assertThat(members("_kombu.binding.e")).containsExactly("k::::q");
  }

  @Test
  void aPrefixIsOnEveryKeyAndInNoMember() { // RT-4
    Transport prefixed = named(new RedisNaming("P:", "", SEP, List.of(0, 3, 6, 9)));
    prefixed.queues().declare(QueueDeclaration.of("q").boundBy(Route.topic("e", "a.#")));
    prefixed
        .queues()
        .declare(
            QueueDeclaration.of("x")
                .boundBy(Route.direct("ex", "k"))
                .expiringAfter(Duration.ofHours(1)));
    List<String> queues = prefixed.queues().queues(Route.topic("e", "a.b"));
    prefixed
        .queues()
        .publish(List.of(List.of(new Publication(queues.get(0), 3, new byte[] {'1'}))));
    prefixed.publish(List.of(new Publication("x", 0, new byte[] {'{', '}'})));
    peers.redis().command("RPUSH", "P:q.quarantine", "2");

    assertThat(queues).containsExactly("q");
    assertThat(prefixed.quarantine().queues()).containsExactly(Map.entry("q", 1L));
    List<?> keys = (List<?>) Objects.requireNonNull(peers.redis().command("KEYS", "*"));
    assertThat(keys).hasSize(7).allMatch(key -> ((String) key).startsWith("P:"));
    assertThat(members("P:_kombu.binding.e"))
        .containsExactly("a.#" + SEP + "^a\\..*?$" + SEP + "q");
    prefixed.queues().delete("q");
    assertThat(peers.number("EXISTS", "P:_kombu.binding.e", "P:q" + SEP + "3")).isZero();
  }
}
