package dev.stalk.benchmarks;

import dev.stalk.benchmarks.subject.Plan;
import dev.stalk.benchmarks.subject.RedisLine;
import dev.stalk.benchmarks.subject.Running;
import dev.stalk.benchmarks.subject.Site;
import dev.stalk.benchmarks.subject.Subject;
import dev.stalk.benchmarks.subject.Subjects;
import dev.stalk.broker.BrokerClient;
import dev.stalk.peers.RedisServer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

/**
 * A Redis of its own for one benchmark, and everything that is started beside it. Closing it stops
 * all of that. For one thread.
 */
final class Runner implements AutoCloseable {
  private static final String TASKS = "bench_tasks.py";

  private final Settings settings;
  private final Consumer<String> progress;
  private final Deque<AutoCloseable> started = new ArrayDeque<>();
  private final RedisServer redis;
  private final Path directory;
  private final RedisLine line;
  private final BrokerClient client;

  Runner(Settings settings, Consumer<String> progress) throws IOException {
    this.settings = settings;
    this.progress = progress;
    this.directory = Files.createTempDirectory("stalk-bench-");
    started.push(this::deleteDirectory);
    writeTasks();
    RedisServer.Builder server = RedisServer.builder();
    if (settings.redis() != null) {
      server.binary(settings.redis());
    }
    this.redis = closed(server.start());
    this.line = closed(RedisLine.open(redis.url()));
    this.client = closed(BrokerClient.connect(redis.url()));
  }

  private void writeTasks() throws IOException {
    try (InputStream tasks = Runner.class.getResourceAsStream(TASKS)) {
      if (tasks == null) {
        throw new IOException(TASKS + " is missing from the jar");
      }
      Files.write(directory.resolve(TASKS), tasks.readAllBytes());
    }
  }

  private void deleteDirectory() throws IOException {
    try (var files = Files.walk(directory)) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }

  Settings settings() {
    return settings;
  }

  /** Whether this is only to show that it works. */
  boolean small() {
    return settings.small();
  }

  /** How often each measurement is repeated. */
  int runs() {
    return settings.runs();
  }

  /** One number for a small run, the other for a full one. */
  int pick(int small, int full) {
    return settings.small() ? small : full;
  }

  /** The Celery pools to compare with: one of them in a small run. */
  List<Subject> celery() {
    return settings.small() ? List.of(Subjects.THREADS) : Subjects.celery();
  }

  RedisServer redis() {
    return redis;
  }

  /** A temporary directory, with the Python tasks in it. */
  Path directory() {
    return directory;
  }

  /** A connection for looking into the server. */
  RedisLine line() {
    return line;
  }

  /** A client in our process: the same for all subjects. */
  BrokerClient client() {
    return client;
  }

  /** Starts a subject on the Redis. */
  Running start(Subject subject, Plan plan) {
    return start(subject, plan, redis.url());
  }

  /** Starts a subject on a proxy of the Redis. */
  Running start(Subject subject, Plan plan, String url) {
    say("starting " + subject.name());
    return closed(subject.start(new Site(url, directory), plan));
  }

  /** Has this closed at the end, before what was started earlier. */
  <T extends AutoCloseable> T closed(T resource) {
    started.push(resource);
    return resource;
  }

  /** Tells whoever waits what is going on. */
  void say(String text) {
    progress.accept(text);
  }

  @Override
  public void close() {
    while (!started.isEmpty()) {
      AutoCloseable resource = started.pop();
      try {
        resource.close();
      } catch (Exception e) {
        say("could not stop " + resource + ": " + e);
      }
    }
  }
}
