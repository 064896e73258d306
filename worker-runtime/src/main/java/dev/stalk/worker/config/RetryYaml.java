package dev.stalk.worker.config;

import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** Reads what a section says of retries. */
final class RetryYaml {
  private static final String FOREVER = "forever";

  private RetryYaml() {}

  /**
   * Reads the keys of one section.
   *
   * @param change takes each setting as a change of what held before, and applies it at once, so
   *     that a refusal is told at its place
   */
  static void read(YamlSection section, Consumer<UnaryOperator<RetryConfig>> change) {
    section.text(
        "max-retries",
        text -> {
          int most = maxRetries(text);
          change.accept(retry -> retry.toBuilder().maxRetries(most).build());
        });
    section.duration(
        "delay", time -> change.accept(retry -> retry.toBuilder().delay(time).build()));
    section.duration(
        "backoff", time -> change.accept(retry -> retry.toBuilder().backoff(time).build()));
    section.duration(
        "backoff-max", time -> change.accept(retry -> retry.toBuilder().backoffMax(time).build()));
    section.bool("jitter", on -> change.accept(retry -> retry.toBuilder().jitter(on).build()));
    section.textList(
        "auto-retry-for",
        BreakerConfig::checkExceptionName,
        names -> change.accept(retry -> retry.toBuilder().autoRetryFor(names).build()));
    section.textList(
        "dont-auto-retry-for",
        BreakerConfig::checkExceptionName,
        names -> change.accept(retry -> retry.toBuilder().dontAutoRetryFor(names).build()));
  }

  private static int maxRetries(String count) {
    if (count.equals(FOREVER)) {
      return RetryConfig.FOREVER;
    }
    if (!count.matches("\\d{1,9}")) {
      throw new IllegalArgumentException("must be a whole number or " + FOREVER);
    }
    return Integer.parseInt(count);
  }

  /** As a file says it. */
  static String word(int maxRetries) {
    return maxRetries == RetryConfig.FOREVER ? FOREVER : Integer.toString(maxRetries);
  }
}
