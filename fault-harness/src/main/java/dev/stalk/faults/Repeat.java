package dev.stalk.faults;

/** Why a task was begun again. */
enum Repeat {
  KILLED("its worker was killed before it had settled", true),
  LAPSED("its lease lapsed: its worker stood, or Redis was away", true),
  STOPPED("its worker stopped, and it did not end in time or Redis was away", true),
  SENT_TWICE("the connection broke while it was sent, and it was sent again", true),
  CELERY_RECONNECT("Celery gave it back when its connection broke, and ran it all the same", true),
  CELERY_TIMEOUT("it was with a Celery worker for longer than the visibility timeout", true),
  CELERY_OTHER("a Celery worker had it, and nothing explains it", true),
  UNEXPLAINED("nothing explains it", false);

  private final String description;
  private final boolean allowed;

  Repeat(String description, boolean allowed) {
    this.description = description;
    this.allowed = allowed;
  }

  /** What a reader of the report is told. */
  String description() {
    return description;
  }

  /** Whether Stalk's promise allows for it. */
  boolean isAllowed() {
    return allowed;
  }
}
