package dev.stalk.it;

import dev.stalk.worker.RejectTask;
import dev.stalk.worker.RetryTask;
import dev.stalk.worker.Task;
import dev.stalk.worker.TaskContext;
import dev.stalk.worker.config.AckMode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/** The Java side of the integration tests. */
public final class JavaTasks {
  private final Journal journal;
  private final CountDownLatch released = new CountDownLatch(1);

  /** Where a task notes that it ran. */
  interface Journal {
    void note(String key, String value);
  }

  /** What a task that has slept prints. */
  static final String SLEPT = "has slept";

  JavaTasks(Journal journal) {
    this.journal = journal;
  }

  /** What a typed task takes and gives. */
  public record Order(String id, List<Item> items) {}

  /** Part of an {@link Order}. */
  public record Item(String name, int count) {}

  @Task("java.add")
  public long add(long x, long y) {
    return x + y;
  }

  @Task("java.echo")
  public Object echo(Object value) {
    return value;
  }

  @Task("java.keywords")
  public String keywords(String greeting, String name, Optional<Integer> times) {
    return (greeting + " " + name + "!").repeat(times.orElse(1));
  }

  @Task("java.order")
  public Order order(Order order, int more) {
    return new Order(
        order.id(),
        order.items().stream().map(item -> new Item(item.name(), item.count() + more)).toList());
  }

  @Task("java.fail")
  public void fail(String message) {
    throw new IllegalStateException(message);
  }

  @Task("java.unencodable")
  public Object unencodable() {
    return Map.of("__type__", "mine", "__value__", 1);
  }

  @Task(value = "java.quiet", ignoreResult = true)
  public String quiet(String key) {
    journal.note(key, "quiet");
    return "nobody reads this";
  }

  @Task("interop.mark")
  public String mark(String key, String value, Optional<Double> seconds)
      throws InterruptedException {
    journal.note(key + "-began", value);
    Thread.sleep((long) (seconds.orElse(0.0) * 1000));
    journal.note(key, value);
    return value;
  }

  /** Tells its process's output how it ends, so that it needs no broker for it. */
  @Task("java.sleep")
  public void sleep(String key, double seconds) throws InterruptedException {
    journal.note(key, "sleeps");
    Thread.sleep((long) (seconds * 1000));
    System.out.println(SLEPT);
  }

  /** Like {@code interop.mark}, but it lasts until all are released. */
  @Task("java.hold")
  public String hold(String key, String value) throws InterruptedException {
    journal.note(key + "-began", value);
    released.await();
    journal.note(key, value);
    return value;
  }

  @Task(value = "java.hold_early", ack = AckMode.EARLY)
  public String holdEarly(String key, String value) throws InterruptedException {
    return hold(key, value);
  }

  @Task(value = "java.hold_tracked", trackStarted = true)
  public String holdTracked(String key, String value) throws InterruptedException {
    return hold(key, value);
  }

  @Task(value = "java.retry_early", ack = AckMode.EARLY)
  public String retryEarly(TaskContext context, String key) {
    journal.note(key, context.id());
    if (context.retries() == 0) {
      throw RetryTask.after(Duration.ZERO);
    }
    return key;
  }

  @Task(value = "java.mark_early", ack = AckMode.EARLY)
  public String markEarly(String key, String value, double seconds) throws InterruptedException {
    return mark(key, value, Optional.of(seconds));
  }

  @Task("java.requeue")
  public void requeue(TaskContext context, String key) {
    journal.note(key, context.redelivered() ? "again" : "first");
    throw RejectTask.requeue("somebody else, please");
  }

  @Task(value = "java.slowly", rateLimit = "1/s")
  public String slowly(String key) {
    journal.note(key, "slowly");
    return "done";
  }

  @Task(value = "java.rarely", rateLimit = "1/h")
  public String rarely(String key) {
    journal.note(key, "rarely");
    return "done";
  }

  @Task("java.spin")
  public String spin(String key) {
    journal.note(key, "spins");
    while (released.getCount() > 0) {
      Thread.onSpinWait(); // no interrupt reaches it
    }
    return "too late";
  }

  /** Lets everything that spins or is held return. */
  void release() {
    released.countDown();
  }

  @Task("java.halt")
  public void halt(String key) {
    journal.note(key, "halt");
    Runtime.getRuntime().halt(9);
  }

  @Task("interop.again")
  public boolean again() throws InterruptedException {
    new CountDownLatch(1).await(); // whoever is to end it kills the worker
    return false;
  }

  @Task("java.context")
  public Map<String, Object> context(TaskContext context) {
    return Map.of(
        "id", context.id(),
        "root", context.rootId(),
        "priority", context.priority(),
        "redelivered", context.redelivered(),
        "headers", context.customHeaders());
  }
}
