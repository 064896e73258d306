package dev.stalk.it;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** The programs of the machine, for what the embedded Redis lacks: TLS, and Sentinels. */
final class DebianRedis {
  private DebianRedis() {}

  /** The system's {@code redis-server}. Its absence fails the test that needs it. */
  static Path server() {
    return program("redis-server", "apt-get install redis-server");
  }

  /** The system's {@code openssl}. */
  static Path openssl() {
    return program("openssl", "apt-get install openssl");
  }

  private static Path program(String name, String remedy) {
    return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
        .map(directory -> Path.of(directory, name))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(
            () -> new AssertionError("this test needs the program " + name + ": " + remedy));
  }
}
