package dev.stalk.broker.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.LZMAOutputStream;

class CompressionTest {
  private static final int LIMIT = 1 << 20;
  private static final byte[] TEXT = "stalk ".repeat(1000).getBytes(StandardCharsets.US_ASCII);

  @ParameterizedTest
  @EnumSource(Compression.class)
  void whatIsCompressedComesBack(Compression compression) {
    Random random = new Random(3);
    for (int length : new int[] {0, 1, 2, 100, 16 * 1024, 100_000}) {
      byte[] body = new byte[length];
      random.nextBytes(body);

      assertThat(compression.decompress(compression.compress(body), LIMIT)).isEqualTo(body);
    }
    assertThat(compression.compress(TEXT)).hasSizeLessThan(TEXT.length / 10);
  }

  @ParameterizedTest
  @EnumSource(Compression.class)
  void decompressingStopsAtTheLimit(Compression compression) {
    byte[] bomb = compression.compress(new byte[8 << 20]);

    assertThat(bomb).hasSizeLessThan(LIMIT);
    assertThatThrownBy(() -> compression.decompress(bomb, LIMIT))
        .isInstanceOf(MalformedMessageException.class)
        .hasMessageContaining("more than 1048576 bytes when decompressed");
    assertThat(compression.decompress(compression.compress(new byte[LIMIT]), LIMIT)).hasSize(LIMIT);
    assertThatThrownBy(
            () -> compression.decompress(compression.compress(new byte[LIMIT + 1]), LIMIT))
        .hasMessageContaining("content.max-decompressed-size");
  }

  @ParameterizedTest
  @EnumSource(Compression.class)
  void aDamagedBodyIsMalformed(Compression compression) {
    byte[] whole = compression.compress(TEXT);

    for (byte[] damaged :
        new byte[][] {
          new byte[0],
          {1},
          "no such thing".getBytes(StandardCharsets.US_ASCII),
          Arrays.copyOf(whole, whole.length / 2),
          Arrays.copyOf(whole, whole.length - 1)
        }) {
      assertThatThrownBy(() -> compression.decompress(damaged, LIMIT))
          .isInstanceOf(MalformedMessageException.class)
          .hasMessageContaining("message.body is not " + compression.officialName());
    }
  }

  /** Kombu's gzip is zlib.compress: whatever the name says, gzip itself it cannot read. */
  @Test
  void gzipIsAZlibStream() throws IOException {
    assertThat(Compression.GZIP.compress(TEXT)).startsWith(0x78);

    ByteArrayOutputStream file = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(file)) {
      out.write(TEXT);
    }
    assertThat(Compression.GZIP.decompress(file.toByteArray(), LIMIT)).isEqualTo(TEXT);
  }

  @Test
  void lzmaIsAnXzFileAndTheOlderFormIsReadToo() throws IOException {
    assertThat(Compression.LZMA.compress(TEXT)).startsWith(0xfd, '7', 'z', 'X', 'Z');

    ByteArrayOutputStream file = new ByteArrayOutputStream();
    try (OutputStream out = new LZMAOutputStream(file, new LZMA2Options(), -1)) {
      out.write(TEXT);
    }
    assertThat(Compression.LZMA.decompress(file.toByteArray(), LIMIT)).isEqualTo(TEXT);
  }

  @Test
  void aDictionaryBeyondAllMeasureIsRefused() {
    // the old form says its dictionary's size in bytes 1 to 4, without a checksum
    byte[] lzma =
        HexFormat.of().parseHex("5d000000" + "40" + "ffffffffffffffff" + "00000000000000");

    assertThatThrownBy(() -> Compression.LZMA.decompress(lzma, LIMIT))
        .isInstanceOf(MalformedMessageException.class)
        .hasMessageContaining("MemoryLimit");
  }

  /** Without it zstandard's one-shot decompressor, which kombu 5.2 calls, refuses the frame. */
  @Test
  void zstdSaysItsLength() {
    byte[] frame = Compression.ZSTD.compress(TEXT);

    assertThat(com.github.luben.zstd.Zstd.getFrameContentSize(frame)).isEqualTo(TEXT.length);
  }

  @ParameterizedTest
  @CsvSource({
    "gzip, GZIP",
    "zlib, GZIP",
    "application/x-gzip, GZIP",
    "bzip2, BZIP2",
    "bzip, BZIP2",
    "application/x-bz2, BZIP2",
    "lzma, LZMA",
    "xz, LZMA",
    "application/x-lzma, LZMA",
    "brotli, BROTLI",
    "application/x-brotli, BROTLI",
    "zstd, ZSTD",
    "zstandard, ZSTD",
    "application/zstd, ZSTD"
  })
  void namesAreKombus(String name, Compression compression) {
    assertThat(Compression.named(name)).isEqualTo(compression);
    assertThat(Compression.ofHeader(name)).isEqualTo(compression);
  }

  @Test
  void anUnknownNameIsRefusedWithTheKnownOnes() {
    assertThat(Compression.named("none")).isNull();
    assertThatThrownBy(() -> Compression.named("rar"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("there is no compression 'rar', only gzip, bzip2, lzma, brotli, zstd and none");
  }

  @ParameterizedTest
  @CsvSource({
    "BZIP2, org.apache.commons:commons-compress",
    "LZMA, org.tukaani:xz",
    "BROTLI, com.aayushatharva.brotli4j:brotli4j",
    "ZSTD, com.github.luben:zstd-jni"
  })
  void whoseLibraryIsMissingIsTold(String compression, String artifact) throws Exception {
    Class<?> bare = new WithoutLibraries().loadClass(Compression.class.getName());
    Object constant = constant(bare, compression);
    var compress = bare.getDeclaredMethod("compress", byte[].class);
    var decompress = bare.getDeclaredMethod("decompress", byte[].class, int.class);
    compress.setAccessible(true);
    decompress.setAccessible(true);

    assertThatThrownBy(() -> compress.invoke(constant, (Object) TEXT))
        .isInstanceOf(InvocationTargetException.class)
        .cause()
        .hasMessageContaining("needs " + artifact + " on the class path");
    assertThatThrownBy(() -> decompress.invoke(constant, TEXT, LIMIT))
        .isInstanceOf(InvocationTargetException.class)
        .cause()
        .hasMessageContaining("needs " + artifact + " on the class path");
  }

  @Test
  void yamlIsWrittenWithoutItsLibraryAndReadOnlyWithIt() throws Exception {
    ClassLoader without = new WithoutLibraries();
    Class<?> serializers = without.loadClass(Serializer.class.getName());
    Class<?> config = without.loadClass(ContentConfig.class.getName());
    Object yaml = constant(serializers, "YAML");
    Object content = config.getField("DEFAULT").get(null);
    var encode = serializers.getDeclaredMethod("encode", Object.class, config);
    var decode = serializers.getDeclaredMethod("decode", byte[].class, config);
    encode.setAccessible(true);
    decode.setAccessible(true);

    Object bytes = encode.invoke(yaml, "a", content);

    assertThat((byte[]) bytes).asString().isEqualTo("\"a\"");
    assertThatThrownBy(() -> decode.invoke(yaml, bytes, content))
        .isInstanceOf(InvocationTargetException.class)
        .cause()
        .hasMessageContaining("needs org.snakeyaml:snakeyaml-engine");
  }

  private static Object constant(Class<?> type, String name) {
    return Arrays.stream(type.getEnumConstants())
        .filter(each -> ((Enum<?>) each).name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /** Loads this library's classes afresh, where none of the optional ones can be found. */
  private static final class WithoutLibraries extends ClassLoader {
    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (name.startsWith("org.apache.commons.")
          || name.startsWith("org.tukaani.")
          || name.startsWith("com.aayushatharva.")
          || name.startsWith("com.github.luben.")
          || name.startsWith("org.snakeyaml.")) {
        throw new ClassNotFoundException(name);
      }
      if (!name.startsWith("dev.stalk.")) {
        return super.loadClass(name, resolve);
      }
      synchronized (getClassLoadingLock(name)) {
        Class<?> loaded = findLoadedClass(name);
        return loaded == null ? define(name) : loaded;
      }
    }

    private Class<?> define(String name) throws ClassNotFoundException {
      String file = name.replace('.', '/') + ".class";
      try (InputStream in = CompressionTest.class.getClassLoader().getResourceAsStream(file)) {
        byte[] bytes = in.readAllBytes();
        return defineClass(name, bytes, 0, bytes.length);
      } catch (IOException e) {
        throw new ClassNotFoundException(name, e);
      }
    }
  }
}
