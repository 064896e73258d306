package dev.stalk.broker.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;

class SendOptionsTest {
  static final Iterable<String> RESERVED = SendOptions.RESERVED_HEADERS;

  @ParameterizedTest
  @FieldSource("RESERVED")
  void headerOfTheProtocolIsRefused(String name) {
    assertThatThrownBy(() -> SendOptions.builder().header(name, "x").build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + name + "' belongs to the task protocol");
  }

  private static Stream<Arguments> wrongValues() {
    return Stream.of(
        wrong("task id", builder -> builder.id("")),
        wrong("queue's name", builder -> builder.queue("")),
        wrong("priority must be between 0 and 9, not -1", builder -> builder.priority(-1)),
        wrong("priority must be between 0 and 9, not 10", builder -> builder.priority(10)),
        wrong("the time limit", builder -> builder.timeLimit(Duration.ZERO)),
        wrong("the soft time limit", builder -> builder.softTimeLimit(Duration.ofNanos(999_999))),
        wrong("the time limit", builder -> builder.timeLimit(Duration.ofSeconds(-1))),
        wrong("the time limit", builder -> builder.timeLimit(Duration.ofDays(366))),
        wrong("called 'queue'", builder -> builder.stamp("queue", 1)),
        wrong("called 'task'", builder -> builder.stamp("task", 1)),
        wrong("called ''", builder -> builder.stamp("", 1)),
        wrong(
            "is longer than the hard one",
            builder ->
                builder.timeLimit(Duration.ofSeconds(1)).softTimeLimit(Duration.ofSeconds(2))));
  }

  private static Arguments wrong(String complaint, Consumer<SendOptions.Builder> setter) {
    return Arguments.arguments(complaint, setter);
  }

  @ParameterizedTest
  @MethodSource("wrongValues")
  void valueOutOfItsRangeIsRefused(String complaint, Consumer<SendOptions.Builder> setter) {
    SendOptions.Builder builder = SendOptions.builder();
    setter.accept(builder);

    assertThatThrownBy(builder::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(complaint);
  }

  @Test
  void everyOptionIsKeptInACopy() {
    SendOptions options =
        SendOptions.builder()
            .id("id")
            .queue("math")
            .priority(9)
            .ignoreResult(false)
            .eta(Instant.EPOCH)
            .countdown(Duration.ofSeconds(-1))
            .expires(Instant.MAX)
            .timeLimit(Duration.ofSeconds(2))
            .softTimeLimit(Duration.ofSeconds(2))
            .shadow("shown")
            .rootId("root")
            .parentId("parent")
            .serializer("yaml")
            .compression("zstd")
            .expiresAfter(Duration.ofSeconds(1))
            .retry(PublishRetry.NEVER)
            .replyTo("reply")
            .argsRepr("(…)")
            .kwargsRepr("{…}")
            .addToParent(false)
            .link(TaskSignature.of("next"))
            .linkError(TaskSignature.of("oops"))
            .stamp("tenant", "t1")
            .header("x-a", 1)
            .header("x-b", null)
            .build();

    assertThat(options.toBuilder().build()).isEqualTo(options);
    assertThat(options).hasNoNullFieldsOrPropertiesExcept("route");
    assertThat(options.headers()).containsOnlyKeys("x-a", "x-b");
    assertThatThrownBy(() -> options.headers().put("id", "evil"))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void aMessageGoesToAQueueOrThroughAnExchange() {
    SendOptions.Builder builder = SendOptions.builder().route(Route.topic("e", "k"));

    assertThat(builder.build().toBuilder().build().route()).isEqualTo(Route.topic("e", "k"));
    builder.queue("math");
    assertThatThrownBy(builder::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a message goes to a queue (math) or to an exchange (e), not to both");
  }

  @Test
  void everyOptionThatIsNotGivenIsTakenFromTheOther() {
    SendOptions full =
        SendOptions.builder()
            .id("id")
            .queue("math")
            .priority(9)
            .eta(Instant.EPOCH)
            .expiresAfter(Duration.ofSeconds(1))
            .timeLimit(Duration.ofSeconds(2))
            .link(TaskSignature.of("next"))
            .stamp("tenant", "t1")
            .header("x-a", 1)
            .build();
    SendOptions own =
        SendOptions.builder()
            .route(Route.direct("e", "k"))
            .countdown(Duration.ofSeconds(3))
            .expires(Instant.EPOCH)
            .softTimeLimit(Duration.ofSeconds(5))
            .header("x-b", 2)
            .build();

    assertThat(SendOptions.DEFAULT.over(full)).isEqualTo(full);
    assertThat(full.over(own).queue()).isEqualTo("math");
    SendOptions both = own.over(full);
    assertThat(both.queue()).isNull();
    assertThat(both.route()).isEqualTo(Route.direct("e", "k"));
    assertThat(both.eta()).isNull();
    assertThat(both.expiresAfter()).isNull();
    assertThat(both.priority()).isEqualTo(9);
    assertThat(both.link()).isEqualTo(full.link());
    assertThat(both.headers()).containsOnlyKeys("x-b");
    assertThat(both.softTimeLimit()).isEqualTo(Duration.ofSeconds(5));
    assertThat(both.timeLimit()).as("shorter than the soft one").isNull();
  }

  @Test
  void defaultSaysNothing() {
    assertThat(SendOptions.DEFAULT)
        .hasAllNullFieldsOrPropertiesExcept("headers", "link", "linkError", "stamps")
        .hasFieldOrPropertyWithValue("link", List.of())
        .hasFieldOrPropertyWithValue("linkError", List.of())
        .hasFieldOrPropertyWithValue("stamps", Map.of())
        .hasFieldOrPropertyWithValue("headers", Map.of());
  }
}
