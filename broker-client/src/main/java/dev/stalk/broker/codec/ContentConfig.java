package dev.stalk.broker.codec;

import dev.stalk.broker.security.MessageSecurity;
import dev.stalk.broker.security.SignatureLayout;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which content types bodies and results have, which are read, and how large they may be.
 * Immutable; an invalid one cannot be made. Names are kombu's (kombu {@code serialization.py},
 * {@code compression.py}); its content types and aliases are understood too, and kept as names.
 *
 * @param taskSerializer what tasks are sent in unless the call says otherwise: json, yaml, msgpack
 *     or auth; json by default (Celery's {@code task_serializer})
 * @param taskCompression how their bodies are compressed unless the call says otherwise: gzip,
 *     bzip2, lzma, brotli, zstd or none; none by default (Celery's {@code task_compression})
 * @param resultSerializer what results are stored in; json by default (Celery's {@code
 *     result_serializer}). Results are never compressed, as in Celery's Redis backend
 * @param acceptContent the serializers whose messages are read; json alone by default (Celery's
 *     {@code accept_content})
 * @param resultAcceptContent the serializers whose results are read, {@code resultSerializer}
 *     always among them; {@code acceptContent} by default (Celery's {@code result_accept_content})
 * @param jsonTypes how dates, decimals, uuids and bytes are written as JSON; marked by default
 * @param maxDepth how deep a value may be nested, 1 to 500, which fits any thread's stack; 500 by
 *     default
 * @param maxBodySize the most bytes of a task's body as it travels, before base64, 1 KiB to 384
 *     MiB, which is what Redis takes in base64; 64 MiB by default. Holds for sending too
 * @param maxDecompressedSize the most bytes of a body when decompressed, and of a yaml document
 *     with its aliases written out, 1 KiB to 1 GiB; 64 MiB by default
 * @param maxResultSize the most bytes of a stored result, 1 KiB to 512 MiB, which is what Redis
 *     takes ({@code proto-max-bulk-len}); 64 MiB by default
 * @param security what bodies are signed with and verified by, for the serializer auth (Celery's
 *     {@code setup_security}); null, the default, for neither
 */
public record ContentConfig(
    String taskSerializer,
    String taskCompression,
    String resultSerializer,
    Set<String> acceptContent,
    Set<String> resultAcceptContent,
    JsonTypes jsonTypes,
    int maxDepth,
    int maxBodySize,
    int maxDecompressedSize,
    int maxResultSize,
    @Nullable MessageSecurity security) {

  public static final String DEFAULT_SERIALIZER = "json";
  public static final String DEFAULT_COMPRESSION = "none";
  public static final int DEFAULT_MAX_DEPTH = 500;
  public static final int DEFAULT_MAX_SIZE = 64 << 20;

  private static final int MOST_DEPTH = Values.MOST_DEPTH;
  private static final int LEAST_SIZE = 1 << 10;
  private static final int MOST_BODY_SIZE = 384 << 20;
  private static final int MOST_DECOMPRESSED_SIZE = 1 << 30;
  private static final int MOST_RESULT_SIZE = 512 << 20;

  /** JSON alone, as Celery's own defaults have it. */
  public static final ContentConfig DEFAULT = builder().build();

  public ContentConfig {
    taskSerializer = Serializer.named(taskSerializer).officialName();
    Compression compression = Compression.named(taskCompression);
    taskCompression = compression == null ? DEFAULT_COMPRESSION : compression.officialName();
    resultSerializer = Serializer.named(resultSerializer).officialName();
    acceptContent = named("accept-content", acceptContent);
    Set<String> results = new LinkedHashSet<>(resultAcceptContent);
    results.add(resultSerializer);
    resultAcceptContent = named("result-accept-content", results);
    Objects.requireNonNull(jsonTypes, "jsonTypes");
    if (maxDepth < 1 || maxDepth > MOST_DEPTH) {
      throw new IllegalArgumentException(
          "max-depth must be between 1 and %d, not %d".formatted(MOST_DEPTH, maxDepth));
    }
    checkSize("max-body-size", maxBodySize, MOST_BODY_SIZE);
    checkSize("max-decompressed-size", maxDecompressedSize, MOST_DECOMPRESSED_SIZE);
    checkSize("max-result-size", maxResultSize, MOST_RESULT_SIZE);
    checkSecurity(security);
    checkAuth("task-serializer", Set.of(taskSerializer), security != null && security.signs());
    checkAuth("result-serializer", Set.of(resultSerializer), security != null && security.signs());
    checkAuth("accept-content", acceptContent, security != null && security.verifies());
    checkAuth(
        "result-accept-content",
        results(resultAcceptContent, resultSerializer),
        security != null && security.verifies());
  }

  private static Set<String> results(Set<String> accepted, String resultSerializer) {
    Set<String> others = new LinkedHashSet<>(accepted);
    others.remove(resultSerializer); // whoever only signs results need not read them
    return others;
  }

  private static void checkSecurity(@Nullable MessageSecurity security) {
    if (security == null) {
      return;
    }
    Serializer serializer = Serializer.named(security.serializer());
    if (serializer == Serializer.AUTH) {
      throw new IllegalArgumentException("security serializer must be json, yaml or msgpack");
    }
    if (serializer == Serializer.MSGPACK && security.layout() == SignatureLayout.CELERY_5_4) {
      throw new IllegalArgumentException(
          "security serializer msgpack needs layout celery-5.5: Celery up to 5.4 reads only text that is signed");
    }
  }

  private static void checkAuth(String rule, Set<String> names, boolean possible) {
    if (names.contains(Serializer.AUTH.officialName()) && !possible) {
      throw new IllegalArgumentException(
          rule.endsWith("serializer")
              ? rule + " auth needs content.security with key and certificate, to sign with"
              : rule + " auth needs content.security with a cert-store, to verify by");
    }
  }

  private static Set<String> named(String rule, Set<String> names) {
    if (names.isEmpty()) {
      throw new IllegalArgumentException(rule + " must name at least one serializer");
    }
    Set<String> official = new LinkedHashSet<>();
    names.forEach(name -> official.add(Serializer.named(name).officialName()));
    return Set.copyOf(official);
  }

  private static void checkSize(String name, int size, int most) {
    if (size < LEAST_SIZE || size > most) {
      throw new IllegalArgumentException(
          "%s must be between 1KiB and %dMiB, not %d bytes".formatted(name, most >> 20, size));
    }
  }

  /**
   * The serializer of a task sent with this option.
   *
   * @throws EncodingException if there is none of this name, saying why
   */
  Serializer serializer(@Nullable String option) {
    try {
      return option == null || option.equals(taskSerializer)
          ? Serializer.named(taskSerializer)
          : Serializer.named(option);
    } catch (IllegalArgumentException e) {
      throw new EncodingException(String.valueOf(e.getMessage()), e);
    }
  }

  /**
   * The compression of a task sent with this option; null for none.
   *
   * @throws EncodingException if there is none of this name
   */
  @Nullable Compression compression(@Nullable String option) {
    try {
      return Compression.named(option == null ? taskCompression : option);
    } catch (IllegalArgumentException e) {
      throw new EncodingException(String.valueOf(e.getMessage()), e);
    }
  }

  /** Starts from the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Starts from this configuration. */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.taskSerializer = taskSerializer;
    builder.taskCompression = taskCompression;
    builder.resultSerializer = resultSerializer;
    builder.acceptContent = acceptContent;
    builder.resultAcceptContent = followsAcceptContent() ? null : resultAcceptContent;
    builder.jsonTypes = jsonTypes;
    builder.maxDepth = maxDepth;
    builder.maxBodySize = maxBodySize;
    builder.maxDecompressedSize = maxDecompressedSize;
    builder.maxResultSize = maxResultSize;
    builder.security = security;
    return builder;
  }

  private boolean followsAcceptContent() {
    Set<String> results = new LinkedHashSet<>(acceptContent);
    results.add(resultSerializer);
    return results.equals(resultAcceptContent);
  }

  /** Collects values; each setter takes what the component of its name says. Not thread-safe. */
  public static final class Builder {
    private String taskSerializer = DEFAULT_SERIALIZER;
    private String taskCompression = DEFAULT_COMPRESSION;
    private String resultSerializer = DEFAULT_SERIALIZER;
    private Set<String> acceptContent = Set.of(DEFAULT_SERIALIZER);
    private @Nullable Set<String> resultAcceptContent;
    private JsonTypes jsonTypes = JsonTypes.MARKED;
    private int maxDepth = DEFAULT_MAX_DEPTH;
    private int maxBodySize = DEFAULT_MAX_SIZE;
    private int maxDecompressedSize = DEFAULT_MAX_SIZE;
    private int maxResultSize = DEFAULT_MAX_SIZE;
    private @Nullable MessageSecurity security;

    private Builder() {}

    public Builder taskSerializer(String value) {
      taskSerializer = value;
      return this;
    }

    public Builder taskCompression(String value) {
      taskCompression = value;
      return this;
    }

    public Builder resultSerializer(String value) {
      resultSerializer = value;
      return this;
    }

    public Builder acceptContent(String... values) {
      acceptContent = new LinkedHashSet<>(List.of(values));
      return this;
    }

    /** None means those of {@code acceptContent}. */
    public Builder resultAcceptContent(String... values) {
      resultAcceptContent = values.length == 0 ? null : new LinkedHashSet<>(List.of(values));
      return this;
    }

    public Builder jsonTypes(JsonTypes value) {
      jsonTypes = value;
      return this;
    }

    public Builder maxDepth(int value) {
      maxDepth = value;
      return this;
    }

    public Builder maxBodySize(int value) {
      maxBodySize = value;
      return this;
    }

    public Builder maxDecompressedSize(int value) {
      maxDecompressedSize = value;
      return this;
    }

    public Builder maxResultSize(int value) {
      maxResultSize = value;
      return this;
    }

    /** Null for none. */
    public Builder security(@Nullable MessageSecurity value) {
      security = value;
      return this;
    }

    /**
     * Makes the configuration.
     *
     * @throws IllegalArgumentException if a value breaks its rule, saying which
     */
    public ContentConfig build() {
      return new ContentConfig(
          taskSerializer,
          taskCompression,
          resultSerializer,
          acceptContent,
          resultAcceptContent == null ? acceptContent : resultAcceptContent,
          jsonTypes,
          maxDepth,
          maxBodySize,
          maxDecompressedSize,
          maxResultSize,
          security);
    }
  }
}
