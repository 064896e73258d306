package dev.stalk.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.EventConfig;
import dev.stalk.broker.EventDispatcher;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class WorkerMetricsTest {
  private static final Pattern ROW =
      Pattern.compile("<tr><td>(.+?)</td><td>(.+?)</td><td>(.+?)</td><td>.+?</td></tr>");

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final WorkerMetrics all = new WorkerMetrics(registry);
  private final WorkerMetrics.OfQueue metrics = all.queue("math");

  /** A queue that shows these. */
  private record Shown(AtomicInteger tasks, int held, int threads) implements WorkerMetrics.Gauged {
    @Override
    public int running() {
      return tasks.get();
    }

    @Override
    public long heldBytes() {
      return 1;
    }

    @Override
    public int stuck() {
      return 0;
    }

    @Override
    public int freePlaces() {
      return 1;
    }

    @Override
    public double length() {
      return Double.NaN;
    }
  }

  @Test
  void theTableInTheJavadocListsExactlyTheMeters() throws IOException {
    useAll();

    assertThat(registry.getMeters().stream().map(WorkerMetricsTest::row))
        .containsExactlyInAnyOrderElementsOf(
            ROW.matcher(source())
                .results()
                .map(row -> row.group(1) + " | " + row.group(2) + " | " + row.group(3))
                .toList());
  }

  /** The source, without the line breaks and asterisks of its comments. */
  private static String source() throws IOException {
    Path file = Path.of("src", "main", "java", "dev", "stalk", "worker", "WorkerMetrics.java");
    Matcher breaks = Pattern.compile("\\R\\s*\\*\\s*").matcher(Files.readString(file, UTF_8));
    return breaks.replaceAll("");
  }

  private static String row(Meter meter) {
    String tags =
        meter.getId().getTags().stream()
            .map(Tag::getKey)
            .sorted((left, right) -> Integer.compare(order(left), order(right)))
            .collect(Collectors.joining(", "));
    String kind = meter.getId().getType().name().toLowerCase(Locale.ROOT);
    return meter.getId().getName() + " | " + kind + " | " + tags;
  }

  private static int order(String tag) {
    return tag.equals("queue") ? 0 : tag.equals("task") ? 1 : 2;
  }

  private void useAll() {
    all.clockSkew("celery@here", () -> Duration.ZERO);
    all.events(
        "celery@here",
        new EventDispatcher(
            "celery@here", new RecordingFanout(), EventConfig.DEFAULT, Clock.systemUTC()));
    metrics.gauges(new Shown(new AtomicInteger(1), 2, 3));
    metrics.waitedInAll(Duration.ofSeconds(1));
    metrics.redelivered();
    metrics.quarantined(1);
    metrics.parked();
    metrics.rejected();
    metrics.renewed(1);
    metrics.transition("tasks.add", "OPEN");
    metrics.began(1);
    metrics.ended("tasks.add", "success", 1);
    metrics.exchanged(1, 1);
    metrics.settled();
    metrics.lapsed();
  }

  @Test
  void everyMeterCarriesItsQueue() {
    useAll();

    assertThat(registry.getMeters())
        .filteredOn(meter -> meter.getId().getTag("worker") == null)
        .isNotEmpty()
        .allSatisfy(meter -> assertThat(meter.getId().getTag("queue")).isEqualTo("math"));
  }

  @Test
  void runsAreTimedByTaskAndOutcome() {
    metrics.ended("tasks.add", "success", 5);
    metrics.ended("tasks.add", "success", 7);
    metrics.ended("tasks.add", "failure", 11);

    var succeeded = registry.get("stalk.task.run").tags("task", "tasks.add", "outcome", "success");
    assertThat(succeeded.timer().count()).isEqualTo(2);
    assertThat(succeeded.timer().totalTime(TimeUnit.NANOSECONDS)).isEqualTo(12);
    assertThat(registry.get("stalk.task.run").tag("outcome", "failure").timer().count()).isOne();
  }

  @Test
  void anExchangeCountsItselfItsMessagesAndThoseItPutAside() {
    metrics.exchanged(3, 1);
    metrics.exchanged(0, 0);

    assertThat(registry.get("stalk.queue.exchanges").counter().count()).isEqualTo(2);
    assertThat(registry.get("stalk.queue.fetched").counter().count()).isEqualTo(3);
    assertThat(registry.get("stalk.queue.quarantined").counter().count()).isEqualTo(1);
  }

  @Test
  void gaugesShowWhatIsTrueNow() {
    AtomicInteger running = new AtomicInteger(1);
    metrics.gauges(new Shown(running, 5, 8));

    running.set(4);
    System.gc();

    assertThat(registry.get("stalk.queue.running").gauge().value()).isEqualTo(4);
    assertThat(registry.get("stalk.queue.held").gauge().value()).isEqualTo(5);
    assertThat(registry.get("stalk.queue.threads").gauge().value()).isEqualTo(8);
  }

  @Test
  void gaugesEndWithTheirWorkerAndCountersStay() {
    useAll();

    metrics.close();
    all.close();

    assertThat(registry.getMeters())
        .extracting(meter -> meter.getId().getType())
        .contains(Meter.Type.COUNTER, Meter.Type.TIMER)
        .doesNotContain(Meter.Type.GAUGE);
    metrics.close();
  }

  @Test
  void theNextWorkersGaugesShowTheNextWorker() {
    metrics.gauges(new Shown(new AtomicInteger(1), 1, 1));
    metrics.close();

    new WorkerMetrics(registry).queue("math").gauges(new Shown(new AtomicInteger(2), 2, 2));

    assertThat(registry.get("stalk.queue.running").gauge().value()).isEqualTo(2);
  }

  @Test
  void eachOfTwoWorkersOnOneRegistryShowsItsOwnClock() {
    WorkerMetrics other = new WorkerMetrics(registry);
    all.clockSkew("one@here", () -> Duration.ofSeconds(1));
    other.clockSkew("two@here", () -> Duration.ofMillis(2500));

    assertThat(skew("one@here")).isEqualTo(1);
    assertThat(skew("two@here")).isEqualTo(2.5);
    all.close();
    assertThat(skew("two@here")).isEqualTo(2.5);
    assertThat(registry.find("stalk.clock.skew").gauges()).hasSize(1);
  }

  private double skew(String worker) {
    return registry.get("stalk.clock.skew").tag("worker", worker).gauge().value();
  }

  @Test
  void queuesAreCountedApart() {
    WorkerMetrics.OfQueue mail = new WorkerMetrics(registry).queue("mail");

    mail.settled();
    mail.settled();
    metrics.settled();

    assertThat(registry.get("stalk.queue.settled").tag("queue", "mail").counter().count())
        .isEqualTo(2);
    assertThat(registry.get("stalk.queue.settled").tag("queue", "math").counter().count())
        .isEqualTo(1);
  }
}
