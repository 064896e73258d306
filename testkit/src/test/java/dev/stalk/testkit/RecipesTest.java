package dev.stalk.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.AsyncResult;
import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.transport.BrokerUnavailableException;
import dev.stalk.testkit.TaskRecorder.Outcome;
import dev.stalk.testkit.junit.StalkTest;
import dev.stalk.worker.RetryTask;
import dev.stalk.worker.Task;
import dev.stalk.worker.TaskContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The code of docs/testing.md, compiled and run. */
@Timeout(60)
class RecipesTest {
  private static final Path PAGE = Path.of("..", "docs", "testing.md");
  private static final Path THIS =
      Path.of("src", "test", "java", "dev", "stalk", "testkit", "RecipesTest.java");

  /** What is to be tested: a service that sends a task, and the task. */
  public static class Invoices {
    private final Map<String, String> paid = new ConcurrentHashMap<>();

    /** Pays, at the second attempt. */
    @Task("invoices.pay")
    public String pay(TaskContext context, String number) {
      if (context.retries() == 0) {
        throw RetryTask.after(Duration.ofMinutes(3));
      }
      paid.put(number, "yes");
      return "paid " + number;
    }

    void remind(BrokerClient client, String number) {
      client.send(TaskSignature.of("invoices.pay", number).withCountdown(Duration.ofDays(1)));
    }
  }

  @Test
  void eagerly() {
    try (Eager eager = Eager.builder().tasks(new Invoices()).start()) {
      AsyncResult result = eager.client().send(TaskSignature.of("invoices.pay", "A-1"));

      assertThat(result.result().value()).isEqualTo("paid A-1");
      assertThat(eager.recorder().events("invoices.pay"))
          .extracting(TaskRecorder.Event::outcome)
          .containsExactly(Outcome.STARTED, Outcome.RETRIED, Outcome.STARTED, Outcome.SUCCEEDED);
    }
  }

  @Nested
  @StalkTest(tasks = Invoices.class)
  class InvoicesTest {
    @Test
    void theRetryWaitsThreeMinutes(
        BrokerClient client, SettableClock clock, TaskRecorder recorder) {
      AsyncResult result = client.send(TaskSignature.of("invoices.pay", "A-1"));
      recorder.await("invoices.pay", Outcome.RETRIED);

      clock.advance(Duration.ofMinutes(3));

      assertThat(result.get(String.class, Duration.ofSeconds(30))).isEqualTo("paid A-1");
    }

    @Test
    void theReminderComesADayLater(
        BrokerClient client, StalkHarness stalk, SettableClock clock, TaskRecorder recorder) {
      new Invoices().remind(client, "A-2");
      stalk.awaitIdle();
      assertThat(recorder.events()).isEmpty();

      clock.advance(Duration.ofDays(1));

      recorder.await("invoices.pay", Outcome.STARTED);
    }

    @Test
    void anOutageReachesTheCaller(BrokerClient client, InMemoryBroker broker) {
      broker.down();

      assertThatThrownBy(() -> client.send(TaskSignature.of("invoices.pay", "A-3")))
          .isInstanceOf(BrokerUnavailableException.class);
    }
  }

  @Test
  void withoutTheAnnotation() {
    try (StalkHarness stalk =
        StalkHarness.builder().tasks(new Invoices()).queues("celery", "payments").start()) {
      stalk.client().send(TaskSignature.of("invoices.pay", "A-4").on("payments"));
      stalk.recorder().await("invoices.pay", Outcome.RETRIED);
    }
  }

  @Test
  void everyPieceOfCodeOfThePageIsHere() throws IOException {
    String here = Files.readString(THIS).replaceAll("\\s", "");
    List<String> pieces =
        Pattern.compile("```java\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(PAGE))
            .results()
            .map(MatchResult::group)
            .map(piece -> piece.replace("```java", "").replace("```", "").strip())
            .toList();

    assertThat(pieces).hasSizeGreaterThan(4);
    assertThat(pieces).allSatisfy(piece -> assertThat(here).contains(piece.replaceAll("\\s", "")));
  }
}
