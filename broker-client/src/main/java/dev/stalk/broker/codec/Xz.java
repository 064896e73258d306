package dev.stalk.broker.codec;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.LZMAInputStream;
import org.tukaani.xz.XZInputStream;
import org.tukaani.xz.XZOutputStream;

/** The only class that touches org.tukaani:xz. */
final class Xz {
  /** What the highest preset, 9, needs. A header may ask for 4 GiB. */
  private static final int MOST_MEMORY_KIB = 70_000;

  private Xz() {}

  /** No dictionary larger than the body: the encoder takes ten times its size in memory. */
  static void compress(byte[] body, OutputStream to) throws IOException {
    LZMA2Options options = new LZMA2Options();
    options.setDictSize(
        Math.min(options.getDictSize(), Math.max(LZMA2Options.DICT_SIZE_MIN, body.length)));
    try (OutputStream out = new XZOutputStream(to, options)) {
      out.write(body);
    }
  }

  static InputStream decompressing(byte[] body) throws IOException {
    InputStream in = new ByteArrayInputStream(body);
    boolean xz = body.length > 0 && body[0] == (byte) 0xfd;
    return xz ? new XZInputStream(in, MOST_MEMORY_KIB) : new LZMAInputStream(in, MOST_MEMORY_KIB);
  }
}
