package dev.stalk.worker.config;

/** What a file makes of a queue of which it says no more than this. */
final class YamlQueue {
  private YamlQueue() {}

  static QueueConfig of(int threads, int buffer) {
    return QueueConfig.builder().threads(threads).buffer(buffer).build();
  }
}
