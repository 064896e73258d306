package dev.stalk.peers;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** Where peers keep what is too slow to make each time. */
final class PeersDirectory {

  /** The system property that names it. */
  static final String PROPERTY = "stalk.peers.directory";

  private PeersDirectory() {}

  /** The directory; it need not exist. */
  static Path find() {
    return find(
        Optional.ofNullable(System.getProperty(PROPERTY)),
        Path.of(System.getProperty("user.dir")),
        Path.of(System.getProperty("user.home")));
  }

  /** The one asked for, else {@code .peers} in the checkout we stand in, else a user's cache. */
  static Path find(Optional<String> asked, Path current, Path home) {
    return asked
        .map(Path::of)
        .or(() -> checkout(current).map(checkout -> checkout.resolve(".peers")))
        .orElseGet(() -> home.resolve(".cache").resolve("stalk"))
        .toAbsolutePath();
  }

  /** The nearest directory upwards that holds the Maven wrapper. */
  private static Optional<Path> checkout(Path current) {
    return Stream.<Path>iterate(current.toAbsolutePath(), Path::getParent)
        .takeWhile(directory -> directory != null)
        .filter(directory -> Files.exists(directory.resolve("mvnw")))
        .findFirst();
  }
}
