package dev.stalk.benchmarks.subject;

import java.util.List;
import java.util.stream.IntStream;

/**
 * How a subject is to be set up.
 *
 * @param queues what it works on
 * @param threads for each queue; a bare loop has one, whatever this says
 * @param buffer messages fetched ahead for each queue. A bare loop fetches {@code threads + buffer}
 *     at a time, the most that Stalk can
 * @param processes Celery's concurrency: processes or threads, all queues sharing them
 * @param work what the messages ask for
 */
public record Plan(List<String> queues, int threads, int buffer, int processes, Work work) {

  /**
   * One queue in Stalk's default bulkhead, and as many Celery processes as there are processors.
   */
  public static Plan of(String queue, Work work) {
    return new Plan(List.of(queue), 8, 8, Runtime.getRuntime().availableProcessors(), work);
  }

  /** The same on other queues. */
  public Plan queues(List<String> value) {
    return new Plan(value, threads, buffer, processes, work);
  }

  /** The same on this many queues, whose names begin with this. */
  public Plan queues(String prefix, int count) {
    return queues(IntStream.range(0, count).mapToObj(number -> prefix + number).toList());
  }

  /** The same with another bulkhead. */
  public Plan bulkhead(int newThreads, int newBuffer) {
    return new Plan(queues, newThreads, newBuffer, processes, work);
  }

  /** The same with another concurrency of Celery. */
  public Plan processes(int value) {
    return new Plan(queues, threads, buffer, value, work);
  }

  /** How many messages a queue's worker may hold. */
  int places() {
    return threads + buffer;
  }
}
