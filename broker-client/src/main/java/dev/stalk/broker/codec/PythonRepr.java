package dev.stalk.broker.codec;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Text forms of arguments as Celery's logs and monitors show them: Python literals, three levels
 * deep, about a thousand characters long (celery {@code utils/saferepr.py:saferepr}).
 */
final class PythonRepr {
  /** Characters spent before the rest is left out; closing brackets come on top. */
  static final int BUDGET = 1024;

  private static final int MAX_LEVELS = 3;

  private final StringBuilder text = new StringBuilder();
  private int budget = BUDGET;
  private boolean full;

  private PythonRepr() {}

  /** A positional argument list: {@code (1, 'a')}, {@code (1,)}, {@code ()}. */
  static String ofArgs(List<?> args) {
    PythonRepr repr = new PythonRepr();
    repr.sequence(args, "(", args.size() == 1 ? ",)" : ")", 0);
    return repr.text.toString();
  }

  /** Keyword arguments: {@code {'y': 3}}. */
  static String ofKwargs(Map<String, ?> kwargs) {
    return of(kwargs);
  }

  /** Any value. */
  static String of(@Nullable Object value) {
    PythonRepr repr = new PythonRepr();
    repr.value(value, 0);
    return repr.text.toString();
  }

  private void value(@Nullable Object value, int level) {
    if (value instanceof String string) {
      token(quoted(string));
    } else if (value instanceof Map<?, ?> map) {
      map(map, level);
    } else if (value instanceof Collection<?> items) {
      sequence(items, "[", "]", level);
    } else if (value instanceof Object[] items) {
      sequence(List.of(items), "[", "]", level);
    } else {
      token(cut(atom(value)));
    }
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
    return value.toString();
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
    Iterator<? extends Map.Entry<?, ?>> each = new ArrayList<>(map.entrySet()).iterator();
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
    budget -= token.length();
    return true;
  }

  private void close(String bracket) {
    text.append(bracket);
    budget -= bracket.length();
  }

  private String quoted(String string) {
    return "'" + cut(string).replace("'", "\\'") + "'";
  }

  /** Cuts at the budget and there at the last space (kombu {@code utils/text.py:truncate}). */
  private String cut(String string) {
    if (string.length() < budget || budget <= 0) {
      return string;
    }
    String head = string.substring(0, budget);
    int space = head.lastIndexOf(' ');
    return (space < 0 ? head : head.substring(0, space)) + "...";
  }
}
