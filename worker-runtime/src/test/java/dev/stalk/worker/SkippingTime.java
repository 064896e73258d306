package dev.stalk.worker;

import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** The system's time, but for what the test makes it skip. */
final class SkippingTime implements WorkerTime {
  private final AtomicLong skipped = new AtomicLong();
  private final AtomicLong slept = new AtomicLong();
  private final AtomicReference<@Nullable Runnable> atNextLook = new AtomicReference<>();

  /** Whoever looks at the monotonic time next does this first. */
  void atNextLook(Runnable action) {
    atNextLook.set(action);
  }

  /** So many seconds pass at once. */
  void skip(long seconds) {
    skipped.addAndGet(seconds);
  }

  /** So many seconds pass as while a machine sleeps: no monotonic clock sees them. */
  void sleep(long seconds) {
    slept.addAndGet(seconds);
  }

  @Override
  public Clock clock() {
    return Clock.offset(
        WorkerTime.system().clock(), Duration.ofSeconds(skipped.get() + slept.get()));
  }

  @Override
  public long nanoTime() {
    Runnable action = atNextLook.getAndSet(null);
    if (action != null) {
      action.run();
    }
    return WorkerTime.system().nanoTime() + TimeUnit.SECONDS.toNanos(skipped.get());
  }

  @Override
  public void parkNanos(Object blocker, long nanos) {
    WorkerTime.system().parkNanos(blocker, nanos);
  }

  @Override
  public Scheduler scheduler(String threadName) {
    return WorkerTime.system().scheduler(threadName);
  }
}
