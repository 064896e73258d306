package dev.stalk.worker.config;

import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Puts environment variables in the place of {@code ${NAME}} and {@code ${NAME:default}}. An empty
 * variable counts as unset. What comes out of a variable is not looked at again.
 */
final class Substitution {
  private static final Pattern REFERENCE =
      Pattern.compile("\\$\\{(?:([A-Za-z_][A-Za-z0-9_]*)(?::([^{}]*))?})?");

  private final Map<String, String> environment;

  Substitution(Map<String, String> environment) {
    this.environment = environment;
  }

  /**
   * The text with all its references replaced.
   *
   * @throws IllegalArgumentException if a variable is unset and has no default, naming it, or if a
   *     reference is malformed; the message shows no values
   */
  String apply(String text) {
    return REFERENCE
        .matcher(text)
        .replaceAll(reference -> Matcher.quoteReplacement(value(reference)));
  }

  private String value(MatchResult reference) {
    @Nullable String name = reference.group(1);
    if (name == null) {
      throw new IllegalArgumentException(
          "has a ${ that begins neither ${NAME} nor ${NAME:default}");
    }
    @Nullable String value = environment.get(name);
    if (value != null && !value.isEmpty()) {
      return value;
    }
    @Nullable String otherwise = reference.group(2);
    if (otherwise == null) {
      throw new IllegalArgumentException(
          "the environment variable %s is not set; ${%s:...} would give it a default"
              .formatted(name, name));
    }
    return otherwise;
  }
}
