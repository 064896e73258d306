package dev.stalk.cli;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Lengths of time as people type them: {@code 500ms}, {@code 5s}, {@code 2m}, {@code 1.5h}. */
final class TimeConverter implements ITypeConverter<Duration> {
  private static final Pattern FORM = Pattern.compile("(\\d{1,9}(?:\\.\\d{1,9})?)(ms|s|m|h|d)?");

  @Override
  public Duration convert(String text) {
    Matcher parts = FORM.matcher(text);
    if (!parts.matches()) {
      throw new TypeConversionException(
          "'%s' is not a length of time; write 5 or 5s, 500ms, 2m, 1h or 1d".formatted(text));
    }
    BigDecimal millis =
        new BigDecimal(parts.group(1)).multiply(BigDecimal.valueOf(millis(parts.group(2))));
    return Duration.ofMillis(millis.longValue());
  }

  private static long millis(@Nullable String unit) {
    return switch (unit == null ? "s" : unit) {
      case "ms" -> 1;
      case "s" -> 1_000;
      case "m" -> 60_000;
      case "h" -> 3_600_000;
      default -> 86_400_000;
    };
  }
}
