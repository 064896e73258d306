package dev.stalk.broker.codec;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.InflaterInputStream;
import org.jspecify.annotations.Nullable;

/**
 * How a body is made smaller, under kombu's names and content types (kombu {@code compression.py}).
 * Each library is touched only where it is used, so only who uses it needs it.
 */
enum Compression {
  /** A zlib stream, whatever its name says; a real gzip file is read too, which kombu does not. */
  GZIP("application/x-gzip", "the JDK", "gzip", "zlib") {
    @Override
    void compress(byte[] body, OutputStream to) throws IOException {
      try (OutputStream out = new DeflaterOutputStream(to)) {
        out.write(body);
      }
    }

    @Override
    InputStream decompressing(byte[] body) throws IOException {
      InputStream in = new ByteArrayInputStream(body);
      boolean gzip = body.length > 1 && body[0] == 0x1f && body[1] == (byte) 0x8b;
      return gzip ? new GZIPInputStream(in) : new InflaterInputStream(in);
    }
  },

  BZIP2("application/x-bz2", "org.apache.commons:commons-compress", "bzip2", "bzip") {
    @Override
    void compress(byte[] body, OutputStream to) throws IOException {
      Bzip2.compress(body, to);
    }

    @Override
    InputStream decompressing(byte[] body) throws IOException {
      return Bzip2.decompressing(body);
    }
  },

  /** Written as an xz file; the older lzma file is read too, as Python does. */
  LZMA("application/x-lzma", "org.tukaani:xz", "lzma", "xz") {
    @Override
    void compress(byte[] body, OutputStream to) throws IOException {
      Xz.compress(body, to);
    }

    @Override
    InputStream decompressing(byte[] body) throws IOException {
      return Xz.decompressing(body);
    }
  },

  BROTLI("application/x-brotli", "com.aayushatharva.brotli4j:brotli4j", "brotli", "brotli") {
    @Override
    void compress(byte[] body, OutputStream to) throws IOException {
      Brotli.compress(body, to);
    }

    @Override
    InputStream decompressing(byte[] body) throws IOException {
      return Brotli.decompressing(body);
    }
  },

  /** With its length in the frame: what kombu 5.2 uses reads no other. */
  ZSTD("application/zstd", "com.github.luben:zstd-jni", "zstd", "zstandard") {
    @Override
    void compress(byte[] body, OutputStream to) throws IOException {
      Zstd.compress(body, to);
    }

    @Override
    InputStream decompressing(byte[] body) throws IOException {
      return Zstd.decompressing(body);
    }
  };

  private static final String NONE = "none";
  private static final int CHUNK = 16 * 1024;
  private static final String NAMES =
      Arrays.stream(values()).map(Compression::officialName).collect(Collectors.joining(", "));

  private final String contentType;
  private final String artifact;
  private final String officialName;
  private final String alias;

  Compression(String contentType, String artifact, String officialName, String alias) {
    this.contentType = contentType;
    this.artifact = artifact;
    this.officialName = officialName;
    this.alias = alias;
  }

  /** Kombu's first name for it. */
  String officialName() {
    return officialName;
  }

  /** What the header {@code compression} says. */
  String contentType() {
    return contentType;
  }

  abstract void compress(byte[] body, OutputStream to) throws IOException;

  abstract InputStream decompressing(byte[] body) throws IOException;

  /**
   * By any of kombu's names or the content type.
   *
   * @return null for {@code none}
   * @throws IllegalArgumentException if there is none of this name
   */
  static @Nullable Compression named(String name) {
    Compression found = find(name);
    if (found == null && !name.equals(NONE)) {
      throw new IllegalArgumentException(
          "there is no compression '%s', only %s and %s".formatted(name, NAMES, NONE));
    }
    return found;
  }

  /**
   * By the header of a message; kombu understands names there too.
   *
   * @throws MalformedMessageException if it is none of these
   */
  static Compression ofHeader(String name) {
    Compression found = find(name);
    if (found == null) {
      throw new MalformedMessageException(
          "message.headers.compression is %s, not one of %s".formatted(Fields.kind(name), NAMES));
    }
    return found;
  }

  private static @Nullable Compression find(String name) {
    for (Compression compression : values()) {
      if (compression.contentType.equals(name)
          || compression.officialName.equals(name)
          || compression.alias.equals(name)) {
        return compression;
      }
    }
    return null;
  }

  /**
   * The body, smaller.
   *
   * @throws EncodingException if the library is missing
   */
  byte[] compress(byte[] body) {
    ByteArrayOutputStream smaller = new ByteArrayOutputStream(body.length / 2 + 64);
    try {
      compress(body, smaller);
    } catch (IOException e) {
      throw new EncodingException("%s cannot compress: %s".formatted(officialName(), e), e);
    } catch (LinkageError e) {
      throw new EncodingException(missing(), e);
    }
    return smaller.toByteArray();
  }

  /**
   * The body as it was. Stops as soon as there is more of it than allowed, so that a small body
   * cannot fill the memory.
   *
   * @param limit the most bytes there may be
   * @throws MalformedMessageException if it is damaged or larger, or the library is missing
   */
  byte[] decompress(byte[] body, int limit) {
    try (InputStream in = decompressing(body)) {
      return read(in, body.length, limit);
    } catch (IOException | RuntimeException e) {
      if (e instanceof MalformedMessageException tooLarge) {
        throw tooLarge;
      }
      throw new MalformedMessageException(
          "message.body is not %s, as its header compression says: %s".formatted(officialName(), e),
          e);
    } catch (LinkageError e) {
      throw new MalformedMessageException(missing(), e);
    }
  }

  private static byte[] read(InputStream in, int compressed, int limit) throws IOException {
    byte[] buffer = new byte[(int) Math.min(limit + 1L, Math.max(CHUNK, compressed * 3L))];
    int size = 0;
    while (true) {
      int count = in.read(buffer, size, buffer.length - size);
      if (count < 0) {
        return Arrays.copyOf(buffer, size);
      }
      size += count;
      if (size > limit) {
        throw new MalformedMessageException(
            "message.body has more than %d bytes when decompressed, which is content.max-decompressed-size"
                .formatted(limit));
      }
      if (size == buffer.length) {
        buffer = Arrays.copyOf(buffer, (int) Math.min(limit + 1L, size * 2L));
      }
    }
  }

  private String missing() {
    return "compression %s needs %s on the class path".formatted(officialName(), artifact);
  }
}
