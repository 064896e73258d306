package dev.stalk.broker.codec;

import dev.stalk.broker.security.MessageSecurity;
import dev.stalk.broker.security.SignatureLayout;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.SignatureException;
import java.util.Arrays;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A value with the signature of whoever wrote it (celery {@code
 * security/serialization.py:SecureSerializer}): base64 of signer, signature, content type, content
 * encoding and the serialised value, with the bytes 0 and 1 between them. Only the value is signed.
 * Stateless.
 */
final class SignedBody {
  private static final byte[] SEPARATOR = {0, 1};

  /** Content type and encoding, between signature and value. */
  private static final Pattern TYPE =
      Pattern.compile("\\x00\\x01(application/[\\w-]+)\\x00\\x01[\\w-]+\\x00\\x01");

  private SignedBody() {}

  /**
   * Writes and signs.
   *
   * @throws EncodingException if the value has no form, or cannot be signed
   */
  static byte[] encode(@Nullable Object value, ContentConfig content) {
    MessageSecurity security = content.security();
    if (security == null || !security.signs()) {
      throw new EncodingException(
          "the serializer auth needs content.security with key and certificate, to sign with");
    }
    Serializer serializer = Serializer.named(security.serializer());
    byte[] body = serializer.encode(value, content);
    ByteArrayOutputStream fields = new ByteArrayOutputStream(body.length + 1024);
    try {
      byte[] signature = security.sign(body);
      byte[] signer = security.signerId().getBytes(StandardCharsets.UTF_8);
      boolean raw = security.layout() == SignatureLayout.CELERY_5_4;
      fields.writeBytes(raw ? signer : Base64.getEncoder().encode(signer));
      fields.writeBytes(SEPARATOR);
      fields.writeBytes(raw ? signature : Base64.getEncoder().encode(signature));
    } catch (IllegalStateException e) {
      throw new EncodingException(String.valueOf(e.getMessage()), e);
    }
    fields.writeBytes(SEPARATOR);
    fields.writeBytes(serializer.contentType().getBytes(StandardCharsets.US_ASCII));
    fields.writeBytes(SEPARATOR);
    fields.writeBytes(serializer.contentEncoding().getBytes(StandardCharsets.US_ASCII));
    fields.writeBytes(SEPARATOR);
    fields.writeBytes(body);
    return Base64.getEncoder().encode(fields.toByteArray());
  }

  /**
   * Verifies and then reads, in either layout.
   *
   * @throws MalformedMessageException if it is not signed, not by somebody who is known, or not as
   *     it was signed; or what is signed cannot be read
   */
  static @Nullable Object decode(byte[] text, ContentConfig content) {
    MessageSecurity security = content.security();
    if (security == null || !security.verifies()) {
      throw new MalformedMessageException(
          "a signed body needs content.security with a cert-store, to be verified by");
    }
    Reading reading = new Reading(decoded(text, "it"));
    String first = new String(reading.field("signer"), StandardCharsets.UTF_8);
    // an id has a space in it, and base64 has none: one is never taken for the other
    boolean raw = first.indexOf(' ') >= 0;
    String signer =
        raw
            ? first
            : new String(
                decoded(first.getBytes(StandardCharsets.UTF_8), "its signer"),
                StandardCharsets.UTF_8);
    if (raw && security.signatureLength(signer) == 0) {
      throw notBelieved(
          signer, "there is no certificate of that id in the security cert-store", null);
    }
    byte[] signature =
        raw
            ? reading.field("signature", security.signatureLength(signer))
            : decoded(reading.field("signature"), "its signature");
    byte[] type = reading.field("content type");
    byte[] body = reading.bodyAfter("content encoding");
    try {
      security.verify(signer, signature, body);
    } catch (SignatureException e) {
      throw notBelieved(signer, e.getMessage(), e);
    }
    return inner(new String(type, StandardCharsets.UTF_8)).decode(body, content);
  }

  /**
   * Reads what is signed without asking by whom: for whoever need not believe it.
   *
   * @throws MalformedMessageException if it is no signed body, or what is signed cannot be read
   */
  static @Nullable Object unverified(byte[] text, ContentConfig content) {
    byte[] fields = decoded(text, "it");
    Matcher type = TYPE.matcher(new String(fields, StandardCharsets.ISO_8859_1));
    if (!type.find()) {
      throw notSigned("it names no content type");
    }
    byte[] body = Arrays.copyOfRange(fields, type.end(), fields.length);
    return inner(type.group(1)).decode(body, content);
  }

  private static MalformedMessageException notBelieved(
      String signer, @Nullable String why, @Nullable Throwable cause) {
    return new MalformedMessageException(
        "said to be signed by %s, and not believed: %s".formatted(Fields.kind(signer), why), cause);
  }

  /** The type is not signed: it may be any that is harmless to read, whoever wrote it. */
  private static Serializer inner(String contentType) {
    Serializer serializer = Serializer.ofContentType(contentType);
    if (serializer == Serializer.AUTH) {
      throw new MalformedMessageException("what is signed is signed again, which nobody writes");
    }
    return serializer;
  }

  private static byte[] decoded(byte[] base64, String what) {
    try {
      return Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      throw notSigned(what + " is not base64");
    }
  }

  private static MalformedMessageException notSigned(String why) {
    return new MalformedMessageException("not a signed body: " + why);
  }

  /** Takes field after field. */
  private static final class Reading {
    private final byte[] fields;
    private int position;

    Reading(byte[] fields) {
      this.fields = fields;
    }

    /** What stands before the next separator. */
    byte[] field(String name) {
      for (int i = position; i + 1 < fields.length; i++) {
        if (fields[i] == SEPARATOR[0] && fields[i + 1] == SEPARATOR[1]) {
          return field(name, i - position);
        }
      }
      throw notSigned("it ends before the end of its " + name);
    }

    /** So many bytes, among which there may be what looks like a separator. */
    byte[] field(String name, int length) {
      int end = position + length;
      if (end + 1 >= fields.length
          || fields[end] != SEPARATOR[0]
          || fields[end + 1] != SEPARATOR[1]) {
        throw notSigned("its %s does not end where it should".formatted(name));
      }
      byte[] field = Arrays.copyOfRange(fields, position, end);
      position = end + SEPARATOR.length;
      return field;
    }

    /** All that is left after this field. */
    byte[] bodyAfter(String name) {
      var unused = field(name);
      return Arrays.copyOfRange(fields, position, fields.length);
    }
  }
}
