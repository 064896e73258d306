package dev.stalk.broker.security;

import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.StringJoiner;

/**
 * The name by which a signed body says whose it is: the values of the issuer's attributes and the
 * serial number (celery {@code security/certificate.py:Certificate.get_id}). Stateless.
 */
final class CertificateIds {
  private static final int CONSTRUCTED = 0x20;
  private static final int OBJECT_IDENTIFIER = 6;
  private static final int BIT_STRING = 3;
  private static final int UNIVERSAL_STRING = 0x1c;
  private static final int BMP_STRING = 0x1e;

  private CertificateIds() {}

  /**
   * The certificate's id; there is at least one space in it.
   *
   * @throws IllegalArgumentException if its issuer has an attribute that is no text
   */
  static String of(X509Certificate certificate) {
    StringJoiner values = new StringJoiner(" ");
    values.setEmptyValue("");
    addValues(ByteBuffer.wrap(certificate.getIssuerX500Principal().getEncoded()), values);
    return values + " " + certificate.getSerialNumber();
  }

  /**
   * In the order they are encoded in, which is Python's and not that of Java's names. A name in DER
   * holds nothing but identifiers and values.
   */
  private static void addValues(ByteBuffer der, StringJoiner values) {
    while (der.hasRemaining()) {
      int tag = der.get();
      ByteBuffer content = content(der);
      if ((tag & CONSTRUCTED) != 0) {
        addValues(content, values);
      } else if (tag == BIT_STRING) {
        throw new IllegalArgumentException("has an issuer with an attribute that is no text");
      } else if (tag != OBJECT_IDENTIFIER) {
        values.add(charset(tag).decode(content));
      }
    }
  }

  private static ByteBuffer content(ByteBuffer der) {
    int length = der.get() & 0xff;
    if (length > 0x80) {
      int bytes = length & 0x7f;
      length = 0;
      for (int i = 0; i < bytes; i++) {
        length = length << 8 | (der.get() & 0xff);
      }
    }
    ByteBuffer content = der.slice(der.position(), length);
    der.position(der.position() + length);
    return content;
  }

  private static Charset charset(int tag) {
    return switch (tag) {
      case BMP_STRING -> StandardCharsets.UTF_16BE;
      case UNIVERSAL_STRING -> Charset.forName("UTF-32BE");
      default -> StandardCharsets.UTF_8;
    };
  }
}
