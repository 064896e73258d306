package dev.stalk.broker.codec;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads JSON as Python writes it: ASCII, {@code ", "} and {@code ": "} between tokens. Of that it
 * makes exactly the values that {@link Values} makes; everything else it leaves to that, by {@link
 * Unusual}: it decides nothing about what is wrong. One document, one thread.
 */
final class UsualJson {
  private static final int MOST_DIGITS = 18;

  /** All whole numbers up to it are doubles, and all powers of ten below 10 to the 23rd. */
  private static final long MOST_EXACT = 1L << 53;

  private static final long[] POWERS_OF_TEN = powersOfTen();

  private static final byte[] NULL = PythonJson.ascii("null");
  private static final byte[] TRUE = PythonJson.ascii("true");
  private static final byte[] FALSE = PythonJson.ascii("false");
  private static final byte[] COMMA = PythonJson.ascii(", ");
  private static final byte[] COLON = PythonJson.ascii(": ");

  /** The text is of another kind, or wrong: {@link Values} is to read it. */
  static final class Unusual extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Without a stack trace, as it is no fault. */
    private Unusual() {
      super("not of the usual shape", null, false, false);
    }
  }

  private final byte[] text;
  private final int end;
  private int at;

  UsualJson(byte[] text, int from, int end) {
    this.text = text;
    this.at = from;
    this.end = end;
  }

  private static long[] powersOfTen() {
    long[] powers = new long[MOST_DIGITS + 1];
    powers[0] = 1;
    for (int i = 1; i < powers.length; i++) {
      powers[i] = powers[i - 1] * 10;
    }
    return powers;
  }

  static Unusual unusual() {
    return new Unusual();
  }

  int at() {
    return at;
  }

  void moveTo(int place) {
    at = place;
  }

  boolean isAtEnd() {
    return at == end;
  }

  /** Goes on behind these bytes if they come next. */
  boolean skip(byte[] expected) {
    int to = at + expected.length;
    if (to <= end && Arrays.equals(text, at, to, expected, 0, expected.length)) {
      at = to;
      return true;
    }
    return false;
  }

  void require(byte[] expected) {
    if (!skip(expected)) {
      throw new Unusual();
    }
  }

  private byte next() {
    if (at == end) {
      throw new Unusual();
    }
    return text[at];
  }

  /** After an item: true if another follows, false behind the closing bracket. */
  boolean another(char closing) {
    if (next() == closing) {
      at++;
      return false;
    }
    require(COMMA);
    return true;
  }

  /** Behind an opening bracket if it comes next. */
  void open(char bracket) {
    if (next() != bracket) {
      throw new Unusual();
    }
    at++;
  }

  /** Behind the closing bracket if there is nothing in between. */
  boolean isEmpty(char closing) {
    if (next() == closing) {
      at++;
      return true;
    }
    return false;
  }

  /** A key and what parts it from its value. */
  String name() {
    int start = at + 1;
    skipPlain();
    String name = latin(start, at - 1);
    require(COLON);
    return name;
  }

  @Nullable String textOrNull() {
    return skip(NULL) ? null : string();
  }

  /** The same, and most likely this text, which is then not made anew. */
  @Nullable String textOrNull(@Nullable String likely) {
    return likely != null && skipString(likely) ? likely : textOrNull();
  }

  private boolean skipString(String expected) {
    int length = expected.length();
    int closing = at + 1 + length;
    if (closing >= end || text[at] != '"' || text[closing] != '"') {
      return false;
    }
    for (int i = 0; i < length; i++) {
      char c = expected.charAt(i);
      if (text[at + 1 + i] != c || c < ' ' || c == '"' || c == '\\') {
        return false;
      }
    }
    at = closing + 1;
    return true;
  }

  @Nullable Boolean flagOrNull() {
    if (skip(NULL)) {
      return null;
    }
    if (skip(FALSE)) {
      return false;
    }
    require(TRUE);
    return true;
  }

  /** A whole number of 32 bits. */
  @Nullable Integer intOrNull() {
    if (skip(NULL)) {
      return null;
    }
    if (value(0) instanceof Integer number) {
      return number;
    }
    throw new Unusual();
  }

  /** Behind a string that has no escapes, which starts here. */
  void skipPlain() {
    open('"');
    int i = at;
    while (i < end) {
      byte c = text[i++];
      if (c == '"') {
        at = i;
        return;
      }
      if (c < ' ' || c == '\\') { // beyond ASCII is below zero
        break;
      }
    }
    throw new Unusual();
  }

  String string() {
    open('"');
    int start = at;
    int i = at;
    while (i < end) {
      byte c = text[i++];
      if (c == '"') {
        at = i;
        return latin(start, i - 1);
      }
      if (c == '\\') {
        return escaped(start, i - 1);
      }
      if (c < ' ') {
        break;
      }
    }
    throw new Unusual();
  }

  /** The string from its start, of which the first escape is here. */
  private String escaped(int start, int first) {
    StringBuilder unescaped = new StringBuilder(first - start + 32);
    unescaped.append(latin(start, first));
    int i = first;
    while (i < end) {
      byte c = text[i++];
      if (c == '"') {
        at = i;
        return unescaped.toString();
      }
      if (c < ' ' || (c == '\\' && i == end)) {
        break;
      }
      if (c != '\\') {
        unescaped.append((char) c);
        continue;
      }
      switch (text[i++]) {
        case '"' -> unescaped.append('"');
        case '\\' -> unescaped.append('\\');
        case '/' -> unescaped.append('/');
        case 'n' -> unescaped.append('\n');
        case 'r' -> unescaped.append('\r');
        case 't' -> unescaped.append('\t');
        case 'b' -> unescaped.append('\b');
        case 'f' -> unescaped.append('\f');
        case 'u' -> {
          unescaped.append(unit(i));
          i += 4;
        }
        default -> throw new Unusual();
      }
    }
    throw new Unusual();
  }

  private char unit(int from) {
    if (from + 4 > end) {
      throw new Unusual();
    }
    int unit = 0;
    for (int i = from; i < from + 4; i++) {
      int digit = text[i] < 0 ? -1 : Character.digit(text[i], 16);
      if (digit < 0) {
        throw new Unusual();
      }
      unit = unit << 4 | digit;
    }
    return (char) unit;
  }

  private String latin(int from, int to) {
    return new String(text, from, to - from, StandardCharsets.ISO_8859_1);
  }

  /** Any value, nested at most so deep. */
  @Nullable Object value(int deeper) {
    return switch (next()) {
      case '"' -> string();
      case '{' -> object(deeper - 1);
      case '[' -> array(deeper - 1);
      case 'n' -> literal(NULL, null);
      case 't' -> literal(TRUE, true);
      case 'f' -> literal(FALSE, false);
      default -> number();
    };
  }

  private @Nullable Object literal(byte[] expected, @Nullable Boolean value) {
    require(expected);
    return value;
  }

  /** An object of values nested at most so deep. */
  Map<String, @Nullable Object> object(int deeper) {
    check(deeper);
    open('{');
    Map<String, @Nullable Object> object = new LinkedHashMap<>();
    if (isEmpty('}')) {
      return object;
    }
    do {
      String name = name();
      if (name.equals("__type__")) {
        throw new Unusual();
      }
      object.put(name, value(deeper));
    } while (another('}'));
    return object;
  }

  /** An array of values nested at most so deep. */
  List<@Nullable Object> array(int deeper) {
    check(deeper);
    open('[');
    List<@Nullable Object> items = new ArrayList<>();
    if (isEmpty(']')) {
      return items;
    }
    do {
      items.add(value(deeper));
    } while (another(']'));
    return items;
  }

  private static void check(int deeper) {
    if (deeper < 0) {
      throw new Unusual();
    }
  }

  private Number number() {
    int start = at;
    boolean negative = next() == '-';
    if (negative) {
      at++;
    }
    int first = at;
    long whole = digits();
    int count = at - first;
    if ((count > 1 && text[first] == '0') || count > MOST_DIGITS) {
      throw new Unusual();
    }
    if (at < end && (text[at] == '.' || text[at] == 'e' || text[at] == 'E')) {
      return real(start, negative, whole, count);
    }
    if (negative && whole == 0) {
      throw new Unusual();
    }
    long value = negative ? -whole : whole;
    if (value == (int) value) {
      return (int) value;
    }
    return value;
  }

  /**
   * A quotient of two whole numbers that are exact as doubles is what rounding the decimal fraction
   * once gives; so where both are small enough, there is no need of {@link Double#parseDouble}.
   */
  private Double real(int start, boolean negative, long whole, int count) {
    int places = 0;
    long scaled = whole;
    if (text[at] == '.') {
      at++;
      int first = at;
      long fraction = digits();
      places = at - first;
      if (count + places <= MOST_DIGITS) {
        scaled = whole * POWERS_OF_TEN[places] + fraction;
      }
    }
    boolean exact = count + places <= MOST_DIGITS && scaled <= MOST_EXACT;
    if (exact && (at == end || (text[at] != 'e' && text[at] != 'E'))) {
      double value = (double) scaled / POWERS_OF_TEN[places];
      return negative ? -value : value;
    }
    if (at < end && (text[at] == 'e' || text[at] == 'E')) {
      at++;
      if (at < end && (text[at] == '+' || text[at] == '-')) {
        at++;
      }
      digits();
    }
    return Double.parseDouble(latin(start, at));
  }

  /** At least one; their value where there are few enough. */
  private long digits() {
    int start = at;
    long value = 0;
    while (at < end && text[at] >= '0' && text[at] <= '9') {
      value = value * 10 + (text[at] - '0');
      at++;
    }
    if (at == start) {
      throw new Unusual();
    }
    return value;
  }
}
