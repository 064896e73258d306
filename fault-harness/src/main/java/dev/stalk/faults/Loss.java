package dev.stalk.faults;

import java.util.List;

/** How a task was lost, by what Redis has written down. */
enum Loss {
  CELERY_POPPED("a Celery worker had popped it, and not recorded it yet", true),
  CELERY_ACKED("a Celery worker had acknowledged it, and not done it yet", true),
  OTHER("otherwise", false);

  private final String description;
  private final boolean celerys;

  Loss(String description, boolean celerys) {
    this.description = description;
    this.celerys = celerys;
  }

  /** What a reader of the report is told. */
  String description() {
    return description;
  }

  /** Whether Stalk has no part in it. */
  boolean isCelerys() {
    return celerys;
  }

  /**
   * Judges by the last thing that happened to the message.
   *
   * @param steps all that happened to it, in order
   */
  static Loss of(List<AppendOnlyFile.Step> steps) {
    if (steps.isEmpty()) {
      return OTHER;
    }
    AppendOnlyFile.Step last = steps.get(steps.size() - 1);
    if (last.command().equals("RPOP")) {
      return CELERY_POPPED;
    }
    return last.command().equals("HDEL") && !last.where().startsWith("stalk:")
        ? CELERY_ACKED
        : OTHER;
  }
}
