package dev.stalk.it;

import dev.stalk.broker.BrokerConfig;
import dev.stalk.peers.JavaProcess;
import dev.stalk.worker.Worker;
import dev.stalk.worker.config.QueueConfig;
import dev.stalk.worker.config.WorkerConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Map;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol.Command;

/** A Java worker as a process of its own, so that it can be killed. */
final class WorkerProcess implements AutoCloseable {
  /** How long its messages stay its own after its death, unless it is told otherwise. */
  static final Duration LEASE = Duration.ofSeconds(1);

  /**
   * A variable with its lease in seconds. What is half a lease on its way to a process that has
   * just started, on a busy machine, goes back unbegun and unmarked.
   */
  static final String LEASE_SECONDS = "LEASE_SECONDS";

  /** Long enough that this befalls no message; the most that its visibility timeout allows. */
  static final String LONG = "30";

  /** How many of these processes a task can take with it. */
  static final int MAX_DELIVERIES = 2;

  /** A variable with the deadline of its stop in seconds, 5 by default. */
  static final String DEADLINE = "STOP_DEADLINE";

  /** The value of {@link #DEADLINE} for the deadline of a worker that is told none. */
  static final String AS_IT_COMES = "as it comes";

  private static final String READY = "worker process ready";

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final JavaProcess process;

  private WorkerProcess(JavaProcess process) {
    this.process = process;
  }

  /** What runs in the process: address, port, queue, threads. */
  public static void main(String[] arguments) {
    String host = arguments[0];
    int port = Integer.parseInt(arguments[1]);
    int threads = Integer.parseInt(arguments[3]);
    String lease = System.getenv(LEASE_SECONDS);
    BrokerConfig broker =
        BrokerConfig.builder()
            .url("redis://%s:%d/0".formatted(host, port))
            .lease(lease == null ? LEASE : Duration.ofSeconds(Long.parseLong(lease)))
            .maxDeliveries(MAX_DELIVERIES)
            .visibilityTimeout(Duration.ofMinutes(1))
            .build();
    WorkerConfig.Builder config =
        WorkerConfig.builder()
            .broker(broker)
            .queue(arguments[2], new QueueConfig(threads, threads));
    String deadline = System.getenv().getOrDefault(DEADLINE, "5");
    if (!deadline.equals(AS_IT_COMES)) {
      config.shutdownTimeout(Duration.ofSeconds(Long.parseLong(deadline)));
    }
    JavaTasks.Journal journal =
        (key, value) -> {
          try (Connection connection = new Connection(host, port)) {
            connection.sendCommand(Command.RPUSH, key, value);
            connection.getOne();
          }
        };
    Worker worker =
        Worker.builder()
            .config(config.build())
            .tasks(new JavaTasks(journal))
            .metrics(new SimpleMeterRegistry())
            .build();
    System.out.println(READY);
    System.exit(worker.run() ? 0 : 1);
  }

  static WorkerProcess start(Interop peers, String queue, int threads) {
    return start(peers, queue, threads, Map.of());
  }

  /** The same with further variables. */
  static WorkerProcess start(
      Interop peers, String queue, int threads, Map<String, String> environment) {
    JavaProcess.Builder builder =
        JavaProcess.builder(WorkerProcess.class)
            .options("-XX:TieredStopAtLevel=1")
            .arguments(
                "127.0.0.1",
                Integer.toString(peers.redis().port()),
                queue,
                Integer.toString(threads));
    environment.forEach(builder::environment);
    return peers.closed(new WorkerProcess(builder.start(READY)));
  }

  /** Kills it as {@code kill -9} does, and waits until it is gone. */
  void kill() {
    process.kill();
  }

  /** Stops it with SIGSTOP: its connections stay open, and nothing goes on. */
  void freeze() {
    process.freeze();
  }

  /** Lets it go on after {@link #freeze}. */
  void thaw() {
    process.thaw();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Sends SIGTERM. */
  void signal() {
    process.signal();
  }

  /** Sends this signal, such as {@code QUIT}. */
  void signal(String name) {
    process.signal(name);
  }

  /** Waits until it has printed a line that begins so. */
  void awaitOutput(String beginning) {
    Interop.await(
        PATIENCE,
        "it prints " + beginning,
        () -> process.output().stream().anyMatch(line -> line.startsWith(beginning)));
  }

  /** Sends SIGTERM and returns the exit code. */
  int terminate() {
    signal();
    return exit();
  }

  /** Waits for its end and returns the exit code. */
  int exit() {
    return process.exitCode(PATIENCE);
  }

  @Override
  public void close() {
    kill();
  }
}
