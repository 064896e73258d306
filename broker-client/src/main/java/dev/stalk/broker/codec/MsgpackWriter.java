package dev.stalk.broker.codec;

import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.temporal.Temporal;
import java.util.Collection;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Writes msgpack as Python's {@code packb(value, use_bin_type=True)} does, which is what kombu
 * calls (kombu {@code serialization.py:register_msgpack}): the shortest form of whole numbers,
 * doubles, text as UTF-8, bytes as bytes. An {@link Instant} becomes the format's own timestamp.
 * The format is small enough to be written here; its library for the JVM wants access to the JVM's
 * insides.
 *
 * <p>Not thread-safe.
 */
final class MsgpackWriter implements ValueWriter {
  private static final BigInteger MOST = BigInteger.ONE.shiftLeft(64);
  private static final String REMEDY =
      " has no form in msgpack, as in Python; send it as text, or use the serializer json";

  private final ByteArrayOutputStream out = new ByteArrayOutputStream(256);
  private final int maxDepth;
  private int depth;

  private MsgpackWriter(int maxDepth) {
    this.maxDepth = maxDepth;
  }

  static byte[] encode(@Nullable Object value, ContentConfig content) {
    MsgpackWriter writer = new MsgpackWriter(content.maxDepth());
    writer.value(value);
    return writer.out.toByteArray();
  }

  @Override
  public void value(@Nullable Object value) {
    if (value == null) {
      out.write(0xc0);
    } else if (value instanceof String text) {
      string(text);
    } else if (value instanceof Boolean flag) {
      out.write(flag ? 0xc3 : 0xc2);
    } else if (value instanceof Integer || value instanceof Long) {
      integer((Number) value);
    } else if (value instanceof Double || value instanceof Float) {
      out.write(0xcb);
      number(Double.doubleToRawLongBits(((Number) value).doubleValue()), 8);
    } else if (value instanceof Map<?, ?> map) {
      map(map);
    } else if (value instanceof Collection<?> items) {
      array(items);
    } else {
      JavaValues.write(value, this);
    }
  }

  @Override
  public void integer(Number whole) {
    if (whole instanceof BigInteger big && big.bitLength() > 63) {
      if (big.signum() < 0 || big.compareTo(MOST) >= 0) {
        throw new EncodingException(
            "a whole number below -2^63 or from 2^64 on" + REMEDY + ", which have no bounds");
      }
      out.write(0xcf);
      number(big.longValue(), 8);
      return;
    }
    long value = whole.longValue();
    if (value >= -32 && value <= 127) {
      out.write((int) value);
    } else if (value >= 0) {
      sized(value, 0xcc, 0xcd, 0xce, 0xcf);
    } else if (value >= Byte.MIN_VALUE) {
      tagged(0xd0, value, 1);
    } else if (value >= Short.MIN_VALUE) {
      tagged(0xd1, value, 2);
    } else if (value >= Integer.MIN_VALUE) {
      tagged(0xd2, value, 4);
    } else {
      tagged(0xd3, value, 8);
    }
  }

  @Override
  public void string(String text) {
    ByteBuffer utf8;
    try {
      utf8 = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
    } catch (CharacterCodingException e) {
      throw new EncodingException("text with half a surrogate pair" + REMEDY, e);
    }
    int length = utf8.remaining();
    if (length < 32) {
      out.write(0xa0 | length);
    } else {
      sized(length, 0xd9, 0xda, 0xdb, 0);
    }
    out.write(utf8.array(), utf8.arrayOffset() + utf8.position(), length);
  }

  @Override
  public void bytes(byte[] bytes) {
    sized(bytes.length, 0xc4, 0xc5, 0xc6, 0);
    out.writeBytes(bytes);
  }

  @Override
  public void array(Collection<?> items) {
    begin(items.size(), 0x90, 0xdc);
    for (Object item : items) { // a loop takes less of the stack than forEach
      value(item);
    }
    depth--;
  }

  /** Keys become text as in JSON: Python reads no other. */
  private void map(Map<?, ?> map) {
    begin(map.size(), 0x80, 0xde);
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      string(JavaValues.keyText(entry.getKey()));
      value(entry.getValue());
    }
    depth--;
  }

  private void begin(int size, int small, int large) {
    if (++depth > maxDepth) {
      throw new EncodingException(
          "a value is nested deeper than " + maxDepth + " levels, or contains itself");
    }
    if (size < 16) {
      out.write(small | size);
    } else if (size < 1 << 16) {
      tagged(large, size, 2);
    } else {
      tagged(large + 1, size, 4);
    }
  }

  /** A Python peer sees a {@code msgpack.Timestamp}. */
  @Override
  public void dateTime(Temporal time) {
    if (!(time instanceof Instant instant)) {
      throw new EncodingException(time.getClass().getSimpleName() + REMEDY);
    }
    long seconds = instant.getEpochSecond();
    int nanos = instant.getNano();
    if (nanos == 0 && seconds >>> 32 == 0) {
      out.write(0xd6);
      tagged(0xff, seconds, 4);
    } else if (seconds >>> 34 == 0) {
      out.write(0xd7);
      tagged(0xff, ((long) nanos << 34) | seconds, 8);
    } else {
      out.write(0xc7);
      out.write(12);
      tagged(0xff, nanos, 4);
      number(seconds, 8);
    }
  }

  @Override
  public void decimal(BigDecimal decimal) {
    throw new EncodingException("BigDecimal" + REMEDY);
  }

  @Override
  public void date(LocalDate date) {
    throw new EncodingException("LocalDate" + REMEDY);
  }

  @Override
  public void time(Temporal time) {
    throw new EncodingException(time.getClass().getSimpleName() + REMEDY);
  }

  @Override
  public void uuid(UUID uuid) {
    throw new EncodingException("UUID" + REMEDY);
  }

  /** A number that is not negative, behind the tag of the smallest size it fits. */
  private void sized(long value, int tag8, int tag16, int tag32, int tag64) {
    if (value < 1 << 8) {
      tagged(tag8, value, 1);
    } else if (value < 1 << 16) {
      tagged(tag16, value, 2);
    } else if (value < 1L << 32) {
      tagged(tag32, value, 4);
    } else {
      tagged(tag64, value, 8);
    }
  }

  private void tagged(int tag, long value, int bytes) {
    out.write(tag);
    number(value, bytes);
  }

  private void number(long value, int bytes) {
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
      out.write((int) (value >>> shift));
    }
  }
}
