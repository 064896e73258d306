package dev.stalk.peers;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The packages of a Python environment, each with its version, as in pip's requirements file.
 *
 * @param text the file
 */
record Requirements(String text) {

  private static final String CELERY = "celery==";

  /**
   * The pins of a line of Celery.
   *
   * @param line such as {@code 5.7}
   * @throws IllegalArgumentException if there are none
   */
  static Requirements ofCelery(String line) {
    return read("celery-" + line + ".txt", line);
  }

  /**
   * The same, and the packages of every content type and compression that this line's kombu knows.
   *
   * @param line such as {@code 5.7}
   * @throws IllegalArgumentException if there are none
   */
  static Requirements ofCeleryWithContents(String line) {
    String content = read("content-" + line + ".txt", line).text;
    return new Requirements(ofCelery(line).text + content);
  }

  /**
   * The same as {@link #ofCelery}, and the packages with which this line signs messages.
   *
   * @param line such as {@code 5.7}
   * @throws IllegalArgumentException if there are none
   */
  static Requirements ofCeleryWithAuth(String line) {
    String auth = read("auth-" + line + ".txt", line).text;
    return new Requirements(ofCelery(line).text + auth);
  }

  private static Requirements read(String resource, String line) {
    try (InputStream file = Requirements.class.getResourceAsStream(resource)) {
      if (file == null) {
        throw new IllegalArgumentException("no pins for Celery " + line + ", only for 5.7 and 5.2");
      }
      return new Requirements(new String(file.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The version of Celery in it. */
  String celeryVersion() {
    return text.lines()
        .filter(line -> line.startsWith(CELERY))
        .map(line -> line.substring(CELERY.length()).strip())
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("requirements without " + CELERY));
  }

  /** A name that differs for different requirements, such as {@code celery-5.7.0-0a1b2c3d}. */
  String name() {
    return "celery-" + celeryVersion() + "-" + HexFormat.of().formatHex(digest(), 0, 4);
  }

  private byte[] digest() {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
