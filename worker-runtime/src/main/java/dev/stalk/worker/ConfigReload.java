package dev.stalk.worker;

import dev.stalk.worker.config.ConfigException;
import dev.stalk.worker.config.WorkerConfig;
import dev.stalk.worker.config.WorkerYaml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has a running worker take over its configuration files when they change, or when told to. What is
 * wrong, or cannot be changed while it runs, is logged, and changes nothing. Thread-safe.
 *
 * <p>The files are read every few seconds and compared by content: a notice of the file system
 * would miss what Kubernetes does, which replaces a whole directory behind a link.
 */
public final class ConfigReload implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ConfigReload.class);

  /** How often the files are looked at. */
  public static final Duration PERIOD = Duration.ofSeconds(2);

  private final Worker worker;
  private final List<Path> files;
  private final Map<String, String> environment;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread made = new Thread(task, "stalk-reload");
            made.setDaemon(true);
            return made;
          });
  private int seen; // guarded by this

  /**
   * For the files a worker was configured from.
   *
   * @param files in the order they were given
   * @param environment the variables, by name
   */
  public ConfigReload(Worker worker, List<Path> files, Map<String, String> environment) {
    this.worker = Objects.requireNonNull(worker, "worker");
    this.files = List.copyOf(files);
    this.environment = Map.copyOf(environment);
    this.seen = contents();
  }

  /** Begins to look at the files, on a thread of its own. */
  public void start() {
    var unused =
        thread.scheduleWithFixedDelay(
            this::lookSafely, PERIOD.toMillis(), PERIOD.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void lookSafely() {
    try {
      look();
    } catch (RuntimeException | Error e) { // a look that ends for good would be the last
      log.error("the configuration files could not be looked at", e);
    }
  }

  /** Reloads if the files have changed since they were last read. */
  synchronized void look() {
    if (contents() != seen) {
      var unused = reload();
    }
  }

  /** Changes with the content of any file, and when one comes or goes. */
  private int contents() {
    int contents = 0;
    for (Path file : files) {
      int content;
      try {
        content = Arrays.hashCode(Files.readAllBytes(file));
      } catch (IOException e) {
        content = -1; // reloading will tell why
      }
      contents = 31 * contents + content;
    }
    return contents;
  }

  /**
   * Reads the files now and takes them over.
   *
   * @return false if they were refused; the reason is logged, and the worker goes on as it was
   */
  public synchronized boolean reload() {
    seen = contents();
    try {
      WorkerConfig changed = WorkerYaml.load(files, environment).config();
      if (changed.equals(worker.config())) {
        log.info("the configuration says what it said before");
      } else {
        worker.reload(changed);
        log.info("the changed configuration is taken over");
      }
      return true;
    } catch (ConfigException | IllegalArgumentException | IllegalStateException e) {
      log.error("the changed configuration is refused and the old one stays:\n{}", e.getMessage());
      return false;
    }
  }

  /** Looks no more. */
  @Override
  public void close() {
    thread.shutdownNow();
  }
}
