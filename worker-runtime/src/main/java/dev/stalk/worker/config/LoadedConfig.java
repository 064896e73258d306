package dev.stalk.worker.config;

import java.util.List;
import java.util.Objects;

/**
 * A configuration as it was read, and where each of its values came from.
 *
 * @param config what the worker is told
 * @param settings every setting there is, with its effective value, in the order of the
 *     documentation; secrets are masked
 */
public record LoadedConfig(WorkerConfig config, List<Setting> settings) {
  public LoadedConfig {
    Objects.requireNonNull(config, "config");
    settings = List.copyOf(settings);
  }

  /**
   * One effective value.
   *
   * @param key the keys that lead to it, for example {@code queues.payments.threads}
   * @param value as a file would have it; empty for what is off
   * @param origin {@code default}, {@code environment REDIS_URL}, or the place in the file, with
   *     the section it was inherited from: {@code worker.yaml:3:12 (defaults)}
   */
  public record Setting(String key, String value, String origin) {
    public Setting {
      Objects.requireNonNull(key, "key");
      Objects.requireNonNull(value, "value");
      Objects.requireNonNull(origin, "origin");
    }
  }
}
