package dev.stalk.faults;

import dev.stalk.broker.BrokerClient;
import dev.stalk.peers.PythonEnvironment;
import dev.stalk.peers.PythonSession;
import dev.stalk.peers.RedisServer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Everything a scenario needs, started: a Redis with its append-only file, the fleet, clients to
 * produce with, and whoever watches. Thread-safe as far as its parts are.
 */
final class Stage implements AutoCloseable {
  private final Scenario scenario;
  private final Consumer<String> progress;
  private final Clock clock = Clock.systemUTC();
  private final Deque<AutoCloseable> started = new ArrayDeque<>();
  private final Timeline timeline = new Timeline();
  private final Journals journals;
  private final RedisServer redis;
  private final AppendOnlyFile file;
  private final RedisWatch watch;
  private final Fleet fleet;
  private final Injector injector;
  private final BrokerClient client;
  private final @Nullable PythonSession python;
  private final String celeryVersion;

  /**
   * Starts everything; workers may still be on their way when it returns.
   *
   * @param progress takes a line for each step
   */
  Stage(Scenario scenario, Consumer<String> progress) throws IOException {
    this.scenario = scenario;
    this.progress = progress;
    try {
      Path directory = Files.createTempDirectory("stalk-faults-");
      started.push(() -> delete(directory));
      this.journals = new Journals(Files.createDirectory(directory.resolve("journals")));
      Path kept =
          scenario.directory() == null
              ? Files.createDirectory(directory.resolve("redis"))
              : scenario.directory();
      this.redis = started(startRedis(kept));
      this.file = new AppendOnlyFile(redis, kept);
      this.watch =
          started(new RedisWatch(redis, Inventory.lists(scenario.queues()), timeline, clock));
      @Nullable PythonEnvironment environment =
          scenario.python() == 0 ? null : PythonEnvironment.celery(progress);
      Path sources = sources(directory);
      this.python = environment == null ? null : started(producer(environment, sources));
      this.fleet = started(fleet(environment, sources));
      this.injector = started(new Injector(redis, fleet, timeline, clock));
      this.client = started(BrokerClient.connect(JavaWorkerMain.broker(redis.url())));
      this.celeryVersion = environment == null ? "" : environment.version();
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  private <T extends AutoCloseable> T started(T part) {
    started.push(part);
    return part;
  }

  /** Its file is rewritten between the rounds, so that a round's part of it stays whole. */
  private RedisServer startRedis(Path kept) {
    RedisServer.Builder builder =
        RedisServer.builder()
            .argument("appendonly", "yes")
            .argument("appendfsync", "always")
            .argument("auto-aof-rewrite-percentage", "0")
            .directory(kept);
    if (scenario.redis() != null) {
      builder.binary(scenario.redis());
    }
    return builder.start();
  }

  private static Path sources(Path directory) throws IOException {
    try (InputStream file = Experiment.class.getResourceAsStream("fault_tasks.py")) {
      if (file == null) {
        throw new IllegalStateException("fault_tasks.py is missing beside this class");
      }
      Files.copy(file, directory.resolve("fault_tasks.py"));
      return directory;
    }
  }

  private Map<String, String> variables() {
    Map<String, String> variables = new HashMap<>();
    variables.put("REDIS_URL", redis.url());
    variables.put("FAULTS_VISIBILITY_TIMEOUT", Long.toString(Load.VISIBILITY_TIMEOUT.toSeconds()));
    variables.put("FAULTS_SOCKET_TIMEOUT", Long.toString(Load.SOCKET_TIMEOUT.toSeconds()));
    variables.put("FAULTS_JOURNALS", journals.directory().toString());
    variables.put("FAULTS_ACKS", scenario.acksLate() ? "late" : "early");
    return variables;
  }

  private PythonSession producer(PythonEnvironment environment, Path sources) {
    return PythonSession.builder(environment)
        .module("fault_tasks")
        .directory(sources)
        .environment(variables())
        .environment("FAULTS_PRODUCER", "1")
        .patience(Duration.ofMinutes(2))
        .start();
  }

  private Fleet fleet(@Nullable PythonEnvironment environment, Path sources) {
    List<WorkerSlot> slots = new ArrayList<>();
    if (scenario.java() > 0) {
      WorkerKind java =
          new JavaWorkers(
              redis.url(), journals.directory(), sources, scenario.queuesOf(WorkerKind.JAVA));
      for (int i = 1; i <= scenario.java(); i++) {
        slots.add(new WorkerSlot(WorkerKind.JAVA + "-" + i, java, timeline, clock));
      }
    }
    if (environment != null) {
      WorkerKind celery =
          new PythonWorkers(
              environment, sources, variables(), scenario.queuesOf(WorkerKind.PYTHON));
      for (int i = 1; i <= scenario.python(); i++) {
        slots.add(new WorkerSlot(WorkerKind.PYTHON + "-" + i, celery, timeline, clock));
      }
    }
    return new Fleet(slots);
  }

  Scenario scenario() {
    return scenario;
  }

  Clock clock() {
    return clock;
  }

  Timeline timeline() {
    return timeline;
  }

  Journals journals() {
    return journals;
  }

  RedisServer redis() {
    return redis;
  }

  AppendOnlyFile file() {
    return file;
  }

  RedisWatch watch() {
    return watch;
  }

  Fleet fleet() {
    return fleet;
  }

  Injector injector() {
    return injector;
  }

  /** The Java producer's. */
  BrokerClient client() {
    return client;
  }

  /** The Python producer's; null where the fleet has no Python. */
  @Nullable PythonSession python() {
    return python;
  }

  /** The server's version. */
  String redisVersion() {
    return version(redis);
  }

  /** Celery's version, empty where the fleet has none. */
  String celeryVersion() {
    return celeryVersion;
  }

  private static String version(RedisServer redis) {
    return String.valueOf(redis.command("INFO", "server"))
        .lines()
        .filter(line -> line.startsWith("redis_version:"))
        .map(line -> line.substring("redis_version:".length()))
        .findFirst()
        .orElse("unknown");
  }

  private static void delete(Path directory) throws IOException {
    try (var files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /** Stops everything, the youngest first. Does nothing the second time. */
  @Override
  public synchronized void close() {
    while (!started.isEmpty()) {
      AutoCloseable part = started.pop();
      try {
        part.close();
      } catch (Exception e) {
        progress.accept("could not stop " + part + ": " + e);
      }
    }
  }
}
