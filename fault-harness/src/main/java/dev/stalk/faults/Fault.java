package dev.stalk.faults;

import java.time.Duration;

/**
 * One fault, as the seed has it.
 *
 * @param kind what is done
 * @param choice to whom, modulo the number of candidates at that moment; not negative
 * @param severity how long it lasts where it lasts, from 0 to 1 of the kind's range
 * @param pause how long to wait before it
 */
record Fault(FaultKind kind, int choice, double severity, Duration pause) {

  /** A length between these two, the longer the more severe. */
  Duration length(Duration shortest, Duration longest) {
    long range = longest.minus(shortest).toMillis();
    return shortest.plusMillis(Math.round(range * severity));
  }
}
