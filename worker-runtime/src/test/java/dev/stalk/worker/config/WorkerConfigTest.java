package dev.stalk.worker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.MessageFactory;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WorkerConfigTest {
  private static final QueueConfig QUEUE = QueueConfig.builder().build();
  private static final String HOST = MessageFactory.hostName();

  private static WorkerConfig.Builder aWorker() {
    return WorkerConfig.builder().queue("celery", QUEUE);
  }

  @Test
  void onlyAQueueHasToBeNamed() {
    WorkerConfig config = aWorker().build();

    assertThat(config)
        .isEqualTo(
            new WorkerConfig(
                "celery@" + HOST,
                BrokerConfig.builder().build(),
                Map.of("celery", QUEUE),
                Duration.ofSeconds(25),
                null,
                List.of(),
                WorkerEventsConfig.NONE));
  }

  @Test
  void aWorkerWithoutQueuesIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> WorkerConfig.builder().build())
        .withMessage("queues must name at least one queue");
  }

  @Test
  void theNameIsCompletedWithTheHost() {
    assertThat(aWorker().name(null).build().name()).isEqualTo("celery@" + HOST);
    assertThat(aWorker().name("reports").build().name()).isEqualTo("reports@" + HOST);
    assertThat(aWorker().name("reports@%h").build().name()).isEqualTo("reports@" + HOST);
    assertThat(aWorker().name("%h-reports").build().name())
        .isEqualTo("%s-reports@%s".formatted(HOST, HOST));
    assertThat(aWorker().name("reports@blue").build().name()).isEqualTo("reports@blue");
  }

  /** What Celery's {@code host_format} makes of the same. */
  @ParameterizedTest
  @CsvSource({
    "w1@%h, web1.shop.example, w1@web1.shop.example",
    "w1@%n, web1.shop.example, w1@web1",
    "w1@%d, web1.shop.example, w1@shop.example",
    "%n.%d@x, web1.shop.example, web1.shop.example@x",
    "%n-w1@%h, web1, web1-w1@web1",
  })
  void theHostAndItsPartsStandInForTheirLetters(String name, String host, String expected) {
    assertThat(WorkerConfig.nodeName(name, host)).isEqualTo(expected);
  }

  @Test
  void aHostWithoutADomainHasNoneToName() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> WorkerConfig.nodeName("w1@%d", "web1"))
        .withMessageStartingWith("name must look like celery@%h");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", " ", "@", "@blue", "blue@", "a b", "a@b c", "a\nb", "a\u0000b", "%i@%h"})
  void aNameThatIsNoNodeNameIsRefused(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> aWorker().name(name).build())
        .withMessageStartingWith("name must look like celery@%h");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "\t", "celery\u0006\u00163", "a\nb"})
  void aQueueNeedsAName(String queue) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> aWorker().queue(queue, QUEUE).build())
        .withMessage("a queue needs a name without control characters");
  }

  @Test
  void queuesKeepTheirOrder() {
    WorkerConfig config =
        aWorker().queue("z", QUEUE).queue("a", QUEUE).queue("m", QUEUE).queue("b", QUEUE).build();

    assertThat(config.queues().keySet()).containsExactly("celery", "z", "a", "m", "b");
  }

  @Test
  void nothingThatHappensLaterChangesIt() {
    Map<String, QueueConfig> queues = new LinkedHashMap<>(Map.of("celery", QUEUE));
    WorkerConfig config =
        new WorkerConfig(
            "a@b",
            BrokerConfig.builder().build(),
            queues,
            Duration.ZERO,
            null,
            List.of("com.acme.A"),
            WorkerEventsConfig.NONE);

    queues.clear();

    assertThat(config.queues()).containsOnlyKeys("celery");
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> config.queues().put("mail", QUEUE));
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> config.tasks().add("com.acme.B"));
  }

  @Test
  void theShutdownTimeoutIsAtMostADay() {
    assertThat(aWorker().shutdownTimeout(Duration.ZERO).build().shutdownTimeout()).isZero();
    assertThat(aWorker().shutdownTimeout(Duration.ofDays(1)).build().shutdownTimeout())
        .isEqualTo(Duration.ofDays(1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> aWorker().shutdownTimeout(Duration.ofHours(25)).build())
        .withMessage("shutdown-timeout must be between 0s and 1d, not 25h");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> aWorker().shutdownTimeout(Duration.ofMillis(-1)).build())
        .withMessage("shutdown-timeout must be between 0s and 1d, not PT-0.001S");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "com.acme.", ".Tasks", "com acme", "com/acme/Tasks", "7Tasks"})
  void aTaskIsTheNameOfAClass(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> aWorker().task(name).build())
        .withMessage("a task must be the full name of a class, as in com.acme.MathTasks");
  }

  @Test
  void nestedClassesAndClassesWithoutAPackageAreTasksToo() {
    assertThat(aWorker().task("com.acme.Jobs$Mail").task("Jobs").build().tasks())
        .containsExactly("com.acme.Jobs$Mail", "Jobs");
  }

  @Test
  void aCopyStartsFromAllValues() {
    WorkerConfig config =
        aWorker()
            .name("reports")
            .broker(BrokerConfig.builder().url("redis://redis.example/1").build())
            .shutdownTimeout(Duration.ofSeconds(1))
            .task("com.acme.A")
            .build();

    assertThat(config.toBuilder().build()).isEqualTo(config);
    assertThat(config.toBuilder().queue("celery", new QueueConfig(1, 1)).build().queues())
        .containsExactly(Map.entry("celery", new QueueConfig(1, 1)));
  }

  @Test
  void theTextFormShowsNoSecrets() {
    BrokerConfig broker =
        BrokerConfig.builder()
            .url("redis://alice:s3cret@redis.example/1")
            .resultsUrl("redis://:hush@redis.example/2")
            .build();

    assertThat(aWorker().broker(broker).build().toString())
        .contains("redis://redis.example:6379/1", "redis://redis.example:6379/2", "celery@" + HOST)
        .doesNotContain("alice", "s3cret", "hush");
  }
}
