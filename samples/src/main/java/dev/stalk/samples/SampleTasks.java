package dev.stalk.samples;

import dev.stalk.worker.Task;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** The tasks of the samples and the demo; {@code python/tasks.py} has their Python twins. */
public final class SampleTasks {

  /** The sum of two whole numbers. */
  @Task("samples.add")
  public long add(long x, long y) {
    return x + y;
  }

  /** Whatever it is given. */
  @Task("samples.echo")
  public @Nullable Object echo(@Nullable Object value) {
    return value;
  }

  /** Keeps its thread for a while, and says for how long. */
  @Task("samples.sleep")
  public double sleep(double seconds) throws InterruptedException {
    Thread.sleep(Duration.ofNanos((long) (seconds * 1e9)).toMillis());
    return seconds;
  }

  /** When it began, in seconds since 1970: tells its sender how long it waited. */
  @Task("samples.now")
  public double now() {
    Instant now = Instant.now();
    return now.getEpochSecond() + now.getNano() / 1e9;
  }

  /** Fails with this message. */
  @Task("samples.fail")
  public void fail(String message) {
    throw new IllegalStateException(message);
  }
}
