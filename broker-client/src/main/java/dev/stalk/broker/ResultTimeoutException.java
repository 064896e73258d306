package dev.stalk.broker;

import java.time.Duration;

/** A result did not come in time. The task may still be waiting or running. */
public final class ResultTimeoutException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ResultTimeoutException(String taskId, Duration waited) {
    super(
        "no result of task %s within %s; is a worker consuming its queue, and does it store results?"
            .formatted(taskId, waited));
  }
}
