package dev.stalk.broker.codec;

import com.aayushatharva.brotli4j.Brotli4jLoader;
import com.aayushatharva.brotli4j.decoder.BrotliInputStream;
import com.aayushatharva.brotli4j.encoder.BrotliOutputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** The only class that touches brotli4j. */
final class Brotli {
  private Brotli() {}

  static void compress(byte[] body, OutputStream to) throws IOException {
    Brotli4jLoader.ensureAvailability();
    try (OutputStream out = new BrotliOutputStream(to)) {
      out.write(body);
    }
  }

  static InputStream decompressing(byte[] body) throws IOException {
    Brotli4jLoader.ensureAvailability();
    return new BrotliInputStream(new ByteArrayInputStream(body));
  }
}
