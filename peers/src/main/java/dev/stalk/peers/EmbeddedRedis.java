package dev.stalk.peers;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;
import redis.embedded.core.ExecutableProvider;
import redis.embedded.error.OsArchitectureNotFound;
import redis.embedded.model.OsArchitecture;

/**
 * The redis-server program that the embedded-redis artifact carries for this platform, unpacked to
 * a temporary file once per virtual machine.
 */
final class EmbeddedRedis {

  private static final String REMEDY =
      " Install Redis and name its program: RedisServer.builder().binary(Path).";

  /** Guarded by the class. */
  private static @Nullable Path unpacked;

  private EmbeddedRedis() {}

  /**
   * The program, unpacked on the first call. It is deleted when the virtual machine exits.
   *
   * @throws PeerUnavailableException if the artifact has none for this platform, or it cannot be
   *     written
   */
  static synchronized Path binary() {
    if (unpacked == null) {
      try {
        unpacked = Launcher.call(EmbeddedRedis::unpack);
      } catch (IOException e) {
        throw new PeerUnavailableException("Cannot unpack a redis-server: " + e + "." + REMEDY, e);
      }
    }
    return unpacked;
  }

  private static Path unpack() throws IOException {
    Path program = Workspace.temporary("stalk-redis-server-").path().resolve("redis-server");
    String resource = resource();
    try (InputStream packed = ExecutableProvider.class.getResourceAsStream(resource)) {
      if (packed == null) {
        throw new FileNotFoundException("embedded-redis holds no " + resource);
      }
      Files.copy(packed, program);
    }
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
    return program;
  }

  private static String resource() throws IOException {
    OsArchitecture platform = platform();
    String resource = ExecutableProvider.newProvidedVersionsMap().get(platform);
    if (resource == null) {
      throw new FileNotFoundException(
          "embedded-redis holds none for " + platform.os + " on " + platform.arch);
    }
    return resource;
  }

  private static OsArchitecture platform() throws IOException {
    try {
      return OsArchitecture.detectOSandArchitecture();
    } catch (OsArchitectureNotFound e) {
      throw new IOException("embedded-redis does not know this platform", e);
    }
  }
}
