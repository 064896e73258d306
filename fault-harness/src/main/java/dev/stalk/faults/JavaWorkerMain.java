package dev.stalk.faults;

import dev.stalk.broker.BrokerConfig;
import dev.stalk.worker.Worker;
import dev.stalk.worker.config.QueueConfig;
import dev.stalk.worker.config.WorkerConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;

/** A Java worker as a process of its own. */
final class JavaWorkerMain {
  /** What it prints when it consumes. */
  static final String READY = "fault worker ready";

  /** How long running tasks get when it is asked to stop; longer than the longest. */
  static final Duration PATIENCE = Duration.ofSeconds(5);

  private JavaWorkerMain() {}

  /** Arguments: address, directory of the journals, name, threads, queues with commas. */
  public static void main(String[] arguments) {
    Clock clock = Clock.systemUTC();
    Journal journal = Journal.open(Path.of(arguments[1]), arguments[2], clock);
    StallMeter meter = new StallMeter(clock, journal::stood);
    int threads = Integer.parseInt(arguments[3]);
    WorkerConfig.Builder config =
        WorkerConfig.builder().broker(broker(arguments[0])).shutdownTimeout(PATIENCE);
    for (String queue : arguments[4].split(",", -1)) {
      config.queue(queue, new QueueConfig(threads, threads));
    }
    Worker worker =
        Worker.builder()
            .config(config.build())
            .task(
                Load.TASK,
                (context, args) -> {
                  journal.began(context.id());
                  Thread.sleep(((Number) args.positional().get(0)).longValue());
                  journal.done(context.id());
                  return context.id();
                })
            .metrics(new SimpleMeterRegistry())
            .build();
    System.out.println(READY);
    worker.run();
    meter.close();
  }

  /** The settings of Java workers and producers. */
  static BrokerConfig broker(String url) {
    return BrokerConfig.builder()
        .url(url)
        .lease(Load.LEASE)
        .visibilityTimeout(Load.VISIBILITY_TIMEOUT)
        .socketTimeout(Load.SOCKET_TIMEOUT)
        .connectTimeout(Load.SOCKET_TIMEOUT)
        .resultExpires(Duration.ofHours(1))
        .build();
  }
}
