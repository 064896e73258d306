package dev.stalk.broker.codec;

import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.temporal.Temporal;
import java.util.Base64;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Writes YAML in its flow style, which is JSON but for a few forms, so that PyYAML's safe loader,
 * as kombu calls it (kombu {@code serialization.py:register_yaml}), reads every value back:
 * characters beyond U+FFFF in one escape, dates as {@code !!timestamp}, bytes as {@code !!binary}.
 * Needs no library.
 *
 * <p>Not thread-safe.
 */
final class YamlWriter extends PythonJson {
  /** PyYAML finds a plain key only if it ends within 1,024 characters; an escape takes ten. */
  private static final int LONGEST_SIMPLE_KEY = 100;

  private static final String REMEDY =
      " has no form in yaml, as in Python; send it as text, or use the serializer json";

  private YamlWriter(int maxDepth) {
    super(256, JsonTypes.MARKED, maxDepth);
  }

  static byte[] encode(@Nullable Object value, ContentConfig content) {
    YamlWriter yaml = new YamlWriter(content.maxDepth());
    yaml.value(value);
    return yaml.toBytes();
  }

  @Override
  void name(String name) {
    if (name.length() <= LONGEST_SIMPLE_KEY) {
      super.name(name);
    } else {
      raw(ascii("? "));
      string(name);
      raw(ascii(" : "));
    }
  }

  /** Nothing is marked by its keys here. */
  @Override
  void check(Map<?, ?> map) {}

  /** In runs without, and escapes of, the characters that YAML would read as two. */
  @Override
  public void string(String text) {
    if (text.chars().noneMatch(c -> Character.isSurrogate((char) c))) {
      super.string(text);
      return;
    }
    StringBuilder escaped = new StringBuilder(text.length() * 2);
    text.codePoints()
        .forEach(
            point -> {
              if (point > 0xffff) {
                escaped.append("\\U%08x".formatted(point));
              } else if (point < ' ' || point > '~' || point == '"' || point == '\\') {
                escaped.append("\\u%04x".formatted(point));
              } else {
                escaped.append((char) point);
              }
            });
    raw(ascii("\"" + escaped + "\""));
  }

  /** PyYAML takes for a number only what has a point. */
  @Override
  void real(double value) {
    if (Double.isNaN(value)) {
      raw(ascii(".nan"));
    } else if (Double.isInfinite(value)) {
      raw(ascii(value > 0 ? ".inf" : "-.inf"));
    } else {
      String text = PythonFloat.repr(value);
      raw(ascii(text.indexOf('.') < 0 ? text.replace("e", ".0e") : text));
    }
  }

  @Override
  public void dateTime(Temporal time) {
    tagged("!!timestamp", PythonTime.isoDateTime(time).replace('T', ' '));
  }

  @Override
  public void date(LocalDate date) {
    tagged("!!timestamp", PythonTime.isoformat(date));
  }

  @Override
  public void bytes(byte[] bytes) {
    tagged("!!binary", Base64.getEncoder().encodeToString(bytes));
  }

  private void tagged(String tag, String text) {
    raw(ascii(tag + " "));
    super.string(text);
  }

  @Override
  public void decimal(BigDecimal decimal) {
    throw new EncodingException("BigDecimal" + REMEDY);
  }

  @Override
  public void time(Temporal time) {
    throw new EncodingException(time.getClass().getSimpleName() + REMEDY);
  }

  @Override
  public void uuid(UUID uuid) {
    throw new EncodingException("UUID" + REMEDY);
  }
}
