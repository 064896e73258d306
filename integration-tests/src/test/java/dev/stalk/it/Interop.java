package dev.stalk.it;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.peers.CeleryWorker;
import dev.stalk.peers.PeerUnavailableException;
import dev.stalk.peers.PythonEnvironment;
import dev.stalk.peers.PythonSession;
import dev.stalk.peers.RedisServer;
import dev.stalk.worker.Worker;
import dev.stalk.worker.config.QueueConfig;
import dev.stalk.worker.config.TaskConfig;
import dev.stalk.worker.config.WorkerConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** A real Redis and whatever peers a test asks for; closes all of them in the end. */
final class Interop implements AutoCloseable {
  /**
   * Tags what Celery 5.2 does not have: kombu's typed values and the request's headers came with
   * 5.3. The profile {@code celery-5.2} leaves these tests out.
   */
  static final String NEWER_THAN_5_2 = "newer-than-celery-5.2";

  static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final String NOTE =
      "if redis.call('SADD', KEYS[3], ARGV[2]) == 1 then"
          + " redis.call('RPUSH', KEYS[1], ARGV[1]) redis.call('RPUSH', KEYS[2], ARGV[1]) end";

  private final RedisServer redis;
  private final Deque<AutoCloseable> peers = new ArrayDeque<>();

  Interop() {
    this(RedisServer.start());
  }

  Interop(RedisServer redis) {
    this.redis = redis;
    peers.push(redis);
  }

  RedisServer redis() {
    return redis;
  }

  BrokerConfig.Builder config() {
    return BrokerConfig.builder().url(redis.url()).defaultQueue("python");
  }

  BrokerClient client() {
    return client(config().build());
  }

  BrokerClient client(BrokerConfig config) {
    return closed(BrokerClient.connect(config));
  }

  /** A started Java worker with {@link JavaTasks}. */
  Worker javaWorker(String... queues) {
    return javaWorker(config().build(), 4, queues);
  }

  Worker javaWorker(BrokerConfig broker, int threads, String... queues) {
    WorkerConfig.Builder config = WorkerConfig.builder().broker(broker);
    for (String queue : queues) {
      config.queue(queue, new QueueConfig(threads, threads));
    }
    Worker worker =
        Worker.builder()
            .config(config.build())
            .tasks(new JavaTasks(this::note))
            .metrics(new SimpleMeterRegistry())
            .build();
    worker.start();
    return closed(worker);
  }

  /** A started Java worker of four threads for each queue, with what the test adds to it. */
  Worker worker(Consumer<Worker.Builder> tasks, String... queues) {
    return worker(TaskConfig.DEFAULT, tasks, queues);
  }

  Worker worker(TaskConfig settings, Consumer<Worker.Builder> tasks, String... queues) {
    WorkerConfig.Builder config = WorkerConfig.builder().broker(config().build());
    for (String queue : queues) {
      config.queue(queue, QueueConfig.builder().threads(4).tasks(settings).build());
    }
    Worker.Builder builder =
        Worker.builder().config(config.build()).metrics(new SimpleMeterRegistry());
    tasks.accept(builder);
    Worker worker = builder.build();
    worker.start();
    return closed(worker);
  }

  /**
   * Notes that a Java task ran: in the list both sides share, and in one of Java's own. The tests
   * take Redis and connections away from the worker, not from this journal: it tries until the run
   * is noted, and notes it once.
   */
  void note(String key, String value) {
    String run = UUID.randomUUID().toString();
    await(
        "the journal is written",
        () -> {
          try {
            redis.command("EVAL", NOTE, "3", key, key + "-java", "runs:" + key, value, run);
            return true;
          } catch (PeerUnavailableException | IllegalStateException away) {
            return false;
          }
        });
  }

  /** A ready Celery worker with {@code interop.py}. */
  CeleryWorker celeryWorker(int concurrency, String... queues) {
    return celeryWorker(Map.of(), concurrency, queues);
  }

  /** The same with further variables, which win. */
  CeleryWorker celeryWorker(Map<String, String> environment, int concurrency, String... queues) {
    return closed(
        CeleryWorker.builder(PythonEnvironment.celery())
            .app("interop")
            .directory(pythonSources())
            .environment("REDIS_URL", redis.url())
            .environment(environment)
            .queues(queues)
            .concurrency(concurrency)
            .quiet()
            .start());
  }

  /** A Python process with {@code interop.py}'s application, to be a real Celery client. */
  PythonSession python(String... environment) {
    PythonSession.Builder builder =
        PythonSession.builder(PythonEnvironment.celery())
            .module("interop")
            .directory(pythonSources())
            .environment("REDIS_URL", redis.url());
    for (int i = 0; i < environment.length; i += 2) {
      builder.environment(environment[i], environment[i + 1]);
    }
    return closed(builder.start());
  }

  /** A Celery worker of the queue "python" with that application; names and values in turn. */
  CeleryWorker twinsWorker(String... environment) {
    CeleryWorker.Builder builder =
        CeleryWorker.builder(PythonEnvironment.celery())
            .app("twins")
            .directory(pythonSources())
            .environment("REDIS_URL", redis.url())
            .queues("python")
            .concurrency(4)
            .quiet();
    environment(environment).forEach(builder::environment);
    return closed(builder.start());
  }

  /** A Python process with {@code twins.py}'s application. */
  PythonSession twins() {
    return closed(
        PythonSession.builder(PythonEnvironment.celery())
            .module("twins")
            .directory(pythonSources())
            .environment("REDIS_URL", redis.url())
            .start());
  }

  /** Names and values in turn, as {@link #python} takes them. */
  static Map<String, String> environment(String... namesAndValues) {
    Map<String, String> environment = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      environment.put(namesAndValues[i], namesAndValues[i + 1]);
    }
    return environment;
  }

  static Path pythonSources() {
    return Path.of("src", "test", "python").toAbsolutePath();
  }

  /** How long ago, by the server's clock, a lease was last renewed. */
  double secondsSinceLastSign() {
    List<?> last = (List<?>) redis.command("ZRANGE", "unacked_index", "-1", "-1", "WITHSCORES");
    List<?> time = (List<?>) Objects.requireNonNull(redis.command("TIME"));
    return Double.parseDouble((String) time.get(0))
        - Double.parseDouble((String) Objects.requireNonNull(last).get(1));
  }

  long number(String... command) {
    return (Long) Objects.requireNonNull(redis.command(command));
  }

  List<String> list(String key) {
    List<String> texts = new ArrayList<>();
    for (Object item : (List<?>) Objects.requireNonNull(redis.command("LRANGE", key, "0", "-1"))) {
      texts.add((String) item);
    }
    return texts;
  }

  /** Waits until something holds, looking again and again; fails the test if it never does. */
  static void await(String what, BooleanSupplier condition) {
    await(PATIENCE, what, condition);
  }

  /** The same with another patience. */
  static void await(Duration patience, String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + patience.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("in vain for " + patience + ": " + what);
      }
      Thread.onSpinWait();
      java.util.concurrent.locks.LockSupport.parkNanos(2_000_000);
    }
  }

  <T extends AutoCloseable> T closed(T peer) {
    peers.push(peer);
    return peer;
  }

  @Override
  public void close() {
    while (!peers.isEmpty()) {
      AutoCloseable peer = peers.pop();
      try {
        peer.close();
      } catch (Exception e) {
        throw new IllegalStateException("could not stop " + peer, e);
      }
    }
  }
}
