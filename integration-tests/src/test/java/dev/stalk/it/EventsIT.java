package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.AsyncResult;
import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.EventConfig;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.message.SendOptions;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.transport.BrokerException;
import dev.stalk.peers.PythonSession;
import dev.stalk.worker.TaskOptions;
import dev.stalk.worker.Worker;
import dev.stalk.worker.config.QueueConfig;
import dev.stalk.worker.config.WorkerConfig;
import dev.stalk.worker.config.WorkerEventsConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Java workers and clients in the eyes of Celery's own event receiver and its {@code State}. */
@Timeout(300)
class EventsIT {
  private static final Duration WAIT = Duration.ofSeconds(60);
  private static final WorkerEventsConfig ALL = new WorkerEventsConfig(true, null);

  /** A receiver in a thread, and what it makes of what it hears. */
  private static final String LISTEN =
      """
      import ear, threading, time
      from celery.events.state import State
      state = State()
      noting = threading.Lock()  # who sees an event in one place finds it in all of them
      heard = []
      failures = []
      checks = []

      def take(event):
          with noting:
              try:
                  for check in checks: check(event)
                  heard.append(dict(event))
                  state.event(event)
              except Exception as failure:
                  failures.append(repr(failure))

      ear.listen(app, take)

      def until(condition):
          end = time.time() + 45
          while time.time() < end:
              with noting:
                  if condition(): return True
              time.sleep(0.01)
          return False

      def of(id):
          return [e for e in heard if e.get('uuid') == id]
      def types(id):
          return [e['type'] for e in of(id)]
      """;

  private final Interop peers = new Interop();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final JavaTasks tasks = new JavaTasks(peers::note);
  private final AtomicBoolean spinning = new AtomicBoolean(true);

  @AfterEach
  void stop() {
    spinning.set(false);
    tasks.release();
    peers.close();
  }

  private Worker worker(WorkerEventsConfig events) {
    WorkerConfig config =
        WorkerConfig.builder()
            .name("shown@java")
            .broker(peers.config().build())
            .queue("java", QueueConfig.builder().threads(4).build())
            .events(events)
            .build();
    Worker worker =
        Worker.builder()
            .config(config)
            .metrics(meters)
            .tasks(tasks)
            .task("java.text", (context, arguments) -> "x".repeat(5000))
            .task("java.wait", (context, arguments) -> waitInVain())
            .task("java.busy", TaskOptions.DEFAULT, (context, arguments) -> spin())
            .build();
    worker.start();
    return peers.closed(worker);
  }

  private static Object waitInVain() throws InterruptedException {
    new CountDownLatch(1).await();
    return "never";
  }

  /** Listens to no interrupt. */
  private Object spin() {
    while (spinning.get()) {
      Thread.onSpinWait();
    }
    return "late";
  }

  private PythonSession listener(String... environment) {
    PythonSession python = peers.python(environment);
    python.eval(LISTEN);
    return python;
  }

  private static void await(PythonSession python, String condition) {
    assertThat(python.eval("until(lambda: " + condition + ")").booleanValue())
        .as(condition + "; heard " + python.eval("[[e['type'] for e in heard], failures]"))
        .isTrue();
  }

  private BrokerClient client() {
    return peers.client(
        peers.config().defaultQueue("java").events(EventConfig.DEFAULT.withTaskSent(true)).build());
  }

  private static void assertNothingFailed(PythonSession python) {
    assertThat(python.eval("failures")).isEmpty();
  }

  private static TaskSignature withId(String id, TaskSignature signature) {
    return signature.withId(id);
  }

  // ---- TP-28, TP-1, TP-13, TP-65

  @Test
  void aTaskIsSeenFromItsSendingToItsSuccess() throws Exception {
    PythonSession python = listener();
    worker(ALL);
    await(python, "'shown@java' in state.workers");
    SendOptions options =
        SendOptions.builder().id("t-1").shadow("shown as this").queue("java").build();

    AsyncResult sum = client().send(TaskSignature.of("java.add", 2).kwarg("y", 3).with(options));

    assertThat(sum.get(Integer.class, WAIT)).isEqualTo(5);
    // who sends and who runs it tell of it each in their own time
    await(python, "{'task-sent', 'task-succeeded'} <= set(types('t-1'))");
    assertThat(python.eval("[sorted(set(types('t-1'))), len(of('t-1'))]").toString())
        .isEqualTo("[[\"task-received\",\"task-sent\",\"task-started\",\"task-succeeded\"],4]");
    JsonNode task =
        python.eval(
            """
            t = state.tasks['t-1']
            received = [e for e in of('t-1') if e['type'] == 'task-received'][0]
            [received['name'], t.args, t.kwargs, t.state, t.result, t.worker.hostname,
             isinstance(t.runtime, float), t.root_id, t.exchange, t.routing_key, t.retries]
            """);
    assertThat(task.toString())
        .isEqualTo(
            "[\"shown as this\",\"(2,)\",\"{'y': 3}\",\"SUCCESS\",\"5\",\"shown@java\",true,"
                + "\"t-1\",\"\",\"java\",0]");
    assertNothingFailed(python);
  }

  @Test
  void aSentEventHasTheFieldsOfCelerysOwn() {
    PythonSession python = listener();
    String ours = client().send(TaskSignature.of("interop.add", 1, 2).on("nobody")).id();
    python.eval(
        """
        app.conf.task_send_sent_event = True
        theirs = app.send_task('interop.add', (1, 2), queue='nobody').id
        """);

    await(python, "of('" + ours + "') and of(theirs)");
    assertThat(
            python
                .eval(
                    "[sorted(set(of(theirs)[0]) ^ set(of('%s')[0])), state.tasks['%s'].state]"
                        .formatted(ours, ours))
                .toString())
        .isEqualTo("[[\"utcoffset\"],\"PENDING\"]");
    assertThat(
            python.eval(
                "[[k, of(theirs)[0][k], of('%s')[0][k]] for k in ('name', 'args', 'kwargs', 'retries', 'eta', 'expires', 'queue', 'exchange', 'routing_key', 'parent_id') if of(theirs)[0][k] != of('%s')[0][k]]"
                    .formatted(ours, ours)))
        .isEmpty();
    assertThat(python.eval("of('" + ours + "')[0]['hostname']").stringValue()).startsWith("gen");
    assertNothingFailed(python);
  }

  @Test
  void aResultThatIsLongIsShownInAboutAThousandCharacters() {
    PythonSession python = listener();
    worker(ALL);
    await(python, "'shown@java' in state.workers");
    python.eval("app.send_task('java.text', task_id='long', queue='java')");

    await(python, "'task-succeeded' in types('long')");
    assertThat(python.eval("len(state.tasks['long'].result)").intValue()).isBetween(1000, 1040);
  }

  // ---- the ends a task can come to

  @Test
  void failedRetriedAndRejectedTasksAreSeenAsThat() {
    PythonSession python = listener();
    worker(ALL);
    await(python, "'shown@java' in state.workers");
    python.eval("app.send_task('java.fail', ('kaput',), task_id='f', queue='java')");
    python.eval("app.send_task('java.nowhere', task_id='u', queue='java')");

    await(python, "'task-failed' in types('f') and 'task-failed' in types('u')");
    assertThat(
            python
                .eval(
                    """
                    t = state.tasks['f']
                    [t.state, t.exception, t.traceback.startswith('Traceback (most recent call'),
                     types('f'), state.tasks['u'].state, state.tasks['u'].exception, types('u')]
                    """)
                .toString())
        .isEqualTo(
            "[\"FAILURE\",\"IllegalStateException('kaput')\",true,"
                + "[\"task-received\",\"task-started\",\"task-failed\"],\"FAILURE\","
                + "\"NotRegistered('java.nowhere')\",[\"task-failed\"]]");
    assertNothingFailed(python);
  }

  @Test
  void anExpiredTaskIsSeenAsRevoked() { // TP-34
    PythonSession python = listener();
    worker(ALL);
    await(python, "'shown@java' in state.workers");
    python.eval("app.send_task('java.add', (1, 1), task_id='e', queue='java', expires=-5)");

    await(python, "of('e')");
    assertThat(
            python
                .eval(
                    "[types('e'), of('e')[0]['expired'], of('e')[0]['terminated'], of('e')[0]['signum'], state.tasks['e'].state, app.AsyncResult('e').state]")
                .toString())
        .isEqualTo("[[\"task-revoked\"],true,false,null,\"REVOKED\",\"REVOKED\"]");
    Interop.await("it is acknowledged", () -> peers.number("HLEN", "unacked") == 0);
    assertNothingFailed(python);
  }

  @Test
  void aTerminatedTaskIsSeenAsRevokedBySignal15() { // TP-36
    PythonSession python = listener();
    Worker worker = worker(ALL);
    await(python, "'shown@java' in state.workers");
    python.eval("app.send_task('java.wait', task_id='h', queue='java')");
    await(python, "'task-started' in types('h')");

    assertThat(worker.terminate("h")).isTrue();

    await(python, "'task-revoked' in types('h')");
    assertThat(
            python
                .eval(
                    "e = of('h')[-1]\n[types('h'), e['terminated'], e['signum'], e['expired'], state.tasks['h'].state, app.AsyncResult('h').state]")
                .toString())
        .isEqualTo(
            "[[\"task-received\",\"task-started\",\"task-revoked\"],true,15,false,\"REVOKED\","
                + "\"REVOKED\"]");
    assertNothingFailed(python);
  }

  @Test
  void aTaskThatNothingStopsFailsOnceAndTheWorkerKeepsServing() throws Exception { // TP-62
    PythonSession python = listener();
    worker(ALL);
    await(python, "'shown@java' in state.workers");
    python.eval("app.send_task('java.busy', task_id='b', queue='java', time_limit=1)");
    await(python, "'task-failed' in types('b')");

    spinning.set(false); // it returns, too late
    List<AsyncResult> after = new ArrayList<>();
    BrokerClient client = client();
    for (int i = 0; i < 20; i++) {
      after.add(client.send(withId("after-" + i, TaskSignature.of("java.add", i, i))));
    }
    for (AsyncResult result : after) {
      result.get(Integer.class, WAIT);
    }
    await(python, "all('task-succeeded' in types('after-%d' % i) for i in range(20))");

    assertThat(
            python
                .eval(
                    "[types('b'), of('b')[-1]['exception'], state.tasks['b'].state, app.AsyncResult('b').state]")
                .toString())
        .isEqualTo(
            "[[\"task-received\",\"task-started\",\"task-failed\"],\"TimeLimitExceeded(1)\","
                + "\"FAILURE\",\"FAILURE\"]");
    assertNothingFailed(python);
  }

  // ---- TP-46

  @Test
  void whoHearsThatATaskHasEndedFindsItsResultAndItsMessageGone() {
    PythonSession python = listener();
    worker(ALL);
    await(python, "'shown@java' in state.workers");
    python.eval(
        """
        early = []
        seen = []
        import json
        from redis import Redis
        redis = Redis.from_url(url)
        states = {'task-succeeded': 'SUCCESS', 'task-failed': 'FAILURE'}
        def look(event):
            if event['type'] in states:
                seen.append(event['uuid'])
                found = json.loads(redis.get('celery-task-meta-' + event['uuid']) or '{}')
                if found.get('status') != states[event['type']] or '"%s"' % event['uuid'] in str(redis.hvals('unacked')):
                    early.append([event['uuid'], found])
        checks.append(look)
        for i in range(200):
            name, args = ('java.add', (i, i)) if i % 4 else ('java.fail', ('no',))
            app.send_task(name, args, task_id='n-%d' % i, queue='java')
        """);

    await(python, "len(seen) == 200");
    assertThat(python.eval("early")).isEmpty();
    assertThat(
            python.eval(
                "[t for t in (types('n-%d' % i) for i in range(200)) if [x.split('-')[1] for x in t[:2]] != ['received', 'started']]"))
        .isEmpty();
  }

  // ---- workers

  @Test
  void aWorkerIsOnlineAliveAndGoesOffline() {
    PythonSession python = listener();
    Worker worker = worker(new WorkerEventsConfig(true, Duration.ofMillis(500)));

    await(python, "len([e for e in heard if e['type'] == 'worker-heartbeat']) >= 3");
    await(python, "list(state.alive_workers()) == [state.workers['shown@java']]");
    assertThat(
            python
                .eval(
                    """
                    w = state.workers['shown@java']
                    [w.freq, w.active, w.processed, len(w.loadavg), w.sw_ident, w.sw_sys,
                     heard[0]['type']]
                    """)
                .toString())
        .isEqualTo("[0.5,0,0,3,\"stalk\",\"Linux\",\"worker-online\"]");

    worker.stop(Duration.ofSeconds(5));
    await(python, "heard[-1]['type'] == 'worker-offline'");
    assertThat(python.eval("state.workers['shown@java'].alive").booleanValue()).isFalse();
    assertNothingFailed(python);
  }

  /** What a receiver in another zone makes of {@code utcoffset} is why there is none. */
  @ParameterizedTest
  @ValueSource(strings = {"America/Los_Angeles", "Asia/Kolkata", "UTC"})
  void aReceiverInAnyZoneSeesTheRightTime(String zone) {
    PythonSession python = listener("TZ", zone);
    worker(ALL);

    await(python, "'shown@java' in state.workers");
    assertThat(python.eval("abs(heard[0]['timestamp'] - heard[0]['local_received'])").doubleValue())
        .isLessThan(30);
    await(python, "state.workers['shown@java'].alive");
  }

  @Test
  void clocksGrowWithEveryEvent() {
    PythonSession python = listener();
    worker(new WorkerEventsConfig(true, Duration.ofMillis(100)));
    await(python, "'shown@java' in state.workers");
    python.eval(
        "for i in range(100): app.send_task('java.add', (i, i), task_id='c-%d' % i, queue='java')");

    await(python, "all('task-succeeded' in types('c-%d' % i) for i in range(100))");
    assertThat(
            python
                .eval(
                    "clocks = [e['clock'] for e in heard if e['hostname'] == 'shown@java']\nclocks == sorted(set(clocks))")
                .booleanValue())
        .isTrue();
  }

  // ---- when nobody is to know, or nobody can

  @Test
  void aWorkerThatIsToTellNothingPublishesNothing() throws Exception {
    BrokerClient ear = peers.client();
    List<String> keys = new CopyOnWriteArrayList<>();
    peers.closed(
        ear.fanout()
            .subscribe(
                "ear", Route.fanout("celeryev", "#"), heard -> keys.add(heard.routingKey())));
    Interop.await("it listens", () -> speak(ear, "x") == 1);

    Worker silent = worker(WorkerEventsConfig.NONE);
    BrokerClient client = peers.client();
    for (int i = 0; i < 50; i++) {
      client.send(TaskSignature.of("java.add", i, i).on("java")).get(Integer.class, WAIT);
    }
    silent.stop(Duration.ofSeconds(5));

    assertThat(speak(ear, "last")).isOne();
    Interop.await("the last word arrives", () -> keys.contains("last"));
    assertThat(keys).containsOnly("x", "last");
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().equals("stalk-events"));
    assertThat(meters.find("stalk.events.published").meter()).isNull();
  }

  private static long speak(BrokerClient client, String key) {
    return client.fanout().publish(Route.fanout("celeryev", key), new byte[0]);
  }

  @Test
  void tasksGoOnAfterARestartOfRedisAndEventsWithThem() throws Exception {
    PythonSession python = listener();
    worker(new WorkerEventsConfig(true, Duration.ofMillis(500)));
    await(python, "'shown@java' in state.workers");
    BrokerClient client = client();
    client.send(TaskSignature.of("java.add", 1, 1)).get(Integer.class, WAIT);

    peers.redis().kill();
    peers.redis().restart();

    Interop.await(
        WAIT,
        "tasks run again",
        () -> {
          try {
            return client.send(TaskSignature.of("java.add", 2, 2)).get(Integer.class, WAIT) == 4;
          } catch (BrokerException away) {
            return false;
          }
        });
    Interop.await(WAIT, "events flow", () -> seesANewTask(python, client));
    assertNothingFailed(python);
  }

  private static boolean seesANewTask(PythonSession python, BrokerClient client) {
    String id = client.send(TaskSignature.of("java.add", 3, 3)).id();
    return python
        .eval(
            """
            end = time.time() + 2
            while 'task-succeeded' not in types('%1$s') and time.time() < end: time.sleep(0.01)
            'task-succeeded' in types('%1$s')
            """
                .formatted(id))
        .booleanValue();
  }

  @Test
  void whatIsToldOfManyTasksIsToldOfAllOfThem() {
    PythonSession python = listener();
    worker(ALL);
    await(python, "'shown@java' in state.workers");
    List<TaskSignature> all = new ArrayList<>();
    for (int i = 0; i < 3000; i++) {
      all.add(withId("m-" + i, TaskSignature.of("java.add", i, i).on("java")));
    }

    peers.client().sendAll(all);

    await(python, "len([e for e in heard if e['type'] == 'task-succeeded']) == 3000");
    assertThat(
            python
                .eval(
                    "[len([e for e in heard if e['type'] == t]) for t in ('task-received', 'task-started')]")
                .toString())
        .isEqualTo("[3000,3000]");
    assertThat(meters.get("stalk.events.dropped").functionCounter().count()).isZero();
    assertNothingFailed(python);
  }
}
