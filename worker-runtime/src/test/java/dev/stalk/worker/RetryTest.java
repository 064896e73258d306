package dev.stalk.worker;

import static dev.stalk.worker.Bench.NOW;
import static dev.stalk.worker.Bench.published;
import static dev.stalk.worker.Bench.stored;
import static dev.stalk.worker.Messages.aTaskMessage;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.stalk.broker.message.Route;
import dev.stalk.broker.message.TaskHeaders;
import dev.stalk.broker.message.TaskMessage;
import dev.stalk.broker.transport.Effect;
import dev.stalk.worker.config.RetryConfig;
import dev.stalk.worker.config.TaskConfig;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RetryTest {
  private final Bench bench = new Bench();

  private static TaskOptions options(RetryPolicy.Builder retry) {
    return TaskOptions.builder().retry(retry.build()).build();
  }

  @Test
  void theMessageIsSentAgainInOneStepWithItsStateAndItsAcknowledgement() {
    bench.throwing(
        TaskOptions.DEFAULT,
        RetryTask.after(Duration.ofSeconds(10)).because(new IOException("busy")));

    List<Effect> effects =
        bench.effects(aTaskMessage().parentId("p-1").rootId("r-1").group("g-1").retries(1));

    assertThat(effects).hasSize(2);
    TaskHeaders headers = published(effects.get(0)).headers();
    assertThat(headers.id()).isEqualTo("id-1");
    assertThat(headers.retries()).isEqualTo(2);
    assertThat(headers.parentId()).isEqualTo("p-1");
    assertThat(headers.rootId()).isEqualTo("r-1");
    assertThat(headers.group()).isEqualTo("g-1");
    assertThat(Bench.eta(published(effects.get(0)))).isEqualTo(NOW.plusSeconds(10));
    assertThat(stored(effects.get(1)))
        .startsWith(
            "{\"status\": \"RETRY\", \"result\": {\"exc_type\": \"OSError\","
                + " \"exc_message\": [\"busy\"], \"exc_module\": \"builtins\"},")
        .contains("celery.exceptions.Retry: Retry in 10s: 'java.io.IOException: busy'\\n\"")
        .contains("\"date_done\": null");
  }

  @Test
  void whatTheMessageSaidElseStaysAsItWas() {
    bench.throwing(TaskOptions.DEFAULT, RetryTask.later());
    Messages original =
        aTaskMessage()
            .args(1, "two")
            .kwarg("k", 3)
            .priority(6)
            .expires(NOW.plusSeconds(600))
            .timeLimits(30.0, 20.0)
            .header("x-tenant", "t1")
            .stamp("release", "r7")
            .ignoreResult(false);

    Effect again = bench.effects(original).get(0);

    TaskMessage before = original.message();
    TaskMessage after = published(again);
    assertThat(after.body()).isEqualTo(before.body());
    assertThat(after.headers())
        .usingRecursiveComparison()
        .ignoringFields("retries", "eta")
        .isEqualTo(before.headers());
    assertThat(after.properties().expiration()).isEqualTo("600000");
    assertThat(after.properties().correlationId()).isEqualTo(before.properties().correlationId());
    assertThat(after.properties().replyTo()).isEqualTo("reply-to");
    Effect.Publish publish = (Effect.Publish) again;
    assertThat(publish.publication().queue()).isEqualTo(Messages.QUEUE);
    assertThat(publish.publication().priority()).isEqualTo(6);
  }

  @Test
  void withoutATimeOfItsOwnItWaitsForTheTasksDelay() {
    bench.throwing(options(RetryPolicy.builder().delay(Duration.ofSeconds(7))), RetryTask.later());

    List<Effect> effects = bench.effects(aTaskMessage());

    assertThat(Bench.eta(published(effects.get(0)))).isEqualTo(NOW.plusSeconds(7));
    assertThat(stored(effects.get(1))).startsWith("{\"status\": \"RETRY\", \"result\": null,");
  }

  @Test
  void anInstantMayBeNamed() {
    bench.throwing(TaskOptions.DEFAULT, RetryTask.at(NOW.plusSeconds(99)));

    assertThat(Bench.eta(published(bench.effects(aTaskMessage()).get(0))))
        .isEqualTo(NOW.plusSeconds(99));
  }

  @Test
  void otherArgumentsTakeThePlaceOfTheOldAndTheOthersStay() {
    bench.throwing(TaskOptions.DEFAULT, RetryTask.after(Duration.ZERO).withArgs("three", null));

    TaskMessage after =
        published(bench.effects(aTaskMessage().args(1, "two").kwarg("k", 3)).get(0));

    assertThat(after.body().args()).containsExactly("three", null);
    assertThat(after.body().kwargs()).isEqualTo(Map.of("k", 3));
    assertThat(after.headers().argsRepr()).isEqualTo("('three', None)");
  }

  @Test
  void otherKeywordArgumentsTakeThePlaceOfAllTheOld() {
    bench.throwing(
        TaskOptions.DEFAULT, RetryTask.after(Duration.ZERO).withKwargs(Map.of("page", 2)));

    TaskMessage after =
        published(bench.effects(aTaskMessage().args(1, "two").kwarg("k", 3)).get(0));

    assertThat(after.body().args()).containsExactly(1, "two");
    assertThat(after.body().kwargs()).isEqualTo(Map.of("page", 2));
    assertThat(after.headers().kwargsRepr()).isEqualTo("{'page': 2}");
  }

  @Test
  void aRetryMayGoToAnotherQueue() {
    bench.throwing(TaskOptions.DEFAULT, RetryTask.after(Duration.ZERO).on("slow").atMost(9));

    Effect.Publish publish = (Effect.Publish) bench.effects(aTaskMessage().retries(5)).get(0);

    assertThat(publish.publication().queue()).isEqualTo("slow");
    assertThat(published(publish).properties().route()).isEqualTo(Route.toQueue("slow"));
  }

  @Test
  void argumentsThatCannotBeWrittenAreAFailure() {
    bench.throwing(TaskOptions.DEFAULT, RetryTask.after(Duration.ZERO).withArgs(new Object()));

    assertThat(stored(bench.effects(aTaskMessage()).get(0)))
        .startsWith("{\"status\": \"FAILURE\"")
        .contains("cannot be written as JSON");
  }

  @Test
  void whatCouldNotBeRetriedShowsTheArgumentsItWouldHaveHad() {
    bench.throwing(
        options(RetryPolicy.builder().maxRetries(0)),
        RetryTask.later().withArgs(9).withKwargs(Map.of()));

    assertThat(stored(bench.effects(aTaskMessage().args(1)).get(0)))
        .contains("Can't retry echo[id-1] args:(9,) kwargs:{}");
  }

  @Test
  void aRetryAtOnceHasNoEta() {
    bench.throwing(TaskOptions.DEFAULT, RetryTask.after(Duration.ZERO));

    assertThat(Bench.eta(published(bench.effects(aTaskMessage()).get(0)))).isNull();
  }

  @Test
  void pastTheLimitTheTaskFailsWithItsCause() {
    bench.throwing(TaskOptions.DEFAULT, RetryTask.later().because(new IOException("busy")));

    List<Effect> effects = bench.effects(aTaskMessage().retries(3));

    assertThat(effects).hasSize(1);
    assertThat(stored(effects.get(0)))
        .startsWith(
            "{\"status\": \"FAILURE\", \"result\": {\"exc_type\": \"OSError\","
                + " \"exc_message\": [\"busy\"]");
  }

  @Test
  void pastTheLimitWithoutCauseItIsPythonsMaxRetriesExceeded() {
    bench.throwing(TaskOptions.DEFAULT, RetryTask.later());

    assertThat(stored(bench.effects(aTaskMessage().retries(3)).get(0)))
        .startsWith(
            "{\"status\": \"FAILURE\", \"result\": {\"exc_type\": \"MaxRetriesExceededError\","
                + " \"exc_message\": [\"Can't retry echo[id-1] args:() kwargs:{}\"],"
                + " \"exc_module\": \"celery.exceptions\"}");
  }

  @Test
  void aRetryMayHaveALimitOfItsOwn() {
    bench.throwing(TaskOptions.DEFAULT, RetryTask.later().atMost(RetryPolicy.UNLIMITED));

    assertThat(published(bench.effects(aTaskMessage().retries(3000)).get(0)).headers().retries())
        .isEqualTo(3001);
  }

  @Test
  void aRetryWhoseResultIsIgnoredIsStillSent() {
    bench.throwing(TaskOptions.DEFAULT, RetryTask.later());

    List<Effect> effects = bench.effects(aTaskMessage().ignoreResult(true));

    assertThat(effects).hasSize(1);
    assertThat(effects.get(0)).isInstanceOf(Effect.Publish.class);
  }

  @Test
  void namedExceptionsAreRetriedByThemselvesAndTheirExceptionsAreNot() {
    bench.task(
        options(
            RetryPolicy.builder()
                .autoRetryFor(List.of(IOException.class))
                .dontAutoRetryFor(List.of(FileNotFoundException.class))
                .delay(Duration.ofSeconds(5))),
        (context, arguments) -> {
          throw context.retries() == 0 ? new IOException("again") : new FileNotFoundException("no");
        });

    List<Effect> first = bench.effects(aTaskMessage());
    List<Effect> second = bench.effects(aTaskMessage().retries(1));

    assertThat(Bench.eta(published(first.get(0)))).isEqualTo(NOW.plusSeconds(5));
    assertThat(stored(second.get(0))).startsWith("{\"status\": \"FAILURE\"");
  }

  @Test
  void argumentsThatDoNotFitAreNotRetried() {
    RetryPolicy everything = RetryPolicy.builder().autoRetryFor(List.of(Throwable.class)).build();

    assertThat(rule(everything).retries(new TaskArgumentException("no"))).isFalse();
    assertThat(rule(everything).retries(RejectTask.discard("no"))).isFalse();
    assertThat(rule(everything).retries(new IgnoreTask())).isFalse();
    assertThat(rule(everything).retries(new StackOverflowError())).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "1, 2", "2, 4", "5, 32", "9, 512", "10, 600", "62, 600", "4000000, 600"})
  void theBackoffDoublesUpToItsCap(int retries, long seconds) {
    RetryPolicy policy = RetryPolicy.builder().backoff(Duration.ofSeconds(1)).jitter(false).build();

    assertThat(rule(policy).automaticDelay(retries, new Random(1)))
        .isEqualTo(Duration.ofSeconds(seconds));
  }

  @Test
  void jitterIsAnyWholeSecondUpToIt() {
    RetryPolicy policy = RetryPolicy.builder().backoff(Duration.ofSeconds(2)).build();
    Random random = new Random(7);
    List<Long> seen = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      seen.add(rule(policy).automaticDelay(1, random).toMillis());
    }

    assertThat(seen).containsOnly(0L, 1000L, 2000L, 3000L, 4000L);
  }

  @Test
  void celerysDefaults() {
    RetryRule rule = rule(RetryPolicy.DEFAULT);

    assertThat(rule.maxRetries()).isEqualTo(3);
    assertThat(rule.delay()).isEqualTo(Duration.ofMinutes(3));
    assertThat(rule.automaticDelay(5, new Random(1))).isEqualTo(Duration.ofMinutes(3));
    assertThat(rule.retries(new IOException("busy"))).isFalse();
    assertThat(RetryConfig.DEFAULT.backoffMax()).isEqualTo(Duration.ofMinutes(10));
    assertThat(RetryConfig.DEFAULT.jitter()).isTrue();
  }

  @Test
  void aBackoffOfNothingIsNoneAsInCelery() {
    RetryConfig backingOff = RetryConfig.builder().backoff(Duration.ofSeconds(8)).build();
    RetryPolicy policy = RetryPolicy.builder().backoff(Duration.ZERO).build();

    assertThat(new RetryRule(policy, backingOff).automaticDelay(3, new Random(1)))
        .isEqualTo(Duration.ofMinutes(3));
  }

  @Test
  void whatATaskDoesNotSayItsQueueDoes() {
    bench.config =
        TaskConfig.builder()
            .retry(
                RetryConfig.builder()
                    .maxRetries(1)
                    .delay(Duration.ofSeconds(9))
                    .autoRetryFor(List.of("java.io.IOException"))
                    .dontAutoRetryFor(List.of("java.io.FileNotFoundException"))
                    .build())
            .build();
    bench.task(
        (context, arguments) -> {
          throw arguments.positional().isEmpty()
              ? new EOFException("a kind of IOException")
              : new FileNotFoundException("another");
        });

    assertThat(Bench.eta(published(bench.effects(aTaskMessage()).get(0))))
        .isEqualTo(NOW.plusSeconds(9));
    assertThat(stored(bench.effects(aTaskMessage().retries(1)).get(0)))
        .startsWith("{\"status\": \"FAILURE\"");
    assertThat(stored(bench.effects(aTaskMessage().args("x")).get(0)))
        .startsWith("{\"status\": \"FAILURE\"");
  }

  @Test
  void whatATaskSaysWinsOverItsQueueEachSettingForItself() {
    bench.config =
        TaskConfig.builder()
            .retry(
                RetryConfig.builder()
                    .maxRetries(0)
                    .backoff(Duration.ofSeconds(4))
                    .jitter(false)
                    .autoRetryFor(List.of("java.lang.Throwable"))
                    .build())
            .build();
    bench.throwing(options(RetryPolicy.builder().maxRetries(2)), new IOException("busy"));

    List<Effect> effects = bench.effects(aTaskMessage().retries(1));

    assertThat(Bench.eta(published(effects.get(0)))).isEqualTo(NOW.plusSeconds(8));
  }

  /** What annotations say of retries. */
  public static final class Annotated {
    @Task("silent")
    public void silent() {}

    @Task(
        value = "outspoken",
        maxRetries = 5,
        retryDelay = "2s",
        retryBackoff = "0s",
        retryBackoffMax = "9s",
        retryJitter = false,
        rateLimit = "0")
    public void outspoken() {}
  }

  /** Says one thing twice. */
  public static final class Contradictory {
    @Task(
        value = "contradictory",
        maxRetries = {1, 2})
    public void contradictory() {}
  }

  @Test
  void anAnnotationSaysWhatItSaysAndLeavesTheRestToTheQueue() {
    bench.registry.addAll(new Annotated());

    assertThat(Objects.requireNonNull(bench.registry.find("silent")).options().retry())
        .isEqualTo(RetryPolicy.DEFAULT);
    TaskOptions outspoken = Objects.requireNonNull(bench.registry.find("outspoken")).options();
    assertThat(outspoken.retry())
        .isEqualTo(
            RetryPolicy.builder()
                .maxRetries(5)
                .delay(Duration.ofSeconds(2))
                .backoff(Duration.ZERO)
                .backoffMax(Duration.ofSeconds(9))
                .jitter(false)
                .build());
    assertThat(outspoken.rateLimit()).as("0 is no limit").isNull();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> bench.registry.addAll(new Contradictory()))
        .withMessageEndingWith("maxRetries: more than one value");
  }

  private static RetryRule rule(RetryPolicy policy) {
    return new RetryRule(policy, RetryConfig.DEFAULT);
  }

  @Test
  void nonsenseIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RetryPolicy.builder().maxRetries(-2).build())
        .withMessage("max retries must be 0 or more, or -1 for ever, not -2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RetryPolicy.builder().delay(Duration.ofSeconds(-1)).build());
    assertThatIllegalArgumentException().isThrownBy(() -> RetryTask.later().atMost(-2));
  }
}
