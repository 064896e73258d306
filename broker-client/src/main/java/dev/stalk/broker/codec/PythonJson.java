package dev.stalk.broker.codec;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.temporal.Temporal;
import java.util.Base64;
import java.util.Collection;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Writes JSON exactly as Python's {@code json.dumps} does under kombu's defaults: {@code ", "} and
 * {@code ": "} between tokens, ASCII only with lower-case {@code \}{@code u} escapes, Python's form
 * of floats, bare {@code NaN} and {@code Infinity} (kombu {@code utils/json.py:dumps}). Chords
 * count their parts by these bytes, which is why no general JSON writer will do.
 *
 * <p>Grows one buffer; not thread-safe.
 */
class PythonJson implements ValueWriter {
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] TRUE = ascii("true");
  private static final byte[] FALSE = ascii("false");
  private static final byte[] NULL = ascii("null");

  /** Has one digit more than Python reads (its {@code sys.int_info.default_max_str_digits}). */
  private static final BigInteger BEYOND_PYTHON = BigInteger.TEN.pow(4300);

  private final JsonTypes types;
  private final int maxDepth;
  private byte[] buffer;
  private int size;
  private int depth;

  /**
   * @param types how values are written that are not JSON's own
   * @param maxDepth deeper values are refused; this also ends a structure that contains itself
   */
  PythonJson(int capacity, JsonTypes types, int maxDepth) {
    this.types = types;
    this.maxDepth = maxDepth;
    buffer = new byte[capacity];
  }

  /** The JSON text of one value, in a new array. */
  static byte[] encode(@Nullable Object value) {
    return encode(value, ContentConfig.DEFAULT);
  }

  static byte[] encode(@Nullable Object value, ContentConfig content) {
    PythonJson json = new PythonJson(256, content.jsonTypes(), content.maxDepth());
    json.value(value);
    return json.toBytes();
  }

  byte[] toBytes() {
    return java.util.Arrays.copyOf(buffer, size);
  }

  /** How many bytes have been written. */
  int size() {
    return size;
  }

  /**
   * Writes any value Python could read back.
   *
   * @throws EncodingException if the value, or something in it, has no form in JSON
   */
  @Override
  public final void value(@Nullable Object value) {
    if (value == null) {
      raw(NULL);
    } else if (value instanceof String text) {
      string(text);
    } else if (value instanceof Boolean flag) {
      raw(flag ? TRUE : FALSE);
    } else if (value instanceof Integer || value instanceof Long) {
      raw(ascii(value.toString()));
    } else if (value instanceof Double || value instanceof Float) {
      real(((Number) value).doubleValue());
    } else if (value instanceof Map<?, ?> map) {
      map(map);
    } else if (value instanceof Collection<?> items) {
      array(items);
    } else {
      JavaValues.write(value, this);
    }
  }

  /** Python's {@code repr}, but NaN and Infinity as its json module has them. */
  void real(double value) {
    raw(ascii(PythonFloat.repr(value)));
  }

  final void map(Map<?, ?> map) {
    check(map);
    begin('{');
    boolean first = true;
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      if (!first) {
        separator();
      }
      first = false;
      name(JavaValues.keyText(entry.getKey()));
      value(entry.getValue());
    }
    end('}');
  }

  /** Refuses what would be read as something else. */
  void check(Map<?, ?> map) {
    if (looksMarked(map)) {
      throw new EncodingException(
          "a map with exactly the keys __type__ and __value__ would be taken for one of kombu's"
              + " marked types; add a key or rename one");
    }
  }

  /**
   * By the text of the keys: a map's own look-up may refuse keys of another type, and two keys may
   * have the same text.
   */
  private static boolean looksMarked(Map<?, ?> map) {
    if (map.size() < 2) {
      return false;
    }
    for (Object key : map.keySet()) {
      String text = JavaValues.keyText(key);
      if (!text.equals("__type__") && !text.equals("__value__")) {
        return false;
      }
    }
    return true;
  }

  @Override
  public final void array(Collection<?> items) {
    begin('[');
    boolean first = true;
    for (Object item : items) {
      if (!first) {
        separator();
      }
      first = false;
      value(item);
    }
    end(']');
  }

  @Override
  public final void integer(Number whole) {
    if (whole instanceof BigInteger big && hasTooManyDigits(big)) {
      throw new EncodingException(
          "a whole number has more than 4300 digits, which Python does not read; send it as text");
    }
    raw(ascii(whole.toString()));
  }

  private static boolean hasTooManyDigits(BigInteger whole) {
    return whole.bitLength() > 14_000 && whole.abs().compareTo(BEYOND_PYTHON) >= 0;
  }

  @Override
  public void decimal(BigDecimal decimal) {
    textual("decimal", decimal.toString(), decimal.toString());
  }

  @Override
  public void dateTime(Temporal time) {
    String text = PythonTime.isoDateTime(time);
    boolean inUtc = types == JsonTypes.PLAIN && text.endsWith("+00:00");
    textual("datetime", text, inUtc ? text.substring(0, text.length() - 6) + "Z" : text);
  }

  @Override
  public void date(LocalDate date) {
    String text = PythonTime.isoformat(date);
    textual("date", text, text + "T00:00:00");
  }

  @Override
  public void time(Temporal time) {
    String text = PythonTime.isoTime(time);
    textual("time", text, text);
  }

  @Override
  public void uuid(UUID uuid) {
    if (types == JsonTypes.PLAIN) {
      string(uuid.toString());
    } else {
      marked("uuid", Map.of("hex", uuid.toString().replace("-", "")));
    }
  }

  @Override
  public void bytes(byte[] bytes) {
    if (types == JsonTypes.PLAIN) {
      throw new EncodingException(
          "bytes have no form in JSON's plain types, as in kombu up to 5.2; encode them as text, in"
              + " base64 for instance");
    }
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      marked("bytes", text);
    } catch (CharacterCodingException notText) {
      marked("base64", Base64.getEncoder().encodeToString(bytes));
    }
  }

  private void textual(String type, String marked, String plain) {
    if (types == JsonTypes.PLAIN) {
      string(plain);
    } else {
      marked(type, marked);
    }
  }

  /** Writes one of kombu's marked values (kombu {@code utils/json.py:register_type}). */
  private void marked(String type, Object value) {
    begin('{');
    name("__type__");
    string(type);
    separator();
    name("__value__");
    value(value);
    end('}');
  }

  final void begin(char bracket) {
    if (++depth > maxDepth) {
      throw new EncodingException(
          "a value is nested deeper than " + maxDepth + " levels, or contains itself");
    }
    put((byte) bracket);
  }

  final void end(char bracket) {
    depth--;
    put((byte) bracket);
  }

  final void separator() {
    ensure(2);
    buffer[size++] = ',';
    buffer[size++] = ' ';
  }

  void name(String name) {
    string(name);
    ensure(2);
    buffer[size++] = ':';
    buffer[size++] = ' ';
  }

  @Override
  public void string(String text) {
    int length = text.length();
    ensure(length * 6L + 2);
    byte[] out = buffer;
    int at = size;
    out[at++] = '"';
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      if (c >= ' ' && c <= '~' && c != '"' && c != '\\') {
        out[at++] = (byte) c;
      } else {
        at = escape(c, out, at);
      }
    }
    out[at++] = '"';
    size = at;
  }

  private static int escape(char c, byte[] out, int start) {
    int at = start;
    out[at++] = '\\';
    switch (c) {
      case '"', '\\' -> out[at++] = (byte) c;
      case '\n' -> out[at++] = 'n';
      case '\r' -> out[at++] = 'r';
      case '\t' -> out[at++] = 't';
      case '\b' -> out[at++] = 'b';
      case '\f' -> out[at++] = 'f';
      default -> {
        out[at++] = 'u';
        out[at++] = HEX[c >> 12];
        out[at++] = HEX[(c >> 8) & 15];
        out[at++] = HEX[(c >> 4) & 15];
        out[at++] = HEX[c & 15];
      }
    }
    return at;
  }

  /** Writes bytes as a base64 string, standard alphabet with padding. */
  final void base64(byte[] content) {
    base64(content, content.length);
  }

  /** Writes what another writer holds as a base64 string, without a copy of it in between. */
  final void base64(PythonJson content) {
    base64(content.buffer, content.size);
  }

  private void base64(byte[] content, int length) {
    put((byte) '"');
    byte[] exact = length == content.length ? content : java.util.Arrays.copyOf(content, length);
    raw(Base64.getEncoder().encode(exact));
    put((byte) '"');
  }

  /** Writes text that is already JSON. */
  final void raw(byte[] json) {
    ensure(json.length);
    System.arraycopy(json, 0, buffer, size, json.length);
    size += json.length;
  }

  private void put(byte b) {
    ensure(1);
    buffer[size++] = b;
  }

  private void ensure(long more) {
    long needed = size + more;
    if (needed > buffer.length) {
      if (needed > Integer.MAX_VALUE - 16) {
        throw new EncodingException("the JSON text is longer than 2 GiB");
      }
      buffer =
          java.util.Arrays.copyOf(
              buffer, (int) Math.min(Integer.MAX_VALUE - 16, Math.max(needed, buffer.length * 2L)));
    }
  }

  static final byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
