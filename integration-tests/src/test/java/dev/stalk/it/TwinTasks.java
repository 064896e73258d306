package dev.stalk.it;

import dev.stalk.broker.message.SendOptions;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.worker.IgnoreTask;
import dev.stalk.worker.PythonError;
import dev.stalk.worker.RejectTask;
import dev.stalk.worker.RetryTask;
import dev.stalk.worker.Task;
import dev.stalk.worker.TaskContext;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The tasks of {@code twins.py}, in Java. */
@SuppressWarnings("DoNotCallSuggester") // some of them always fail
public final class TwinTasks {

  @Task("twin.add")
  public long add(long x, long y) {
    return x + y;
  }

  @Task("twin.fail")
  public void fail(String message) {
    throw new IllegalArgumentException(message);
  }

  @Task("twin.out_of_stock")
  public void outOfStock(String article, int wanted) {
    throw new PythonError("twins", "OutOfStock", article, wanted);
  }

  @Task("twin.retry")
  public Map<String, @Nullable Object> retry(TaskContext context, int times) {
    if (context.retries() < times) {
      throw RetryTask.after(Duration.ZERO)
          .because(new PythonError("builtins", "KeyError", "again"));
    }
    Map<String, @Nullable Object> seen = new LinkedHashMap<>();
    seen.put("id", context.id());
    seen.put("root", context.rootId());
    seen.put("retries", context.retries());
    seen.put("headers", context.customHeaders());
    seen.put("priority", context.priority());
    seen.put(
        "timelimit", Arrays.asList(seconds(context.timeLimit()), seconds(context.softTimeLimit())));
    seen.put("expires", context.expires() != null);
    seen.put("group", context.groupId());
    seen.put("stamps", context.stamps());
    seen.put("correlation", context.message().properties().correlationId().equals(context.id()));
    return seen;
  }

  private static @Nullable Long seconds(@Nullable Duration limit) {
    return limit == null ? null : (Long) limit.toSeconds();
  }

  @Task("twin.waiting")
  public void waiting() {
    throw RetryTask.after(Duration.ofHours(1))
        .because(new PythonError("twins", "OutOfStock", "sku-1", 3));
  }

  @Task("twin.handover")
  public List<Object> handover(TaskContext context, String by) {
    if (context.retries() == 0) {
      throw RetryTask.after(Duration.ofSeconds(10));
    }
    return List.of(by, "java", context.retries(), context.expires() != null);
  }

  @Task("twin.changed")
  public void changed(int x, @Nullable String y) {
    throw RetryTask.after(Duration.ofHours(1))
        .withArgs(x + 1)
        .withKwargs(Map.of("y", "new"))
        .on("retried")
        .atMost(5);
  }

  @Task("twin.exhausted")
  public void exhausted() {
    throw RetryTask.after(Duration.ZERO).atMost(1);
  }

  @Task(value = "twin.exhausted_with_cause", maxRetries = 1)
  public void exhaustedWithCause() {
    throw RetryTask.after(Duration.ZERO).because(new IllegalArgumentException("gave up"));
  }

  @Task(
      value = "twin.auto",
      autoRetryFor = IllegalArgumentException.class,
      retryBackoff = "1s",
      retryBackoffMax = "1s",
      retryJitter = false,
      maxRetries = 2)
  public int auto(TaskContext context, int succeedAt) {
    if (context.retries() < succeedAt) {
      throw new IllegalArgumentException("not yet");
    }
    return context.retries();
  }

  @Task("twin.ignored")
  public void ignored(TaskContext context) {
    context.updateState("PROGRESS", new TreeMap<>(Map.of("done", 3, "of", 10)));
    throw new IgnoreTask();
  }

  @Task("twin.reject")
  public void reject() {
    throw RejectTask.discard("not mine");
  }

  @Task(value = "twin.soft", softTimeLimit = "1s")
  public String soft(boolean caught) throws InterruptedException {
    try {
      Thread.sleep(60_000);
    } catch (InterruptedException e) {
      if (caught) {
        return "cleaned up";
      }
      throw e;
    }
    return "slept";
  }

  @Task("twin.sleep")
  public String sleep(double seconds) throws InterruptedException {
    Thread.sleep((long) (seconds * 1000));
    return "slept";
  }

  @Task("twin.unencodable")
  public Object unencodable() {
    return new Object();
  }

  @Task(value = "twin.quiet", ignoreResult = true, storeErrorsEvenIfIgnored = true)
  public String quiet(boolean fails) {
    if (fails) {
      throw new IllegalArgumentException("loud");
    }
    return "nobody reads this";
  }

  @Task("twin.parent")
  public String parent(TaskContext context) {
    return context.send(TaskSignature.of("twin.child").on(context.queue()));
  }

  @Task("twin.sends")
  public int sends(TaskContext context) {
    TaskSignature add = TaskSignature.of("twin.add", 1, 2).on(context.queue());
    TaskSignature hidden = TaskSignature.of("twin.add", 0, 0).on(context.queue());
    context.send(add.withId(context.id() + ".1"));
    context.send(
        hidden.with(
            hidden.options().toBuilder().id(context.id() + ".hidden").addToParent(false).build()));
    context.send(TaskSignature.of("twin.parent").on(context.queue()).withId(context.id() + ".2"));
    return 40;
  }

  @Task("twin.priority")
  public int priority(TaskContext context) {
    return context.priority();
  }

  @Task("twin.relay")
  public void relay(TaskContext context) {
    SendOptions.Builder options = SendOptions.builder().queue(context.queue());
    TaskSignature asked = TaskSignature.of("twin.priority");
    context.send(asked.with(options.id(context.id() + ".plain").build()));
    context.send(asked.with(options.id(context.id() + ".own").priority(2).build()));
    context.send(asked.with(options.id(context.id() + ".first").priority(0).build()));
    options.priority(null).parentId("p");
    context.send(asked.with(options.id(context.id() + ".half").build()));
    context.send(asked.with(options.id(context.id() + ".adopted").rootId("r").build()));
  }

  @Task("twin.child")
  public List<@Nullable String> child(TaskContext context) {
    return Arrays.asList(context.rootId(), context.parentId());
  }
}
