package dev.stalk.benchmarks.subject;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
 * @param settings what Stalk's configuration says of a queue besides, as YAML between braces, by
 *     queue
 */
public record Plan(
    List<String> queues,
    int threads,
    int buffer,
    int processes,
    Work work,
    Map<String, String> settings) {

  /**
   * One queue in Stalk's default bulkhead, and as many Celery processes as there are processors.
   */
  public static Plan of(String queue, Work work) {
    return new Plan(
        List.of(queue), 8, 8, Runtime.getRuntime().availableProcessors(), work, Map.of());
  }

  /** The same on other queues. */
  public Plan queues(List<String> value) {
    return new Plan(value, threads, buffer, processes, work, settings);
  }

  /** The same on this many queues, whose names begin with this. */
  public Plan queues(String prefix, int count) {
    return queues(IntStream.range(0, count).mapToObj(number -> prefix + number).toList());
  }

  /** The same with another bulkhead. */
  public Plan bulkhead(int newThreads, int newBuffer) {
    return new Plan(queues, newThreads, newBuffer, processes, work, settings);
  }

  /** The same with another concurrency of Celery. */
  public Plan processes(int value) {
    return new Plan(queues, threads, buffer, value, work, settings);
  }

  /**
   * The same with further settings of a queue.
   *
   * @param yaml keys and values as they stand between the braces of a mapping
   */
  public Plan setting(String queue, String yaml) {
    Map<String, String> all = new LinkedHashMap<>(settings);
    all.put(queue, yaml);
    return new Plan(queues, threads, buffer, processes, work, Map.copyOf(all));
  }

  /** How many messages a queue's worker may hold. */
  int places() {
    return threads + buffer;
  }
}
