package dev.stalk.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;
import redis.embedded.core.ExecutableProvider;
import redis.embedded.error.OsArchitectureNotFound;
import redis.embedded.model.OsArchitecture;

/** The server's program in the optional dependency, unpacked once per virtual machine. */
final class EmbeddedRedis {
  private static @Nullable Path unpacked; // guarded by the class

  private EmbeddedRedis() {}

  /**
   * The program; it is deleted when the virtual machine exits.
   *
   * @throws TestRedisException if the dependency is not there, or has none for this platform
   */
  static synchronized Path program() {
    if (unpacked == null) {
      try {
        unpacked = unpack();
      } catch (NoClassDefFoundError e) {
        throw new TestRedisException("There is no redis-server: embedded-redis is missing.", e);
      } catch (IOException | OsArchitectureNotFound e) {
        throw new TestRedisException("There is no redis-server for this platform: " + e + ".", e);
      }
    }
    return unpacked;
  }

  private static Path unpack() throws IOException, OsArchitectureNotFound {
    String resource =
        ExecutableProvider.newProvidedVersionsMap().get(OsArchitecture.detectOSandArchitecture());
    if (resource == null) {
      throw new IOException("embedded-redis holds none");
    }
    Path directory = Files.createTempDirectory("stalk-test-redis-");
    Path program = directory.resolve("redis-server");
    directory.toFile().deleteOnExit();
    program.toFile().deleteOnExit(); // the last to be noted is the first to be deleted
    try (InputStream packed = ExecutableProvider.class.getResourceAsStream(resource)) {
      if (packed == null) {
        throw new IOException("embedded-redis holds no " + resource);
      }
      Files.copy(packed, program);
    }
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
    return program;
  }
}
