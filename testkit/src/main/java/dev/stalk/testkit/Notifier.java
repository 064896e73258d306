package dev.stalk.testkit;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells users of a transport what they wait for, one at a time, on the thread {@code
 * stalk-in-memory}, which is started when it is needed and ended with the transport. Thread-safe.
 */
final class Notifier implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Notifier.class);

  private final ThreadPoolExecutor executor =
      new ThreadPoolExecutor(
          1,
          1,
          1,
          TimeUnit.SECONDS,
          new LinkedBlockingQueue<>(),
          task -> {
            Thread thread = new Thread(task, "stalk-in-memory");
            thread.setDaemon(true);
            return thread;
          },
          new ThreadPoolExecutor.DiscardPolicy()); // after the end there is nobody to tell

  Notifier() {
    executor.allowCoreThreadTimeOut(true);
  }

  /** Does it soon; what it throws is logged, and the next is told all the same. */
  void tell(String whom, Runnable telling) {
    executor.execute(
        () -> {
          try {
            telling.run();
          } catch (RuntimeException | StackOverflowError e) {
            log.warn("{} could not take a message", whom, e);
          }
        });
  }

  @Override
  public void close() {
    executor.shutdown();
  }
}
