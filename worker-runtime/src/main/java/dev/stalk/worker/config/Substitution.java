package dev.stalk.worker.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Puts environment variables in the place of {@code ${NAME}} and {@code ${NAME:default}}, and the
 * contents of files in the place of {@code ${file:/path}}. An empty variable counts as unset. What
 * comes out of a variable or a file is not looked at again.
 */
final class Substitution {
  private static final Pattern REFERENCE =
      Pattern.compile("\\$\\{(?:([A-Za-z_][A-Za-z0-9_]*)(?::([^{}]*))?})?");

  /** In the place of a variable's name: what follows is the path of a file. */
  private static final String FILE = "file";

  private static final int LARGEST_FILE = 64 << 10;

  private final Map<String, String> environment;

  Substitution(Map<String, String> environment) {
    this.environment = environment;
  }

  /**
   * The text with all its references replaced.
   *
   * @throws IllegalArgumentException if a variable is unset and has no default, naming it, or if a
   *     reference is malformed; the message shows no values
   */
  String apply(String text) {
    return REFERENCE
        .matcher(text)
        .replaceAll(reference -> Matcher.quoteReplacement(value(reference)));
  }

  private String value(MatchResult reference) {
    @Nullable String name = reference.group(1);
    if (name == null) {
      throw new IllegalArgumentException(
          "has a ${ that begins neither ${NAME} nor ${NAME:default}");
    }
    @Nullable String otherwise = reference.group(2);
    if (name.equals(FILE) && otherwise != null) {
      return content(otherwise);
    }
    @Nullable String value = environment.get(name);
    if (value != null && !value.isEmpty()) {
      return value;
    }
    if (otherwise == null) {
      throw new IllegalArgumentException(
          "the environment variable %s is not set; ${%s:...} would give it a default"
              .formatted(name, name));
    }
    return otherwise;
  }

  /**
   * A secret as Docker and Kubernetes mount it; the line's end that editors add is no part of it.
   */
  private static String content(String file) {
    try (InputStream in = Files.newInputStream(Path.of(file))) {
      byte[] bytes = in.readNBytes(LARGEST_FILE + 1);
      if (bytes.length > LARGEST_FILE) {
        throw new IllegalArgumentException("the file %s is larger than 64 KiB".formatted(file));
      }
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return text.replaceFirst("\\r?\\n$", "");
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException("${file:...} needs the path of a file", e);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "the file %s cannot be read: %s".formatted(file, WorkerYaml.reason(e)), e);
    }
  }
}
