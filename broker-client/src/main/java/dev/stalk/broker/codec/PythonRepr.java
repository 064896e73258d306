package dev.stalk.broker.codec;

import java.lang.reflect.Array;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Text forms of arguments as Celery's logs and monitors show them: Python literals, three levels
 * deep, about a thousand characters long (celery 5.7 {@code utils/saferepr.py:saferepr}).
 * Characters are counted as Python does, by code points.
 */
final class PythonRepr {
  /** Characters spent before the rest is left out; what closes the text comes on top. */
  static final int BUDGET = 1024;

  /** No text is longer. */
  static final int MAX_LENGTH = 1040;

  private static final int MAX_LEVELS = 3;

  private final StringBuilder text = new StringBuilder();
  private final boolean countEscapes;
  private int budget = BUDGET;
  private boolean full;

  private PythonRepr(boolean countEscapes) {
    this.countEscapes = countEscapes;
  }

  /** A positional argument list: {@code (1, 'a')}, {@code (1,)}, {@code ()}. */
  static String ofArgs(List<?> args) {
    return show(repr -> repr.sequence(args, "(", args.size() == 1 ? ",)" : ")", 0));
  }

  /** Keyword arguments: {@code {'y': 3}}. */
  static String ofKwargs(Map<String, ?> kwargs) {
    return of(kwargs);
  }

  /** Any value. */
  static String of(@Nullable Object value) {
    return show(repr -> repr.value(value, 0));
  }

  /**
   * Python cuts a string first and escapes its quotes afterwards (and cuts bytes before it writes
   * them in hexadecimal), which may double the length; only then do we count what is written.
   */
  private static String show(Consumer<PythonRepr> subject) {
    PythonRepr repr = new PythonRepr(false);
    subject.accept(repr);
    if (length(repr.text) > MAX_LENGTH) {
      repr = new PythonRepr(true);
      subject.accept(repr);
    }
    return repr.text.toString();
  }

  private void value(@Nullable Object value, int level) {
    if (value instanceof CharSequence || value instanceof Character) {
      token(quoted(value.toString()));
    } else if (value instanceof Enum<?> constant) {
      token(quoted(constant.name()));
    } else if (value instanceof Map<?, ?> map) {
      map(map, level);
    } else if (value instanceof Collection<?> items) {
      sequence(items, "[", "]", level);
    } else if (value instanceof Optional<?> optional) {
      value(optional.orElse(null), level);
    } else if (value instanceof byte[] bytes) {
      token(literal(bytes));
    } else if (value instanceof Object[] items) {
      sequence(Arrays.asList(items), "[", "]", level);
    } else if (value != null && value.getClass().isArray()) {
      sequence(boxed(value), "[", "]", level);
    } else {
      token(cut(atom(value)));
    }
  }

  private static List<Object> boxed(Object array) {
    int size = Math.min(Array.getLength(array), BUDGET);
    List<Object> items = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      items.add(Array.get(array, i));
    }
    return items;
  }

  private static String atom(@Nullable Object value) {
    if (value == null) {
      return "None";
    }
    if (value instanceof Boolean flag) {
      return flag ? "True" : "False";
    }
    if (value instanceof Double || value instanceof Float) {
      double number = ((Number) value).doubleValue();
      return Double.isFinite(number)
          ? PythonFloat.repr(number)
          : PythonFloat.repr(number).replace("NaN", "nan").replace("Infinity", "inf");
    }
    if (value instanceof BigDecimal decimal) {
      return "Decimal('" + decimal + "')";
    }
    if (value instanceof UUID uuid) {
      return "UUID('" + uuid + "')";
    }
    try {
      return value.toString();
    } catch (RuntimeException | StackOverflowError e) {
      return "<unrepresentable " + value.getClass().getName() + ">";
    }
  }

  private void sequence(Collection<?> items, String open, String close, int level) {
    if (level >= MAX_LEVELS) {
      token(open + "..." + close);
      return;
    }
    if (!token(open)) {
      return;
    }
    Iterator<?> each = items.iterator();
    while (each.hasNext() && !full) {
      value(each.next(), level + 1);
      if (each.hasNext()) {
        token(", ");
      }
    }
    close(close);
  }

  private void map(Map<?, ?> map, int level) {
    if (level >= MAX_LEVELS) {
      token("{...}");
      return;
    }
    if (!token("{")) {
      return;
    }
    Iterator<? extends Map.Entry<?, ?>> each = map.entrySet().iterator();
    while (each.hasNext() && !full) {
      Map.Entry<?, ?> entry = each.next();
      value(entry.getKey(), level + 1);
      token(": ");
      value(entry.getValue(), level + 1);
      if (each.hasNext()) {
        token(", ");
      }
    }
    close("}");
  }

  /** Writes a token if any budget is left; the first one that finds none leaves the mark. */
  private boolean token(String token) {
    if (full) {
      return false;
    }
    if (budget <= 0) {
      text.append(", ...");
      full = true;
      return false;
    }
    text.append(token);
    budget -= length(token);
    return true;
  }

  private void close(String bracket) {
    text.append(bracket);
    budget -= bracket.length();
  }

  private String quoted(String string) {
    String shown = cut(string);
    String escaped = shown.replace("'", "\\'");
    if (countEscapes && length(escaped) > budget + 3) {
      escaped = cutEscaped(shown);
    }
    return "'" + escaped + "'";
  }

  private String cutEscaped(String string) {
    StringBuilder escaped = new StringBuilder();
    int left = budget;
    for (int c : string.codePoints().toArray()) {
      left -= c == '\'' ? 2 : 1;
      if (left < 0) {
        break;
      }
      if (c == '\'') {
        escaped.append('\\');
      }
      escaped.appendCodePoint(c);
    }
    return escaped.append("...").toString();
  }

  /** Cuts at the budget and there at the last space (celery {@code utils/text.py:truncate}). */
  private String cut(String string) {
    if (string.length() < budget) {
      return string;
    }
    int end = 0;
    for (int left = budget; left > 0; left--) {
      if (end == string.length()) {
        return string;
      }
      end += Character.charCount(string.codePointAt(end));
    }
    String head = string.substring(0, end);
    int space = head.lastIndexOf(' ');
    return (space < 0 ? head : head.substring(0, space)) + "...";
  }

  private String literal(byte[] bytes) {
    int room = Math.max(0, countEscapes ? budget / 2 : budget); // two digits for each, if binary
    boolean whole = bytes.length <= room;
    byte[] shown = whole ? bytes : Arrays.copyOf(bytes, room);
    return "b'" + characters(shown) + (whole ? "'" : "...'");
  }

  private static String characters(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException binary) {
      return HexFormat.of().formatHex(bytes);
    }
  }

  private static int length(CharSequence shown) {
    return Character.codePointCount(shown, 0, shown.length());
  }
}
