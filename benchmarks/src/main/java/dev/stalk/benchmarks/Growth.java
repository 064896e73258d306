package dev.stalk.benchmarks;

import dev.stalk.benchmarks.report.Figures;
import dev.stalk.benchmarks.report.Sample;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Tells what grew during a soak from what only varies. */
final class Growth {
  private static final double SHARE = 1.1;
  private static final double HEAP_SLACK = 4 << 20;
  private static final double KEY_SLACK = 1024;

  private Growth() {}

  /**
   * Whether a heap grew: compares the medians of the first third and the last, as a collection
   * leaves now a little more, now a little less.
   *
   * @param bytes what collections left, in order; at least three
   * @return sentences about what grew; empty if nothing did
   */
  static List<String> ofHeap(List<Double> bytes) {
    int third = bytes.size() / 3;
    double first = Sample.of(bytes.subList(0, third)).median();
    double last = Sample.of(bytes.subList(bytes.size() - third, bytes.size())).median();
    return last <= first * SHARE + HEAP_SLACK
        ? List.of()
        : List.of(
            "the heap after a collection grew from %s to %s"
                .formatted(Figures.bytes(first), Figures.bytes(last)));
  }

  /**
   * Whether keys grew, or came and will stay.
   *
   * @param first bytes by key, when the work had begun
   * @param last the same at its end
   * @param expiring which of the last go by themselves
   * @return sentences about what grew; empty if nothing did
   */
  static List<String> ofKeys(
      Map<String, Long> first, Map<String, Long> last, List<String> expiring) {
    List<String> found = new ArrayList<>();
    last.forEach(
        (key, bytes) -> {
          Long before = first.get(key);
          if (before == null && !expiring.contains(key)) {
            found.add("the key %s came, and will stay".formatted(key));
          } else if (before != null && bytes > before * SHARE + KEY_SLACK) {
            found.add("the key %s grew from %,d to %,d bytes".formatted(key, before, bytes));
          }
        });
    return found;
  }
}
