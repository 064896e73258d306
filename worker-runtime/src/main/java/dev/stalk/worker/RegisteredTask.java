package dev.stalk.worker;

import java.util.Objects;

/**
 * A task under its name.
 *
 * @param name the name callers use
 * @param handler what runs
 * @param ignoreResult whether results are left out unless a caller asks for them
 */
record RegisteredTask(String name, TaskHandler handler, boolean ignoreResult) {
  RegisteredTask {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(handler, "handler");
  }
}
