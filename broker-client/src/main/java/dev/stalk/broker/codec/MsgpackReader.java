package dev.stalk.broker.codec;

import java.math.BigInteger;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads msgpack as Python's {@code unpackb(bytes, raw=False)} does, which is what kombu calls
 * (kombu {@code serialization.py:register_msgpack}). Of the extension types it knows the timestamp
 * and refuses the others. A length in the bytes is never believed before the bytes are there. The
 * keys of a map become text, as JSON has them.
 *
 * <p>Not thread-safe.
 */
final class MsgpackReader {
  private static final int TIMESTAMP = -1;

  private final ByteBuffer in;
  private final int maxDepth;

  private MsgpackReader(byte[] bytes, int maxDepth) {
    this.in = ByteBuffer.wrap(bytes);
    this.maxDepth = maxDepth;
  }

  static @Nullable Object read(byte[] bytes, ContentConfig content) {
    MsgpackReader reader = new MsgpackReader(bytes, content.maxDepth());
    try {
      Object value = reader.value(0);
      if (reader.in.hasRemaining()) {
        throw reader.broken("there are more bytes after the value");
      }
      return value;
    } catch (BufferUnderflowException e) {
      throw new MalformedMessageException("not msgpack: it ends in the middle of a value", e);
    }
  }

  private @Nullable Object value(int depth) {
    int tag = in.get() & 0xff;
    if (tag < 0x80 || tag >= 0xe0) {
      return (int) (byte) tag;
    }
    if (tag < 0x90) {
      return map(tag & 15, depth);
    }
    if (tag < 0xa0) {
      return array(tag & 15, depth);
    }
    if (tag < 0xc0) {
      return text(tag & 31);
    }
    return switch (tag) {
      case 0xc0 -> null;
      case 0xc2 -> false;
      case 0xc3 -> true;
      case 0xc4 -> bytes(length(1));
      case 0xc5 -> bytes(length(2));
      case 0xc6 -> bytes(length(4));
      case 0xc7 -> extension(length(1));
      case 0xc8 -> extension(length(2));
      case 0xc9 -> extension(length(4));
      case 0xca -> (double) in.getFloat();
      case 0xcb -> in.getDouble();
      case 0xcc -> in.get() & 0xff;
      case 0xcd -> in.getShort() & 0xffff;
      case 0xce -> whole(in.getInt() & 0xffffffffL);
      case 0xcf -> unsigned(in.getLong());
      case 0xd0 -> (int) in.get();
      case 0xd1 -> (int) in.getShort();
      case 0xd2 -> in.getInt();
      case 0xd3 -> whole(in.getLong());
      case 0xd4, 0xd5, 0xd6, 0xd7, 0xd8 -> extension(1 << (tag - 0xd4));
      case 0xd9 -> text(length(1));
      case 0xda -> text(length(2));
      case 0xdb -> text(length(4));
      case 0xdc -> array(length(2), depth);
      case 0xdd -> array(length(4), depth);
      case 0xde -> map(length(2), depth);
      case 0xdf -> map(length(4), depth);
      default -> throw broken("no value begins with the byte 0x" + Integer.toHexString(tag));
    };
  }

  /** As JSON's numbers come: an Integer where it fits. */
  private static Object whole(long value) {
    if (value == (int) value) {
      return (int) value;
    }
    return value;
  }

  private static Object unsigned(long value) {
    return value >= 0 ? whole(value) : new BigInteger(Long.toUnsignedString(value));
  }

  /** Every element takes at least a byte, so there cannot be more of them than bytes. */
  private int length(int bytes) {
    long length =
        switch (bytes) {
          case 1 -> in.get() & 0xff;
          case 2 -> in.getShort() & 0xffff;
          default -> in.getInt() & 0xffffffffL;
        };
    if (length > in.remaining()) {
      throw new BufferUnderflowException();
    }
    return (int) length;
  }

  private byte[] bytes(int length) {
    if (length > in.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] bytes = new byte[length];
    in.get(bytes);
    return bytes;
  }

  private String text(int length) {
    byte[] utf8 = bytes(length);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
    } catch (CharacterCodingException e) {
      throw new MalformedMessageException("not msgpack: a text is not UTF-8" + place(), e);
    }
  }

  private List<@Nullable Object> array(int size, int depth) {
    check(depth);
    List<@Nullable Object> items = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      items.add(value(depth + 1));
    }
    return items;
  }

  private Map<String, @Nullable Object> map(int size, int depth) {
    check(depth);
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    for (int i = 0; i < size; i++) {
      Object key = value(depth + 1);
      if (key instanceof Map || key instanceof List || key instanceof byte[]) {
        throw broken("a key of a map is " + Fields.kind(key));
      }
      map.put(JavaValues.keyText(key), value(depth + 1));
    }
    return map;
  }

  private void check(int depth) {
    if (depth >= maxDepth) {
      throw broken("a value is nested deeper than " + maxDepth + " levels");
    }
  }

  private Instant extension(int length) {
    int type = in.get();
    if (type != TIMESTAMP) {
      throw broken("extension type " + type + " is not known; only the timestamp is");
    }
    ByteBuffer data = ByteBuffer.wrap(bytes(length));
    try {
      return switch (length) {
        case 4 -> Instant.ofEpochSecond(data.getInt() & 0xffffffffL);
        case 8 -> {
          long both = data.getLong();
          yield Instant.ofEpochSecond(both & 0x3ffffffffL, both >>> 34);
        }
        case 12 -> {
          long nanos = data.getInt() & 0xffffffffL;
          yield Instant.ofEpochSecond(data.getLong(), nanos);
        }
        default -> throw broken("a timestamp of " + length + " bytes");
      };
    } catch (DateTimeException | ArithmeticException e) {
      throw new MalformedMessageException("not msgpack: a timestamp out of range" + place(), e);
    }
  }

  private MalformedMessageException broken(String what) {
    return new MalformedMessageException("not msgpack: " + what + place());
  }

  private String place() {
    return ", at byte " + in.position();
  }
}
