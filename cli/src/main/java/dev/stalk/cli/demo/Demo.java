package dev.stalk.cli.demo;

import dev.stalk.broker.AsyncResult;
import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.TaskFailedException;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.peers.CeleryWorker;
import dev.stalk.peers.PeerUnavailableException;
import dev.stalk.peers.PythonEnvironment;
import dev.stalk.peers.PythonRaised;
import dev.stalk.peers.PythonSession;
import dev.stalk.peers.RedisServer;
import dev.stalk.worker.Worker;
import dev.stalk.worker.config.WorkerConfig;
import dev.stalk.worker.config.WorkerYaml;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Consumer;

/**
 * Starts a Redis, a Java worker and two Celery workers, lets them exchange tasks and checks what
 * comes of it. Everything it starts it stops.
 */
final class Demo implements AutoCloseable {
  private static final String SAMPLES = "/dev/stalk/samples/";
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /**
   * The threads of the Java worker's fast and slow queues together; as many processes for Celery.
   */
  private static final int CONCURRENCY = 4;

  private final int tasks;
  private final Consumer<String> progress;
  private final DemoTable table = new DemoTable();
  private final Deque<AutoCloseable> started = new ArrayDeque<>();

  /**
   * @param tasks how many tasks go in each direction
   * @param progress takes a line for each step
   */
  Demo(int tasks, Consumer<String> progress) {
    this.tasks = tasks;
    this.progress = progress;
  }

  /** Runs all of it; the table says what held. */
  DemoTable run() throws IOException {
    progress.accept("starting Redis");
    RedisServer redis = started(RedisServer.start());
    progress.accept("starting a Java worker with the queues java, fast and slow");
    WorkerConfig config =
        WorkerYaml.parse("worker.yaml", sample("worker.yaml"), Map.of("REDIS_URL", redis.url()));
    started(startWorker(config));
    BrokerClient client =
        started(BrokerClient.connect(BrokerConfig.builder().url(redis.url()).build()));

    calls("Java -> Java", client, "java");
    javaException(client);
    python(redis, client);
    isolation("Stalk", client, "fast", "slow", true);
    return table;
  }

  private static Worker startWorker(WorkerConfig config) {
    Worker worker = Worker.builder().config(config).metrics(new SimpleMeterRegistry()).build();
    worker.start();
    return worker;
  }

  private void python(RedisServer redis, BrokerClient client) throws IOException {
    PythonEnvironment environment;
    try {
      progress.accept("looking for Python and Celery");
      environment = PythonEnvironment.celery(line -> progress.accept("  " + line));
    } catch (PeerUnavailableException e) {
      table.leftOut("everything with Python: " + e.getMessage());
      return;
    }
    Path directory = started(new ExtractedSamples(sample("python/tasks.py"))).directory();
    progress.accept("starting Celery " + environment.version() + " beside it");
    CeleryWorker celery =
        started(celery(environment, directory, redis).queues("python").concurrency(2).start());
    calls("Java -> Python", client, "python");
    pythonException(client);
    PythonSession session =
        started(
            PythonSession.builder(environment)
                .module("tasks")
                .directory(directory)
                .environment("REDIS_URL", redis.url())
                .start());
    callsFromPython(session);
    exceptionInPython(session);
    celery.close();
    CeleryWorker both =
        started(
            celery(environment, directory, redis)
                .queues("celery-fast", "celery-slow")
                .concurrency(CONCURRENCY)
                .start());
    isolation("Celery " + environment.version(), client, "celery-fast", "celery-slow", false);
    both.kill(); // it would finish its slow tasks first
  }

  private static CeleryWorker.Builder celery(
      PythonEnvironment environment, Path directory, RedisServer redis) {
    return CeleryWorker.builder(environment)
        .app("tasks")
        .directory(directory)
        .environment("REDIS_URL", redis.url())
        .quiet();
  }

  private void calls(String direction, BrokerClient client, String queue) {
    step(
        "%s: %,d additions".formatted(direction, tasks),
        () -> {
          List<TaskSignature> calls = new ArrayList<>();
          for (int i = 0; i < tasks; i++) {
            calls.add(TaskSignature.of("samples.add", i, 1).on(queue));
          }
          int right = 0;
          List<AsyncResult> results = client.sendAll(calls);
          for (int i = 0; i < tasks; i++) {
            right +=
                Integer.valueOf(i + 1).equals(results.get(i).get(Integer.class, PATIENCE)) ? 1 : 0;
          }
          return new Found(right == tasks, "%,d of %,d right".formatted(right, tasks));
        });
  }

  private void callsFromPython(PythonSession session) {
    step(
        "Python -> Java: %,d additions".formatted(tasks),
        () -> {
          int right =
              session
                  .eval(
                      """
                      sent = [app.send_task('samples.add', (i, 1), queue='java') for i in range(tasks)]
                      sum(1 for i, r in enumerate(sent) if r.get(timeout=20) == i + 1)
                      """,
                      Map.of("tasks", tasks))
                  .intValue();
          return new Found(right == tasks, "%,d of %,d right".formatted(right, tasks));
        });
  }

  private void javaException(BrokerClient client) {
    exception("exception Java -> Java", client, "java", "java.lang.IllegalStateException: boom");
  }

  private void pythonException(BrokerClient client) {
    exception("exception Python -> Java", client, "python", "builtins.ValueError: boom");
  }

  private void exception(String what, BrokerClient client, String queue, String expected) {
    step(
        what,
        () -> {
          try {
            client
                .send(TaskSignature.of("samples.fail", "boom").on(queue))
                .get(Object.class, PATIENCE);
            return new Found(false, "no exception came");
          } catch (TaskFailedException e) {
            String found = "%s.%s: %s".formatted(e.module(), e.type(), e.arguments().get(0));
            return new Found(found.equals(expected) && e.traceback() != null, found);
          }
        });
  }

  private void exceptionInPython(PythonSession session) {
    step(
        "exception Java -> Python",
        () -> {
          try {
            session.eval("app.send_task('samples.fail', ('boom',), queue='java').get(timeout=20)");
            return new Found(false, "no exception came");
          } catch (PythonRaised e) {
            String found = e.type() + ": " + e.text();
            return new Found(e.type().equals("IllegalStateException"), found);
          }
        });
  }

  /** Isolation is a check for us; of Celery it is only shown. */
  private void isolation(
      String whose, BrokerClient client, String fast, String slow, boolean checked) {
    IsolationProbe probe = new IsolationProbe(client, Clock.systemUTC(), fast, slow);
    progress.accept(
        whose + ": the fast queue's waits, alone and beside a slow queue full of 1 s tasks");
    try {
      Waits before = probe.measure();
      table.row(whose + ": fast queue's wait, alone", true, before.toString());
      probe.disturb();
      Waits during = probe.measure();
      boolean held = !checked || during.max() < 1;
      table.row(whose + ": fast queue's wait, beside a slow one", held, during.toString());
    } catch (RuntimeException e) {
      table.row(whose + ": fast queue's wait", false, String.valueOf(e.getMessage()));
    }
  }

  private record Found(boolean held, String text) {}

  private void step(String what, Callable<Found> check) {
    progress.accept(what);
    long start = System.nanoTime();
    try {
      Found found = check.call();
      Duration took = Duration.ofNanos(System.nanoTime() - start);
      table.row(what, found.held(), "%s, %,d ms".formatted(found.text(), took.toMillis()));
    } catch (Exception e) {
      table.row(what, false, String.valueOf(e.getMessage()));
    }
  }

  private static String sample(String name) throws IOException {
    try (InputStream resource = Demo.class.getResourceAsStream(SAMPLES + name)) {
      if (resource == null) {
        throw new IOException("the sample " + name + " is missing from the jar");
      }
      return new String(resource.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** Python wants its module as a file. */
  private record ExtractedSamples(Path directory) implements AutoCloseable {
    ExtractedSamples(String tasks) throws IOException {
      this(Files.createTempDirectory("stalk-demo"));
      Files.writeString(directory.resolve("tasks.py"), tasks);
    }

    @Override
    public void close() throws IOException {
      try (var files = Files.walk(directory)) {
        for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private <T extends AutoCloseable> T started(T peer) {
    started.push(peer);
    return peer;
  }

  /**
   * Stops what was started, last first and all of it; the worker's slow tasks are not waited for.
   */
  @Override
  public void close() {
    while (!started.isEmpty()) {
      AutoCloseable peer = started.pop();
      try {
        if (peer instanceof Worker worker) {
          worker.stop(Duration.ZERO);
        } else {
          peer.close();
        }
      } catch (Exception e) {
        progress.accept("could not stop " + peer + ": " + e);
      }
    }
  }
}
