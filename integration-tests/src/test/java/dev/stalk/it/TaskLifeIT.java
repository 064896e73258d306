package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.peers.CeleryWorker;
import dev.stalk.peers.PythonEnvironment;
import dev.stalk.peers.PythonRaised;
import dev.stalk.peers.PythonSession;
import dev.stalk.worker.Worker;
import dev.stalk.worker.config.TaskConfig;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What befalls a task of a Java worker besides returning, as a Python client sees it. */
class TaskLifeIT {
  private final Interop peers = new Interop();
  private final JavaTasks tasks = new JavaTasks(peers::note);

  @AfterEach
  void stop() {
    tasks.release();
    peers.close();
  }

  private Worker worker(TaskConfig settings) {
    return peers.worker(settings, worker -> worker.tasks(tasks), "java");
  }

  private long held() {
    return peers.number("HLEN", "unacked");
  }

  @Test
  void anEarlyAcknowledgedMessageIsGoneWhileItsTaskRuns() {
    worker(TaskConfig.DEFAULT);
    PythonSession python = peers.python();

    python.eval("r = app.send_task('java.hold_early', ('k', 'v'), queue='java')");
    Interop.await("it runs", () -> peers.number("LLEN", "k-began") == 1);
    assertThat(held()).isZero();
    assertThat(peers.number("LLEN", "k")).isZero();

    tasks.release();
    assertThat(python.eval("r.get(timeout=40)").stringValue()).isEqualTo("v");
    assertThat(peers.list("k")).containsExactly("v");
  }

  @Test
  void aLateAcknowledgedMessageIsHeldUntilItsResultExists() {
    worker(TaskConfig.DEFAULT);
    PythonSession python = peers.python();

    python.eval("r = app.send_task('java.hold', ('k', 'v'), queue='java')");
    Interop.await("it runs", () -> peers.number("LLEN", "k-began") == 1);
    assertThat(held()).isOne();

    tasks.release();
    python.eval("r.get(timeout=40)");
    assertThat(held()).isZero(); // in the same step
  }

  @Test
  void aTrackedTaskIsSeenToHaveStarted() {
    worker(TaskConfig.DEFAULT);
    PythonSession python = peers.python();

    assertThat(
            python
                .eval(
                    """
                    import time
                    r = app.send_task('java.hold_tracked', ('k', 'v'), queue='java')
                    until = time.time() + 40
                    while r.state != 'STARTED' and time.time() < until: time.sleep(0.01)
                    [r.state, sorted(r.info), r.info['hostname'].startswith('celery@')]
                    """)
                .toString())
        .isEqualTo("[\"STARTED\",[\"hostname\",\"pid\"],true]");
    tasks.release();
    assertThat(python.eval("r.get(timeout=40)").stringValue()).isEqualTo("v");
  }

  @Test
  void anExtendedResultNamesTheCall() {
    worker(TaskConfig.builder().resultExtended(true).build());

    assertThat(
            peers
                .python()
                .eval(
                    """
                    r = app.send_task('java.add', (2,), {'y': 3}, queue='java')
                    r.get(timeout=40)
                    [r.name, r.args, r.kwargs, r.retries, r.queue, r.worker.startswith('celery@')]
                    """)
                .toString())
        .isEqualTo("[\"java.add\",[2],{\"y\":3},0,\"java\",true]");
  }

  @Test
  void aRevokedTaskIsNotRun() {
    Worker worker = worker(TaskConfig.DEFAULT);
    worker.revoke("never");

    assertThatThrownBy(
            () ->
                peers
                    .python()
                    .eval(
                        "app.send_task('interop.mark', ('k', 'v'), queue='java', task_id='never').get(timeout=40)"))
        .isInstanceOfSatisfying(
            PythonRaised.class,
            raised -> {
              assertThat(raised.type()).isEqualTo("TaskRevokedError");
              assertThat(raised.arguments().toString()).isEqualTo("[\"revoked\"]");
            });
    assertThat(peers.number("EXISTS", "k-began")).isZero();
    assertThat(held()).isZero();
  }

  @Test
  void aRunningTaskIsTerminated() {
    Worker worker = worker(TaskConfig.DEFAULT);
    PythonSession python = peers.python();
    python.eval(
        "r = app.send_task('interop.mark', ('k', 'v', 60), queue='java', task_id='running')");
    Interop.await("it runs", () -> peers.number("LLEN", "k-began") == 1);

    assertThat(worker.terminate("running")).isTrue();

    assertThatThrownBy(() -> python.eval("r.get(timeout=40)"))
        .isInstanceOfSatisfying(
            PythonRaised.class,
            raised -> {
              assertThat(raised.type()).isEqualTo("TaskRevokedError");
              assertThat(raised.arguments().toString()).isEqualTo("[\"terminated\"]");
            });
    Interop.await("nothing is held", () -> held() == 0);
    assertThat(peers.number("EXISTS", "k")).isZero();
  }

  @Test
  void aTaskThatGoesOnRejectingItsMessageIsQuarantined() {
    worker(TaskConfig.DEFAULT);

    assertThatThrownBy(
            () ->
                peers
                    .python()
                    .eval("app.send_task('java.requeue', ('k',), queue='java').get(timeout=40)"))
        .isInstanceOfSatisfying(
            PythonRaised.class, raised -> assertThat(raised.type()).isEqualTo("WorkerLostError"));
    assertThat(peers.list("k")).containsExactly("first", "again", "again", "again", "again");
    assertThat(peers.list("java.quarantine")).hasSize(1);
  }

  @Test
  void aRateLimitedTaskWaitsAndOthersDoNot() {
    worker(TaskConfig.DEFAULT);

    double took =
        peers
            .python()
            .eval(
                """
                import time
                start = time.time()
                rare = [app.send_task('java.rarely', ('rare',), queue='java') for _ in range(5)]
                slow = [app.send_task('java.slowly', ('k',), queue='java') for _ in range(5)]
                others = [app.send_task('java.add', (i, 1), queue='java') for i in range(20)]
                [r.get(timeout=60) for r in others]
                [r.get(timeout=60) for r in slow]
                time.time() - start
                """)
            .doubleValue();

    assertThat(took).isGreaterThan(3.9);
    assertThat(peers.list("rare")).as("of five that have an hour each").hasSize(1);
  }

  @Test
  void aDuplicateOfASuccessfulTaskIsNotRun() {
    worker(TaskConfig.builder().deduplicateSuccessfulTasks(true).build());
    PythonSession python = peers.python();
    python.eval(
        """
        import json, base64, uuid
        def redeliver(id, task, args):
            app.pool.acquire(block=True).default_channel.client.lpush('java', json.dumps({
                'body': base64.b64encode(json.dumps([args, {}, {}]).encode()).decode(),
                'content-type': 'application/json', 'content-encoding': 'utf-8',
                'headers': {'task': task, 'id': id, 'redelivered': True},
                'properties': {'delivery_tag': str(uuid.uuid4()), 'body_encoding': 'base64',
                    'delivery_info': {'exchange': '', 'routing_key': 'java', 'redelivered': True}}}))
        app.send_task('interop.mark', ('k', 'v'), queue='java', task_id='twice').get(timeout=40)
        redeliver('twice', 'interop.mark', ['k', 'again'])
        redeliver('other', 'interop.mark', ['k', 'other'])
        app.AsyncResult('other').get(timeout=40)
        """);

    Interop.await("nothing is held", () -> held() == 0);
    assertThat(peers.list("k")).containsExactly("v", "other");
  }

  @Test
  void aTaskThatNothingStopsIsGivenUpAndTheWorkerKeepsServing() {
    worker(TaskConfig.DEFAULT);
    PythonSession python = peers.python();
    python.eval(
        "stuck = [app.send_task('java.spin', ('k',), queue='java', time_limit=1) for _ in range(4)]");

    for (int i = 0; i < 4; i++) {
      int number = i;
      assertThatThrownBy(() -> python.eval("stuck[%d].get(timeout=40)".formatted(number)))
          .isInstanceOfSatisfying(
              PythonRaised.class,
              raised -> {
                assertThat(raised.type()).isEqualTo("TimeLimitExceeded");
                assertThat(raised.arguments().toString()).isEqualTo("[1]");
              });
    }
    // four at once although four threads are stuck
    assertThat(
            python
                .eval(
                    """
                    import time
                    more = [app.send_task('java.hold', ('m', str(i)), queue='java') for i in range(4)]
                    client = app.pool.acquire(block=True).default_channel.client
                    until = time.time() + 40
                    while client.llen('m-began') < 4 and time.time() < until:
                        time.sleep(0.01)
                    [client.llen('m-began'), client.llen('m')]
                    """)
                .toString())
        .isEqualTo("[4,0]");
    tasks.release();
    assertThat(python.eval("[r.get(timeout=40) for r in more]").toString())
        .isEqualTo("[\"0\",\"1\",\"2\",\"3\"]");
    assertThat(python.eval("[r.state for r in stuck]").toString())
        .isEqualTo("[\"FAILURE\",\"FAILURE\",\"FAILURE\",\"FAILURE\"]");
  }

  @Test
  void messagesOfProtocolOneAreRun() {
    worker(TaskConfig.DEFAULT);

    assertThat(
            peers
                .python()
                .eval(
                    """
                    app.conf.task_protocol = 1
                    link = app.signature('java.add', (10,), queue='java', task_id='linked')
                    plain = app.send_task('java.add', (2,), {'y': 3}, queue='java', link=link)
                    later = app.send_task('java.add', (2, 4), queue='java', countdown=1)
                    expired = app.send_task('java.add', (2, 4), queue='java', expires=-1)
                    answers = [r.get(timeout=40) for r in (plain, app.AsyncResult('linked'), later)]
                    try:
                        expired.get(timeout=40)
                    except Exception as e:
                        answers.append(type(e).__name__)
                    answers
                    """)
                .toString())
        .isEqualTo("[5,15,6,\"TaskRevokedError\"]");
  }

  @Test
  void aHybridOfBothProtocolsIsRun() {
    worker(TaskConfig.DEFAULT);

    assertThat(
            peers
                .python()
                .eval(
                    """
                    import json, base64, uuid
                    body = {'task': 'java.add', 'id': 'hybrid', 'args': [2, 5], 'kwargs': {}}
                    app.pool.acquire(block=True).default_channel.client.lpush('java', json.dumps({
                        'body': base64.b64encode(json.dumps(body).encode()).decode(),
                        'content-type': 'application/json', 'content-encoding': 'utf-8',
                        'headers': {'task': 'java.add', 'x-tenant': 't1'},
                        'properties': {'delivery_tag': str(uuid.uuid4()), 'body_encoding': 'base64',
                            'delivery_info': {'exchange': '', 'routing_key': 'java'}}}))
                    app.AsyncResult('hybrid').get(timeout=40)
                    """)
                .intValue())
        .isEqualTo(7);
  }

  @ParameterizedTest
  @ValueSource(strings = {"5.2", "newest"})
  void aRetryOfAJavaTaskIsFinishedByPython(String version) {
    Worker worker = peers.worker(builder -> builder.tasks(new TwinTasks()), "shared");
    PythonSession python = peers.twins();
    python.eval(
        """
        from twins import settled
        r = app.send_task('twin.handover', ('java',), queue='shared', expires=600)
        settled(r, 'RETRY')
        """);

    Interop.await("it is parked", () -> peers.number("ZCARD", "stalk:parked") == 1);
    worker.close();
    Interop.await("it is due, as Celery 5.2 looks rarely", this::isParkedAndDue);
    twinWorker(version);

    assertThat(python.eval("r.get(timeout=50)").toString())
        .isEqualTo("[\"java\",\"python\",1,true]");
  }

  private boolean isParkedAndDue() {
    long due = Instant.now().getEpochSecond() - 3600; // the visibility timeout
    return peers.number("ZCOUNT", "unacked_index", "-inf", Long.toString(due)) == 1;
  }

  @Test
  void aRetryOfAPythonTaskIsFinishedByJava() {
    CeleryWorker celery = twinWorker("newest");
    PythonSession python = peers.twins();
    python.eval(
        """
        from twins import settled
        r = app.send_task('twin.handover', ('python',), queue='shared', expires=600)
        settled(r, 'RETRY')
        """);

    celery.terminate();
    peers.worker(builder -> builder.tasks(new TwinTasks()), "shared");

    assertThat(python.eval("r.get(timeout=50)").toString())
        .isEqualTo("[\"python\",\"java\",1,true]");
  }

  private CeleryWorker twinWorker(String version) {
    PythonEnvironment environment =
        version.equals("newest") ? PythonEnvironment.celery() : PythonEnvironment.celery(version);
    return peers.closed(
        CeleryWorker.builder(environment)
            .app("twins")
            .directory(Interop.pythonSources())
            .environment("REDIS_URL", peers.redis().url())
            .queues("shared")
            .concurrency(1)
            .quiet()
            .start());
  }
}
