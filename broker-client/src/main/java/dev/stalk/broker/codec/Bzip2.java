package dev.stalk.broker.codec;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorOutputStream;

/** The only class that touches commons-compress. */
final class Bzip2 {
  private Bzip2() {}

  static void compress(byte[] body, OutputStream to) throws IOException {
    try (OutputStream out = new BZip2CompressorOutputStream(to)) {
      out.write(body);
    }
  }

  static InputStream decompressing(byte[] body) throws IOException {
    return new BZip2CompressorInputStream(new ByteArrayInputStream(body), true);
  }
}
