package dev.stalk.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directory a peer works in: one the caller gave, which is left alone, or a fresh temporary
 * one, which is deleted on close and at the latest when the virtual machine exits.
 */
final class Workspace implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Workspace.class);

  private final Path path;
  private final Runnable deletion;

  private Workspace(Path path, Runnable deletion) {
    this.path = path;
    this.deletion = deletion;
  }

  static Workspace given(Path path) {
    return new Workspace(path.toAbsolutePath(), () -> {});
  }

  /**
   * Makes a temporary directory.
   *
   * @throws PeerUnavailableException if it cannot be made
   */
  static Workspace temporary(String prefix) {
    Path path = create(prefix);
    AtExit.Registration atExit = AtExit.run(() -> delete(path));
    return new Workspace(
        path,
        () -> {
          delete(path);
          atExit.cancel();
        });
  }

  private static Path create(String prefix) {
    try {
      return Files.createTempDirectory(prefix);
    } catch (IOException e) {
      throw new PeerUnavailableException("Cannot make a temporary directory: " + e + ".", e);
    }
  }

  private static void delete(Path path) {
    try {
      FileTree.delete(path);
    } catch (IOException e) {
      log.warn("could not delete {}", path, e);
    }
  }

  Path path() {
    return path;
  }

  /** Deletes a temporary directory. Does nothing the second time. */
  @Override
  public void close() {
    deletion.run();
  }
}
