package dev.stalk.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A task that runs until the test opens it. */
final class Gate implements TaskHandler {
  private final Map<String, CountDownLatch> latches = new ConcurrentHashMap<>();
  private final BlockingQueue<String> begun = new LinkedBlockingQueue<>();
  private final Queue<String> interrupted = new ConcurrentLinkedQueue<>();
  private volatile boolean open;

  @Override
  public Object run(TaskContext context, TaskArguments arguments) throws InterruptedException {
    CountDownLatch latch = latch(context.id());
    begun.add(context.id());
    try {
      if (!open) {
        latch.await();
      }
    } catch (InterruptedException e) {
      interrupted.add(context.id());
      throw e;
    }
    return "opened";
  }

  private CountDownLatch latch(String id) {
    return latches.computeIfAbsent(id, key -> new CountDownLatch(1));
  }

  /** Waits until a call has begun; its id. */
  String begun() throws InterruptedException {
    String id = begun.poll(20, TimeUnit.SECONDS);
    assertThat(id).as("a task begins").isNotNull();
    return id;
  }

  /** Whether calls have begun that nobody has asked for by {@link #begun()}. */
  boolean hasBegunMore() {
    return !begun.isEmpty();
  }

  void open(String id) {
    latch(id).countDown();
  }

  void openAll() {
    open = true;
    latches.values().forEach(CountDownLatch::countDown);
  }

  /** The ids of the calls that were interrupted. */
  Queue<String> interrupted() {
    return interrupted;
  }
}
