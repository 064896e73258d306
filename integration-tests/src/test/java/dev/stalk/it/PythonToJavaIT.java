package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.peers.PythonRaised;
import dev.stalk.peers.PythonSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** A real Celery client, a Java worker. */
class PythonToJavaIT {
  private static Interop peers;
  private static PythonSession python;

  @BeforeAll
  static void start() {
    peers = new Interop();
    peers.javaWorker("java");
    python = peers.python();
  }

  @AfterAll
  static void stop() throws Exception {
    peers.close();
  }

  private static JsonNode call(String task, String argsAndOptions) {
    return python.eval(
        "app.send_task('%s', %s, queue='java').get(timeout=60)".formatted(task, argsAndOptions));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1",
        "-1",
        "10**30",
        "2**63",
        "0.1",
        "1e16",
        "1.5e-7",
        "float('inf')",
        "None",
        "True",
        "''",
        "'Za\\u017c\\u00f3\\u0142\\u0107 \\u6f22\\u5b57 \\U0001f96c \"q\" \\\\ \\x00\\x7f'",
        "'\\ud800'",
        "[]",
        "{}",
        "[1, [2, [3, {'a': None}]]]",
        "{'k': {'n': [1.5, 'x', False]}}",
        "'x' * (1024 * 1024)",
      })
  void aValueComesBackAsItWent(String expression) {
    assertThat(
            python
                .eval(
                    "app.send_task('java.echo', (%s,), queue='java').get(timeout=60) == %s"
                        .formatted(expression, expression))
                .booleanValue())
        .isTrue();
  }

  @Test
  void aNumberThatIsNoneComesBackAsItWent() {
    assertThat(
            python
                .eval(
                    "str(app.send_task('java.echo', (float('nan'),), queue='java').get(timeout=60))")
                .stringValue())
        .isEqualTo("nan");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "datetime.datetime(2024, 1, 2, 3, 4, 5, 678901, tzinfo=datetime.timezone.utc)",
        "datetime.date(2024, 2, 29)",
        "decimal.Decimal('1.50')",
        "uuid.UUID('12345678-1234-5678-1234-567812345678')",
        "b'bytes'",
        "b'\\xff\\x00'",
      })
  @Tag(Interop.NEWER_THAN_5_2)
  void aTypedValueKeepsItsType(String expression) {
    python.eval("import datetime, decimal, uuid");

    aValueComesBackAsItWent(expression);
  }

  @Test
  void argumentsAreBoundByPositionAndName() {
    assertThat(call("java.add", "(2, 3)").intValue()).isEqualTo(5);
    assertThat(call("java.add", "(2,), {'y': 3}").intValue()).isEqualTo(5);
    assertThat(call("java.keywords", "(), {'name': 'you', 'greeting': 'hi'}").stringValue())
        .isEqualTo("hi you!");
    assertThat(call("java.keywords", "('hi', 'you', 2)").stringValue()).isEqualTo("hi you!hi you!");
  }

  @Test
  void recordsAreReadAndWritten() {
    JsonNode order =
        call("java.order", "({'id': 'o1', 'items': [{'name': 'stalk', 'count': 1}]}, 2)");

    assertThat(order.toString())
        .isEqualTo("{\"id\":\"o1\",\"items\":[{\"name\":\"stalk\",\"count\":3}]}");
  }

  @Test
  void aJavaExceptionIsRaisedInPython() {
    assertThatThrownBy(() -> call("java.fail", "('boom',)"))
        .isInstanceOfSatisfying(
            PythonRaised.class,
            raised -> {
              assertThat(raised.type()).isEqualTo("IllegalStateException");
              assertThat(raised.arguments().toString()).isEqualTo("[\"boom\"]");
            });
    JsonNode seen =
        python.eval(
            """
            r = app.send_task('java.fail', ('boom',), queue='java')
            r.get(timeout=60, propagate=False)
            [r.state, r.traceback, r.date_done.isoformat()]
            """);
    assertThat(seen.get(0).stringValue()).isEqualTo("FAILURE");
    assertThat(seen.get(1).stringValue())
        .contains("java.lang.IllegalStateException: boom")
        .contains("JavaTasks.fail");
    assertThat(seen.get(2).stringValue()).endsWith("+00:00");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(1,)|add() missing 1 required positional argument: 'y'",
        "(1, 2, 3)|add() takes 2 positional arguments but 3 were given",
        "(1, 2), {'z': 3}|add() got an unexpected keyword argument 'z'",
        "(1, 2), {'x': 3}|add() got multiple values for argument 'x'",
        "('one', 2)|add() argument 'x'",
      })
  void wrongArgumentsAreATypeErrorInPythonsWords(String row) {
    String arguments = row.substring(0, row.indexOf('|'));
    String complaint = row.substring(row.indexOf('|') + 1);

    assertThatThrownBy(() -> call("java.add", arguments))
        .isInstanceOfSatisfying(
            PythonRaised.class,
            raised -> {
              assertThat(raised.mro()).contains("TypeError");
              assertThat(raised.getMessage()).contains(complaint);
            });
  }

  @Test
  void anUnknownTaskRaisesNotRegisteredAndItsMessageIsKept() {
    assertThatThrownBy(() -> call("java.nobody", "(1,)"))
        .isInstanceOfSatisfying(
            PythonRaised.class,
            raised -> {
              assertThat(raised.type()).isEqualTo("NotRegistered");
              assertThat(raised.getMessage()).contains("java.nobody");
            });
    Interop.await(
        "the message lies in quarantine",
        () ->
            peers.list("java.quarantine").stream()
                .anyMatch(
                    entry ->
                        entry.startsWith("{\"reason\": \"no task is called java.nobody\"")
                            && entry.contains("\"task\": \"java.nobody\"")));
  }

  @Test
  void aResultThatCannotBeWrittenIsAFailure() {
    assertThatThrownBy(() -> call("java.unencodable", "()"))
        .isInstanceOfSatisfying(
            PythonRaised.class, raised -> assertThat(raised.type()).isEqualTo("EncodeError"));
  }

  @Test
  void aBodyThatCannotBeReadFailsAndItsMessageIsKept() {
    python.eval(
        """
        import json, base64, uuid
        def push(id, body, content_type='application/json', queue='java'):
            client = app.pool.acquire(block=True).default_channel.client
            client.lpush(queue, json.dumps({
                'body': base64.b64encode(body).decode(), 'content-type': content_type,
                'content-encoding': 'utf-8', 'headers': {'task': 'java.add', 'id': id},
                'properties': {'delivery_tag': str(uuid.uuid4()), 'body_encoding': 'base64',
                    'delivery_info': {'exchange': '', 'routing_key': queue}}}))
        """);

    assertThatThrownBy(
            () ->
                python.eval(
                    "push('broken-body', b'[[1, 2], {'); app.AsyncResult('broken-body').get(timeout=60)"))
        .isInstanceOfSatisfying(
            PythonRaised.class, raised -> assertThat(raised.type()).isEqualTo("DecodeError"));
    assertThatThrownBy(
            () ->
                python.eval(
                    "push('pickled', b'x', 'application/x-python-serialize'); app.AsyncResult('pickled').get(timeout=60)"))
        .isInstanceOf(PythonRaised.class);
    Interop.await(
        "both lie in quarantine",
        () ->
            peers.list("java.quarantine").stream()
                    .filter(entry -> entry.contains("broken-body") || entry.contains("pickled"))
                    .count()
                == 2);
    assertThat(call("java.add", "(1, 1)").intValue()).isEqualTo(2);
  }

  @Test
  void ignoredResultsAreNotStored() {
    JsonNode states =
        python.eval(
            """
            a = app.send_task('java.add', (1, 1), queue='java', ignore_result=True)
            b = app.send_task('java.quiet', ('quiet',), queue='java', ignore_result=None)
            app.send_task('java.add', (1, 1), queue='java').get(timeout=60)
            [a.id, b.id]
            """);

    Interop.await("the quiet task has run", () -> peers.number("LLEN", "quiet") == 1);
    Interop.await("nothing is held", () -> peers.number("HLEN", "unacked") == 0);
    for (JsonNode id : states) {
      assertThat(peers.redis().command("GET", "celery-task-meta-" + id.stringValue())).isNull();
    }
  }

  @Test
  void theTaskSeesItsRequest() {
    JsonNode context =
        python.eval(
            "app.send_task('java.context', queue='java', priority=6, headers={'x-tenant': 't1'}).get(timeout=60)");

    assertThat(context.get("priority").intValue()).isEqualTo(6);
    assertThat(context.get("redelivered").booleanValue()).isFalse();
    assertThat(context.get("headers").get("x-tenant").stringValue()).isEqualTo("t1");
    assertThat(context.get("root")).isEqualTo(context.get("id"));
  }

  @Test
  void anExpiredTaskIsRevoked() {
    assertThatThrownBy(
            () ->
                python.eval(
                    "app.send_task('java.add', (1, 1), queue='java', expires=-1).get(timeout=60)"))
        .isInstanceOfSatisfying(
            PythonRaised.class, raised -> assertThat(raised.type()).isEqualTo("TaskRevokedError"));
  }

  @Test
  void aCountdownIsWaitedForInTheBrokerAndRunsOnce() {
    JsonNode times =
        python.eval(
            """
            import time
            sent = time.time()
            r = app.send_task('java.add', (1, 1), queue='java', countdown=1.5)
            r.get(timeout=60)
            [sent, time.time()]
            """);

    assertThat(times.get(1).doubleValue() - times.get(0).doubleValue()).isGreaterThan(1.4);
    Interop.await("nothing is parked", () -> peers.number("HLEN", "unacked") == 0);
  }

  @Test
  void theStoredResultHasCelerysShape() {
    JsonNode shape =
        python.eval(
            """
            import json
            r = app.send_task('java.add', (40, 2), queue='java')
            r.get(timeout=60)
            raw = app.backend.client.get('celery-task-meta-' + r.id).decode()
            [raw, r.id, app.backend.client.ttl('celery-task-meta-' + r.id)]
            """);

    String raw = shape.get(0).stringValue();
    assertThat(raw)
        .matches(
            "\\{\"status\": \"SUCCESS\", \"result\": 42, \"traceback\": null, \"children\": \\[\\],"
                + " \"date_done\": \"\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}\\+00:00\","
                + " \"task_id\": \""
                + shape.get(1).stringValue()
                + "\"\\}");
    assertThat(shape.get(2).intValue()).isBetween(86_000, 86_400);
  }
}
