package dev.stalk.broker.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TaskSignatureTest {
  private static final TaskSignature ADD = TaskSignature.of("tasks.add", 2, null);

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "\t"})
  void taskNeedsAName(String name) {
    assertThatThrownBy(() -> TaskSignature.of(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("name");
  }

  @Test
  void everyChangeIsACopy() {
    Instant at = Instant.parse("2030-01-01T00:00:00Z");

    TaskSignature changed =
        ADD.kwarg("y", 1)
            .kwarg("x", null)
            .kwarg("y", 3)
            .on("math")
            .withId("id")
            .withPriority(6)
            .ignoringResult()
            .notBefore(at)
            .withCountdown(Duration.ofSeconds(30))
            .expiringAt(at)
            .withHeader("x-tenant", "t1");

    assertThat(ADD).isEqualTo(TaskSignature.of("tasks.add", 2, null));
    assertThat(ADD.kwargs()).isEmpty();
    assertThat(changed.args()).containsExactly(2, null);
    assertThat(changed.kwargs())
        .containsExactly(Map.entry("y", 3), new AbstractMap.SimpleEntry<>("x", null));
    assertThat(changed.options())
        .isEqualTo(
            SendOptions.builder()
                .queue("math")
                .id("id")
                .priority(6)
                .ignoreResult(true)
                .eta(at)
                .countdown(Duration.ofSeconds(30))
                .expires(at)
                .header("x-tenant", "t1")
                .build());
  }

  @Test
  void argumentsCannotBeChangedFromOutside() {
    List<Object> args = new ArrayList<>(Arrays.asList(1, null));
    TaskSignature signature = new TaskSignature("t", args, Map.of(), SendOptions.DEFAULT, false);

    args.add(3);

    assertThat(signature.args()).containsExactly(1, null);
    assertThatThrownBy(() -> signature.args().add(4))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> signature.kwargs().put("k", 4))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void rulesOfTheOptionsHoldForTheShortForms() {
    assertThatThrownBy(() -> ADD.withPriority(10)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ADD.on("")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ADD.withHeader("id", "evil"))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
