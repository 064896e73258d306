package dev.stalk.peers;

import java.net.URISyntaxException;
import java.nio.file.Path;

/** The Celery app in {@code peer_tasks.py}, on some Redis. */
final class PeerTasks {

  static final String MODULE = "peer_tasks";

  private PeerTasks() {}

  /** Where the module lies. */
  static Path directory() {
    try {
      return Path.of(PeerTasks.class.getResource("/peer_tasks.py").toURI()).getParent();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  static CeleryWorker.Builder worker(PythonEnvironment environment, RedisServer redis) {
    return CeleryWorker.builder(environment)
        .app(MODULE)
        .directory(directory())
        .environment("BROKER", redis.url())
        .concurrency(1)
        .quiet();
  }

  static PythonSession client(PythonEnvironment environment, RedisServer redis) {
    return PythonSession.builder(environment)
        .module(MODULE)
        .directory(directory())
        .environment("BROKER", redis.url())
        .start();
  }
}
