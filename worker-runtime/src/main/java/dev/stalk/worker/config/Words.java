package dev.stalk.worker.config;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The names of an enumeration as a file writes them: {@code COUNT_BASED} or {@code count-based}.
 */
final class Words {
  private Words() {}

  static <E extends Enum<E>> E parse(String text, Class<E> words) {
    String name = text.replace('-', '_').toUpperCase(Locale.ROOT);
    return Arrays.stream(words.getEnumConstants())
        .filter(word -> word.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "must be one of "
                        + Arrays.stream(words.getEnumConstants())
                            .map(Enum::name)
                            .collect(Collectors.joining(", "))
                        + ", not "
                        + Excerpt.ofValue(text)));
  }
}
