package dev.stalk.broker.codec;

import com.github.luben.zstd.ZstdInputStream;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** The only class that touches zstd-jni. */
final class Zstd {
  private Zstd() {}

  /** In one go: a stream would leave the length out of the frame. */
  static void compress(byte[] body, OutputStream to) throws IOException {
    to.write(com.github.luben.zstd.Zstd.compress(body));
  }

  static InputStream decompressing(byte[] body) throws IOException {
    if (body.length == 0) {
      throw new EOFException("no frame"); // which the stream takes for an end
    }
    return new ZstdInputStream(new ByteArrayInputStream(body));
  }
}
