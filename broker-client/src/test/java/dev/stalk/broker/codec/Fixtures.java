package dev.stalk.broker.codec;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What real Celery and Python wrote; see {@code src/test/python/record_fixtures.py}. */
public final class Fixtures {
  static final String CELERY_52 = "wire/celery-5.2.7/";
  static final String CELERY_57 = "wire/celery-5.7.0/";

  private static final JsonMapper JSON =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  private Fixtures() {}

  static byte[] bytes(String path) {
    try (InputStream file = Fixtures.class.getResourceAsStream("/" + path)) {
      return Objects.requireNonNull(file, path).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static Stream<String> lines(String path) {
    return new String(bytes(path), StandardCharsets.UTF_8).lines();
  }

  /** The names of the files of a folder, without {@code .json}. */
  static Stream<String> names(String folder) {
    try (Stream<Path> files =
        Files.list(
            Path.of(Objects.requireNonNull(Fixtures.class.getResource("/" + folder)).toURI()))) {
      return files
          .map(file -> file.getFileName().toString().replace(".json", ""))
          .sorted()
          .toList()
          .stream();
    } catch (IOException | URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Read by Jackson alone, so that our own reader is not its own judge. */
  public static JsonNode tree(byte[] json) {
    return JSON.readTree(json);
  }

  public static JsonNode tree(String json) {
    return JSON.readTree(json);
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
