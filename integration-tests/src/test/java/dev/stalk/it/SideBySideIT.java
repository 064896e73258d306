package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.AsyncResult;
import dev.stalk.broker.BrokerClient;
import dev.stalk.peers.PythonSession;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** One Python client, the same tasks in a Celery worker and in a Java worker: it sees the same. */
class SideBySideIT {
  private static Interop peers;
  private static PythonSession python;

  @BeforeAll
  static void start() {
    peers = new Interop();
    peers.twinsWorker();
    peers.worker(worker -> worker.tasks(new TwinTasks()), "java");
    python = peers.twins();
    python.eval("import datetime; from twins import view, family");
  }

  @AfterAll
  static void stop() throws Exception {
    peers.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'twin.add', (2, 3)",
        "'twin.add', (2,), {'y': 3}",
        "'twin.add', (2,)",
        "'twin.add', (2, 3, 4)",
        "'twin.add', (2,), {'z': 3}",
        "'twin.fail', ('bad',)",
        "'twin.out_of_stock', ('sku-1', 3)",
        "'twin.retry', (0,)",
        "'twin.retry', (2,), headers={'x-tenant': 't1', 'x-list': [1, None]}, priority=6,"
            + " expires=600, time_limit=50, soft_time_limit=40",
        "'twin.retry', (1,), group_id='g-1', root_id='r-1', stamped_headers=['release'],"
            + " release='r7'",
        "'twin.retry', (9,)",
        "'twin.waiting', until='RETRY'",
        "'twin.exhausted_with_cause'",
        "'twin.auto', (2,)",
        "'twin.auto', (3,)",
        "'twin.ignored', until='PROGRESS'",
        "'twin.reject'",
        "'twin.soft', (True,)",
        "'twin.soft', (False,)",
        "'twin.sleep', (60,), time_limit=1",
        "'twin.sleep', (0.01,), countdown=0.3",
        "'twin.sleep', (0.01,), eta=datetime.datetime.now(datetime.timezone(datetime.timedelta("
            + "hours=2))) + datetime.timedelta(seconds=0.3)",
        "'twin.add', (1, 1), expires=-1",
        "'twin.unknown', (1, 1)",
        "'twin.quiet', (True,), ignore_result=None",
        "'twin.quiet', (False,), ignore_result=False",
      })
  void aClientSeesTheSame(String call) {
    String fromPython = python.eval("view('python', " + call + ")").stringValue();
    String fromJava = python.eval("view('java', " + call + ")").stringValue();

    assertThat(fromJava).isEqualTo(fromPython);
  }

  @ParameterizedTest
  @ValueSource(strings = {"'twin.exhausted'", "'twin.unencodable'"})
  void aClientSeesTheSameKindOfFailure(String call) {
    String first = "eval(view('%s', " + call + "))[1][:2]";

    assertThat(python.eval(first.formatted("java")).toString())
        .isEqualTo(python.eval(first.formatted("python")).toString());
  }

  @Test
  void aRetryWithOtherArgumentsAndAnotherQueueIsTheSameMessage() {
    String call =
        "app.send_task('twin.changed', (1,), {'y': 'old'}, task_id='changed', root_id='r-1',"
            + " parent_id='p-1', queue='%s', priority=6, headers={'x-tenant': 't1'},"
            + " expires=datetime.datetime(2099, 1, 1, tzinfo=datetime.timezone.utc), time_limit=60,"
            + " link=twins.add.si(1, 1), shadow='shown', reply_to='reply',"
            + " stamped_headers=['release'], release='r7') and None";
    python.eval("import twins");

    python.eval(call.formatted("python"));
    JsonNode fromPython = retried();
    python.eval(call.formatted("java"));
    JsonNode fromJava = retried();

    assertThat(comparable(fromJava)).isEqualTo(comparable(fromPython));
    assertThat(body(fromJava)).isEqualTo(body(fromPython));
    assertThat(time(fromJava, "expires")).isEqualTo(time(fromPython, "expires"));
    assertThat(eta(fromJava)).isBetween(eta(fromPython), eta(fromPython).plusSeconds(120));
  }

  private static JsonNode retried() {
    String key = "retried\u0006\u00166";
    Interop.await("the retry was sent", () -> peers.number("LLEN", key) == 1);
    return JsonMapper.shared().readTree((String) peers.redis().command("RPOP", key));
  }

  private static JsonNode body(JsonNode message) {
    return JsonMapper.shared()
        .readTree(Base64.getDecoder().decode(message.get("body").stringValue()));
  }

  private static Instant eta(JsonNode message) {
    return time(message, "eta");
  }

  private static Instant time(JsonNode message, String header) {
    return OffsetDateTime.parse(message.at("/headers/" + header).stringValue()).toInstant();
  }

  /**
   * Without what is another's by its nature, and without the differences that are meant: Celery
   * makes a retried task its own parent, writes whether its own task ignores results where the
   * caller did not say, and lets its origin leak into the properties.
   */
  private static Map<String, JsonNode> comparable(JsonNode message) {
    Map<String, JsonNode> fields = new TreeMap<>();
    for (String part : List.of("headers", "properties")) {
      message
          .get(part)
          .properties()
          .forEach(field -> fields.put(part + "." + field.getKey(), field.getValue()));
    }
    for (String own :
        List.of(
            "headers.eta",
            "headers.ignore_result",
            "headers.expires",
            "headers.origin",
            "headers.parent_id",
            "properties.origin",
            "properties.delivery_tag",
            "properties.expiration")) {
      fields.remove(own);
    }
    return fields;
  }

  @Test
  void parentsAndChildrenKnowEachOther() {
    assertThat(python.eval("family('python')").toString()).isEqualTo("[true,true]");
    assertThat(python.eval("family('java')").toString()).isEqualTo("[true,true]");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'alone'",
        "'linked', (5, {})",
        "'opted-out', (5, {'add_to_parent': False})",
        "'group', (5, {}), (6, {'add_to_parent': False})",
      })
  void whatATaskSentAndWhatFollowedItAreItsChildren(String callbacks) {
    String fromPython = python.eval("offspring('python', " + callbacks + ")").stringValue();
    String fromJava = python.eval("offspring('java', " + callbacks + ")").stringValue();

    assertThat(fromJava).isEqualTo(fromPython).contains(".1', None], None], [['<queue>.");
  }

  @Test
  void aJavaClientSeesTheSameChildren() {
    BrokerClient client = peers.client();
    String parents = "[c.id for c in app.AsyncResult('%s').children]";
    python.eval("offspring('python', 'seen') and offspring('java', 'seen')");

    for (String id : List.of("python.seen", "java.seen")) {
      List<String> children = client.result(id).children().stream().map(AsyncResult::id).toList();

      assertThat(children).hasSize(3).startsWith(id + ".1", id + ".2");
      assertThat(python.eval(parents.formatted(id)).toString())
          .isEqualTo("[\"" + String.join("\",\"", children) + "\"]");
    }
    assertThat(client.result("nobody").children()).isEmpty();
  }

  @Test
  void anExceptionCanBeCaughtByItsPythonClass() {
    assertThat(
            python
                .eval(
                    """
                    import twins
                    caught = []
                    try:
                        app.send_task('twin.fail', ('bad',), queue='java').get(timeout=40)
                    except ValueError as e:
                        caught.append(str(e))
                    try:
                        app.send_task('twin.out_of_stock', ('a', 1), queue='java').get(timeout=40)
                    except twins.OutOfStock as e:
                        caught.append(list(e.args))
                    caught
                    """)
                .toString())
        .isEqualTo("[\"bad\",[\"a\",1]]");
  }

  @Test
  void theTracebackIsOneAPythonUserReads() {
    String traceback =
        python
            .eval(
                """
                r = app.send_task('twin.fail', ('bad',), queue='java')
                r.get(timeout=40, propagate=False)
                r.traceback
                """)
            .stringValue();

    assertThat(traceback)
        .startsWith("Traceback (most recent call last):\n  File \"")
        .contains("in dev.stalk.it.TwinTasks.fail\n")
        .endsWith("java.lang.IllegalArgumentException: bad\n");
  }
}
