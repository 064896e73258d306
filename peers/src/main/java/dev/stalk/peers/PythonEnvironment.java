package dev.stalk.peers;

import java.nio.file.Path;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Python with Celery and its Redis client, every package at a pinned version.
 *
 * <p>It is made on first use with {@code python3 -m venv} and pip, which takes some seconds and a
 * package index, and is kept: in the directory named by the system property {@code
 * stalk.peers.directory}, else in {@code .peers} of the checkout the process stands in, else in
 * {@code ~/.cache/stalk}. Changed pins make a new one. Threads and processes that want the same one
 * at the same time wait for whoever makes it. Immutable.
 */
public final class PythonEnvironment {

  private static final Logger log = LoggerFactory.getLogger(PythonEnvironment.class);
  private static final String PROPERTY = "stalk.peers.celery";
  private static final String NEWEST = "5.7";

  private final Path python;
  private final String version;

  private PythonEnvironment(Path python, String version) {
    this.python = python;
    this.version = version;
  }

  /**
   * The Celery of the line named by the system property {@code stalk.peers.celery}, else the newest
   * that has pins; see {@link #celery(String, Consumer)}.
   */
  public static PythonEnvironment celery() {
    return celery(System.getProperty(PROPERTY, NEWEST));
  }

  /** The same, telling of its progress; see {@link #celery(String, Consumer)}. */
  public static PythonEnvironment celery(Consumer<String> progress) {
    return celery(System.getProperty(PROPERTY, NEWEST), progress);
  }

  /**
   * A Celery of a certain line, progress going to the log; see {@link #celery(String, Consumer)}.
   */
  public static PythonEnvironment celery(String line) {
    return celery(line, log::info);
  }

  /**
   * A Celery of a certain line. Blocks while the environment is made.
   *
   * @param line {@code 5.7} or {@code 5.2}
   * @param progress told in a sentence, on this thread, what takes time; not called when the
   *     environment is there
   * @throws IllegalArgumentException if there are no pins for this line
   * @throws PeerUnavailableException if Python 3 is missing or has no venv module, or pip fails
   */
  public static PythonEnvironment celery(String line, Consumer<String> progress) {
    return made(Requirements.ofCelery(line), progress);
  }

  /**
   * A Celery of a certain line that also has what kombu needs for yaml, msgpack, zstd and brotli.
   * Blocks while the environment is made; progress goes to the log.
   *
   * @param line {@code 5.7} or {@code 5.2}
   * @throws IllegalArgumentException if there are no pins for this line
   * @throws PeerUnavailableException if Python 3 is missing or has no venv module, or pip fails
   */
  public static PythonEnvironment celeryWithContents(String line) {
    return made(Requirements.ofCeleryWithContents(line), log::info);
  }

  /**
   * A Celery of a certain line that can also sign and verify messages. Blocks while the environment
   * is made; progress goes to the log.
   *
   * @param line {@code 5.7} or {@code 5.2}
   * @throws IllegalArgumentException if there are no pins for this line
   * @throws PeerUnavailableException if Python 3 is missing or has no venv module, or pip fails
   */
  public static PythonEnvironment celeryWithAuth(String line) {
    return made(Requirements.ofCeleryWithAuth(line), log::info);
  }

  private static PythonEnvironment made(Requirements requirements, Consumer<String> progress) {
    Path directory = PeersDirectory.find().resolve(requirements.name());
    VirtualEnvironment files = new VirtualEnvironment(directory, requirements, "python3");
    files.make(progress);
    return new PythonEnvironment(files.python(), requirements.celeryVersion());
  }

  /** The interpreter. */
  public Path python() {
    return python;
  }

  /** The full version of Celery, such as {@code 5.7.0}. */
  public String version() {
    return version;
  }

  @Override
  public String toString() {
    return "Celery " + version + " in " + python;
  }
}
