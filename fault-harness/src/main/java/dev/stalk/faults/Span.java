package dev.stalk.faults;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A stretch of time.
 *
 * @param from its begin, in milliseconds since 1970
 * @param to its end, the same or later
 */
record Span(long from, long to) {
  Span {
    if (to < from) {
      throw new IllegalArgumentException(
          "a span must not end before it begins: " + from + ", " + to);
    }
  }

  /** Whether the two have a moment in common, their ends included. */
  boolean meets(Span other) {
    return from <= other.to && other.from <= to;
  }

  /** How many milliseconds of this span are covered by at least one of the others. */
  long coveredBy(Collection<Span> others) {
    Stream<Span> clipped =
        others.stream()
            .filter(this::meets)
            .map(other -> new Span(Math.max(from, other.from), Math.min(to, other.to)))
            .sorted((a, b) -> Long.compare(a.from, b.from));
    long covered = 0;
    long reached = from;
    for (Span part : (Iterable<Span>) clipped::iterator) {
      covered += Math.max(0, part.to - Math.max(part.from, reached));
      reached = Math.max(reached, part.to);
    }
    return covered;
  }

  /** This span with both ends moved outwards, in milliseconds. */
  Span widened(long before, long after) {
    return new Span(from - before, to + after);
  }

  /** How long it is, in milliseconds. */
  long length() {
    return to - from;
  }

  /**
   * The spans in order, those joined that overlap or lie close together.
   *
   * @param gap the longest distance, in milliseconds, that still counts as close
   */
  static List<Span> joined(Collection<Span> spans, long gap) {
    List<Span> joined = new ArrayList<>();
    for (Span next : spans.stream().sorted(Comparator.comparingLong(Span::from)).toList()) {
      Span last = joined.isEmpty() ? null : joined.get(joined.size() - 1);
      if (last != null && next.from <= last.to + gap) {
        joined.set(joined.size() - 1, new Span(last.from, Math.max(last.to, next.to)));
      } else {
        joined.add(next);
      }
    }
    return joined;
  }
}
