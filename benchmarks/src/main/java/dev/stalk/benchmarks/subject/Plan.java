package dev.stalk.benchmarks.subject;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * How a subject is to be set up.
 *
 * @param queues what it works on
 * @param batch how many messages a bare loop fetches at a time, and our transport alone
 * @param processes Celery's concurrency: processes or threads, all queues sharing them
 * @param work what the messages ask for
 * @param defaults what Stalk's configuration says of every queue, as YAML between braces
 * @param settings what it says of single queues, by queue, likewise
 */
public record Plan(
    List<String> queues,
    int batch,
    int processes,
    Work work,
    String defaults,
    Map<String, String> settings) {

  /** The places of a queue in Stalk of which the configuration says nothing. */
  public static final int DEFAULT_PLACES = 16;

  /**
   * One queue as Stalk has it by default, a bare loop that fetches as many as that has places, and
   * as many Celery processes as there are processors.
   */
  public static Plan of(String queue, Work work) {
    int processors = Runtime.getRuntime().availableProcessors();
    return new Plan(List.of(queue), DEFAULT_PLACES, processors, work, "", Map.of());
  }

  /** The same on other queues. */
  public Plan queues(List<String> value) {
    return new Plan(value, batch, processes, work, defaults, settings);
  }

  /** The same on this many queues, whose names begin with this. */
  public Plan queues(String prefix, int count) {
    return queues(IntStream.range(0, count).mapToObj(number -> prefix + number).toList());
  }

  /** The same with another batch of the bare loop. */
  public Plan batch(int value) {
    return new Plan(queues, value, processes, work, defaults, settings);
  }

  /** The same with these threads and this buffer for each queue of Stalk. */
  public Plan bulkhead(int threads, int buffer) {
    return defaults("threads: %d, buffer: %d".formatted(threads, buffer));
  }

  /**
   * The same with other settings of all queues of Stalk.
   *
   * @param yaml keys and values as they stand between the braces of a mapping
   */
  public Plan defaults(String yaml) {
    return new Plan(queues, batch, processes, work, yaml, settings);
  }

  /** The same with another concurrency of Celery. */
  public Plan processes(int value) {
    return new Plan(queues, batch, value, work, defaults, settings);
  }

  /**
   * The same with further settings of a queue of Stalk.
   *
   * @param yaml keys and values as they stand between the braces of a mapping
   */
  public Plan setting(String queue, String yaml) {
    Map<String, String> all = new LinkedHashMap<>(settings);
    all.put(queue, yaml);
    return new Plan(queues, batch, processes, work, defaults, Map.copyOf(all));
  }

  /** As words for the program that is to do it; queues' names have no spaces. */
  List<String> words() {
    List<String> words =
        new ArrayList<>(
            List.of(
                String.join(" ", queues),
                Integer.toString(batch),
                Integer.toString(processes),
                work.name(),
                defaults));
    settings.forEach((queue, yaml) -> words.addAll(List.of(queue, yaml)));
    return words;
  }

  /** The plan of such words. */
  static Plan parse(List<String> words) {
    Map<String, String> settings = new LinkedHashMap<>();
    for (int i = 5; i < words.size(); i += 2) {
      settings.put(words.get(i), words.get(i + 1));
    }
    return new Plan(
        List.of(words.get(0).split(" ", -1)),
        Integer.parseInt(words.get(1)),
        Integer.parseInt(words.get(2)),
        Work.valueOf(words.get(3)),
        words.get(4),
        settings);
  }
}
