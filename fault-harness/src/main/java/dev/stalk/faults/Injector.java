package dev.stalk.faults;

import dev.stalk.peers.RedisServer;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Does the harm. Freezes and the like end by themselves while further faults strike; only what is
 * done to Redis waits for an earlier one at Redis to be over. For one thread; another, {@code
 * faults-undo}, ends what lasts.
 */
final class Injector implements AutoCloseable {
  private static final String FULL = "1mb";

  private final RedisServer redis;
  private final Fleet fleet;
  private final Timeline timeline;
  private final Clock clock;
  private final ScheduledExecutorService undo =
      Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, "faults-undo"));
  private final List<Future<?>> lasting = new ArrayList<>();
  private final Map<FaultKind, Integer> counts = new EnumMap<>(FaultKind.class);
  private int javaKills;
  private @Nullable Future<?> atRedis;

  Injector(RedisServer redis, Fleet fleet, Timeline timeline, Clock clock) {
    this.redis = redis;
    this.fleet = fleet;
    this.timeline = timeline;
    this.clock = clock;
  }

  /** How often each kind of fault has struck. */
  Map<FaultKind, Integer> counts() {
    return counts;
  }

  /** How many of the workers killed were Java. */
  int javaKills() {
    return javaKills;
  }

  /** Lets one fault strike, after its pause. Returns when it has begun. */
  void inject(Fault fault) throws InterruptedException {
    Thread.sleep(fault.pause().toMillis());
    switch (fault.kind()) {
      case KILL_WORKER -> killWorker(fault);
      case STOP_WORKER -> fleet.harm(fault.choice(), WorkerSlot::stop);
      case FREEZE_WORKER -> freezeWorker(fault);
      case CUT_CLIENT -> cutClient(fault);
      case CUT_CLIENTS -> cut("TYPE", "normal");
      case CUT_SUBSCRIBERS -> cut("TYPE", "pubsub");
      case KILL_REDIS -> killRedis();
      case FREEZE_REDIS -> freezeRedis(fault);
      case FILL_REDIS -> fillRedis(fault);
      case FLUSH_SCRIPTS -> {
        awaitRedis();
        redis.command("SCRIPT", "FLUSH");
      }
    }
    counts.merge(fault.kind(), 1, Integer::sum);
  }

  private void killWorker(Fault fault) throws InterruptedException {
    if (fleet.harm(fault.choice(), WorkerSlot::kill).isJava()) {
      javaKills++;
    }
  }

  private void freezeWorker(Fault fault) throws InterruptedException {
    Duration length = fault.length(Duration.ofMillis(300), Duration.ofMillis(4500));
    fleet.harm(
        fault.choice(),
        slot -> {
          Runnable thaw = slot.freeze();
          if (thaw == null) {
            return false;
          }
          var unused = later(length, thaw); // it is kept among those that last
          return true;
        });
  }

  private Future<?> later(Duration delay, Runnable action) {
    Future<?> future = undo.schedule(action, delay.toMillis(), TimeUnit.MILLISECONDS);
    lasting.add(future);
    return future;
  }

  private void awaitRedis() throws InterruptedException {
    Future<?> earlier = atRedis;
    if (earlier != null) {
      await(earlier);
      atRedis = null;
    }
  }

  private static void await(Future<?> future) throws InterruptedException {
    try {
      future.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("a fault could not be ended", e.getCause());
    }
  }

  private void cut(String... which) throws InterruptedException {
    awaitRedis();
    List<String> words = new ArrayList<>(List.of("CLIENT", "KILL"));
    words.addAll(List.of(which));
    long from = clock.millis();
    redis.command(words.toArray(String[]::new));
    timeline.cut(from);
    timeline.cut(clock.millis());
  }

  private void cutClient(Fault fault) throws InterruptedException {
    awaitRedis();
    List<String> ids =
        String.valueOf(redis.command("CLIENT", "LIST"))
            .lines()
            .filter(line -> !line.contains(" cmd=client"))
            .map(line -> line.substring("id=".length(), line.indexOf(' ')))
            .toList();
    if (!ids.isEmpty()) {
      cut("ID", ids.get(fault.choice() % ids.size()));
    }
  }

  private void killRedis() throws InterruptedException {
    awaitRedis();
    long from = clock.millis();
    redis.kill();
    redis.restart();
    timeline.cut(from);
    timeline.redisAway(new Span(from, clock.millis()));
  }

  private void freezeRedis(Fault fault) throws InterruptedException {
    awaitRedis();
    long from = clock.millis();
    redis.freeze();
    atRedis =
        later(
            fault.length(Duration.ofMillis(300), Duration.ofSeconds(3)),
            () -> {
              redis.thaw();
              timeline.redisAway(new Span(from, clock.millis()));
            });
  }

  private void fillRedis(Fault fault) throws InterruptedException {
    awaitRedis();
    long from = clock.millis();
    redis.command("CONFIG", "SET", "maxmemory", FULL);
    atRedis =
        later(
            fault.length(Duration.ofMillis(300), Duration.ofSeconds(2)),
            () -> {
              redis.command("CONFIG", "SET", "maxmemory", "0");
              timeline.redisAway(new Span(from, clock.millis()));
            });
  }

  /** Waits until nothing is frozen or full any more. */
  void heal() throws InterruptedException {
    for (Future<?> future : lasting) {
      await(future);
    }
    lasting.clear();
    atRedis = null;
  }

  @Override
  public void close() {
    undo.shutdownNow();
  }
}
