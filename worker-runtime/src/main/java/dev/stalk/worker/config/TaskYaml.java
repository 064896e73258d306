package dev.stalk.worker.config;

import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** Reads what a section says of how tasks are run. */
final class TaskYaml {
  private TaskYaml() {}

  /**
   * Reads the keys of one section.
   *
   * @param change takes each setting as a change of what held before, and applies it at once, so
   *     that a refusal is told at its place
   */
  static void read(YamlSection section, Consumer<UnaryOperator<TaskConfig>> change) {
    section.text("ack", text -> ack(text, change));
    if (section.has("time-limit")) { // the inherited one must not refuse the soft one beside it
      change.accept(tasks -> tasks.toBuilder().timeLimit(null).build());
    }
    section.duration("soft-time-limit", limit -> change.accept(soft(limit)));
    section.duration("time-limit", limit -> change.accept(hard(limit)));
    section.bool(
        "track-started", on -> change.accept(tasks -> tasks.toBuilder().trackStarted(on).build()));
    section.bool(
        "store-errors-even-if-ignored",
        on -> change.accept(tasks -> tasks.toBuilder().storeErrorsEvenIfIgnored(on).build()));
    section.bool(
        "result-extended",
        on -> change.accept(tasks -> tasks.toBuilder().resultExtended(on).build()));
    section.bool(
        "deduplicate-successful-tasks",
        on -> change.accept(tasks -> tasks.toBuilder().deduplicateSuccessfulTasks(on).build()));
    section.section("retry", part -> RetryYaml.read(part, retry -> change.accept(within(retry))));
  }

  private static UnaryOperator<TaskConfig> within(UnaryOperator<RetryConfig> change) {
    return tasks -> tasks.toBuilder().retry(change.apply(tasks.retry())).build();
  }

  private static UnaryOperator<TaskConfig> soft(Duration limit) {
    return tasks -> tasks.toBuilder().softTimeLimit(limit).build();
  }

  private static UnaryOperator<TaskConfig> hard(Duration limit) {
    return tasks -> tasks.toBuilder().timeLimit(limit).build();
  }

  private static void ack(String text, Consumer<UnaryOperator<TaskConfig>> change) {
    AckMode mode =
        Arrays.stream(AckMode.values())
            .filter(value -> word(value).equals(text))
            .findFirst()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "must be "
                            + Arrays.stream(AckMode.values())
                                .map(TaskYaml::word)
                                .collect(Collectors.joining(" or "))));
    change.accept(tasks -> tasks.toBuilder().ack(mode).build());
  }

  private static String word(AckMode mode) {
    return mode.name().toLowerCase(Locale.ROOT);
  }
}
