package dev.stalk.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.AsyncResult;
import dev.stalk.broker.codec.EncodingException;
import dev.stalk.broker.message.QueueDeclaration;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.message.TaskState;
import dev.stalk.testkit.TaskRecorder.Outcome;
import dev.stalk.worker.RetryPolicy;
import dev.stalk.worker.RetryTask;
import dev.stalk.worker.Task;
import dev.stalk.worker.TaskOptions;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class EagerTest {
  private final AtomicReference<Thread> thread = new AtomicReference<>();

  /** Tasks as a user would write them. */
  public static class MathTasks {
    /** Adds. */
    @Task("math.add")
    public int add(int x, int y) {
      return x + y;
    }
  }

  private Eager.Builder eager() {
    return Eager.builder()
        .tasks(new MathTasks())
        .task(
            "note",
            (context, arguments) -> {
              thread.set(Thread.currentThread());
              return null;
            })
        .task(
            "fail",
            (context, arguments) -> {
              throw new IllegalStateException("no");
            });
  }

  private static TaskSignature add(int x, int y) {
    return TaskSignature.of("math.add", x, y);
  }

  @Test
  void aTaskHasRunInTheCallersThreadWhenSendReturns() {
    try (Eager eager = eager().start()) {
      AsyncResult sum = eager.client().send(add(2, 3));

      assertThat(sum.result().value()).isEqualTo(5);
      assertThat(sum.get(Integer.class, Duration.ZERO.plusSeconds(10))).isEqualTo(5);
      eager.client().send(TaskSignature.of("note"));
      assertThat(thread).hasValue(Thread.currentThread());
    }
  }

  @Test
  void whatCannotBeSerialisedFailsAsItWouldOnItsWay() {
    try (Eager eager = eager().task("thing", (c, a) -> new Object()).start()) {
      assertThatThrownBy(() -> eager.client().send(TaskSignature.of("note", new Object())))
          .isInstanceOf(EncodingException.class);

      AsyncResult result = eager.client().send(TaskSignature.of("thing"));

      assertThat(result.state()).isEqualTo(TaskState.FAILURE);
      assertThat(Objects.requireNonNull(result.result().failure()).type()).isEqualTo("EncodeError");
    }
  }

  @Test
  void argumentsArriveAsTheyDoAfterATripThroughJson() {
    AtomicReference<Object> seen = new AtomicReference<>();
    try (Eager eager =
        eager()
            .task(
                "see",
                (context, arguments) -> {
                  seen.set(arguments.positional().get(0));
                  return null;
                })
            .start()) {
      eager.client().send(TaskSignature.of("see", List.of(1, "two")));
    }
    assertThat(seen.get()).isEqualTo(List.of(1, "two")).isNotSameAs(List.of(1, "two"));
  }

  @Test
  void aFailureIsStoredAndThrownOnlyIfAsked() {
    try (Eager quiet = eager().start();
        Eager loud =
            eager()
                .task(
                    "checked",
                    (context, arguments) -> {
                      throw new IOException("gone");
                    })
                .propagating()
                .start()) {
      AsyncResult failed = quiet.client().send(TaskSignature.of("fail"));
      assertThat(failed.state()).isEqualTo(TaskState.FAILURE);

      assertThatThrownBy(() -> loud.client().send(TaskSignature.of("fail").withId("f1")))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("no");
      assertThat(loud.client().result("f1").state()).isEqualTo(TaskState.FAILURE);
      assertThatThrownBy(() -> loud.client().send(TaskSignature.of("checked")))
          .isInstanceOf(EagerTaskException.class)
          .hasCauseInstanceOf(IOException.class);
      assertThat(loud.client().send(add(1, 1)).result().value()).isEqualTo(2);
    }
  }

  @Test
  void retriesRunAtOnceWhateverTheirBackoff() {
    TaskOptions patient =
        TaskOptions.builder()
            .retry(RetryPolicy.builder().maxRetries(5).delay(Duration.ofHours(1)).build())
            .build();
    try (Eager eager =
        eager()
            .task(
                "flaky",
                patient,
                (context, arguments) -> {
                  if (context.retries() < 3) {
                    throw RetryTask.later();
                  }
                  return context.retries();
                })
            .start()) {
      Instant before = eager.clock().instant();

      AsyncResult result = eager.client().send(TaskSignature.of("flaky"));

      assertThat(result.result().value()).isEqualTo(3);
      assertThat(eager.recorder().await("flaky", Outcome.RETRIED, 3)).hasSize(3);
      assertThat(eager.clock().instant()).isAfterOrEqualTo(before.plus(Duration.ofHours(3)));
    }
  }

  @Test
  void aCountdownIsNotWaitedFor() {
    try (Eager eager = eager().start()) {
      AsyncResult sum = eager.client().send(add(1, 2).withCountdown(Duration.ofDays(1)));

      assertThat(sum.result().value()).isEqualTo(3);
    }
  }

  @Test
  void whatHasExpiredIsNotRun() {
    try (Eager eager = eager().start()) {
      Instant past = eager.clock().instant().minusSeconds(1);

      AsyncResult sum = eager.client().send(add(1, 2).expiringAt(past));

      assertThat(sum.state()).isEqualTo(TaskState.REVOKED);
    }
  }

  @Test
  void callbacksAndErrbacksHaveRunToo() {
    try (Eager eager = eager().start()) {
      eager.client().send(add(2, 3).link(TaskSignature.of("math.add", 10).withId("link")));

      assertThat(eager.recorder().events("math.add"))
          .filteredOn(event -> event.outcome() == Outcome.SUCCEEDED && event.id().equals("link"))
          .extracting(TaskRecorder.Event::value)
          .containsExactly(15);

      eager
          .client()
          .send(TaskSignature.of("fail").linkError(TaskSignature.of("note").withId("errback")));

      assertThat(eager.recorder().await("note").id()).isEqualTo("errback");
    }
  }

  @Test
  void aTaskMaySendAnotherAndReadItsResult() {
    AtomicReference<Eager> itself = new AtomicReference<>();
    try (Eager eager =
        eager()
            .task(
                "outer",
                (context, arguments) -> itself.get().client().send(add(4, 5)).result().value())
            .start()) {
      itself.set(eager);

      assertThat(eager.client().send(TaskSignature.of("outer")).result().value()).isEqualTo(9);
    }
  }

  @Test
  void anAsynchronousTaskIsWaitedFor() {
    CompletableFuture<Integer> promise = new CompletableFuture<>();
    try (Eager eager = eager().task("later", (context, arguments) -> promise).start()) {
      Thread completing = new Thread(() -> promise.complete(7), "completing");
      completing.start();

      assertThat(eager.client().send(TaskSignature.of("later")).result().value()).isEqualTo(7);
    }
  }

  @Test
  void anUnknownTaskIsStoredAsNotRegisteredAndKept() {
    try (Eager eager = eager().start()) {
      AsyncResult result = eager.client().send(TaskSignature.of("nobody.knows"));

      assertThat(Objects.requireNonNull(result.result().failure()).type())
          .isEqualTo("NotRegistered");
      assertThat(eager.client().quarantine().count("celery")).isEqualTo(1);
    }
  }

  @Test
  void everyQueueBoundToAnExchangeRunsItsCopy() {
    try (Eager eager = eager().start()) {
      for (String queue : List.of("one", "two")) {
        eager.client().queues().declare(QueueDeclaration.of(queue).boundBy(Route.direct("e", "k")));
      }

      eager.client().send(add(1, 1).to(Route.direct("e", "k")));

      assertThat(eager.recorder().await("math.add", Outcome.SUCCEEDED, 2)).hasSize(2);
    }
  }

  @Test
  void aTaskThatSendsItselfAgainForEverIsEnded() {
    TaskOptions unlimited =
        TaskOptions.builder()
            .retry(RetryPolicy.builder().maxRetries(RetryPolicy.UNLIMITED).build())
            .build();
    try (Eager eager =
        eager()
            .task(
                "forever",
                unlimited,
                (context, arguments) -> {
                  throw RetryTask.after(Duration.ofSeconds(1));
                })
            .start()) {
      assertThatThrownBy(() -> eager.client().send(TaskSignature.of("forever")))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("without an end");
    }
  }
}
