package dev.stalk.worker;

import java.util.Objects;

/**
 * A task under its name.
 *
 * @param name the name callers use
 * @param handler what runs
 * @param options how it is run
 */
record RegisteredTask(String name, TaskHandler handler, TaskOptions options) {
  RegisteredTask {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(handler, "handler");
    Objects.requireNonNull(options, "options");
  }
}
