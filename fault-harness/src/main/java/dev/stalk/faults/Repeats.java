package dev.stalk.faults;

import java.util.List;

/**
 * Explains by the timeline why a task was begun again. Strict where only Java workers had it: a
 * kill counts only if the task had not been settled by then, a standstill only if it was long
 * enough for a lease to lapse.
 */
final class Repeats {
  /** A settlement takes milliseconds; a worker that has just lost its connection pauses longer. */
  private static final long TO_SETTLE = 2_500;

  /** A kill is noted when the process is gone, which is a little later. */
  private static final long TO_DIE = 1_000;

  /**
   * A lease is renewed whenever a third of it is over; so a worker that was helpless for half of it
   * without a break may have missed that, and a shorter break than a third does not help.
   */
  private static final long TO_LAPSE = Load.LEASE.toMillis() / 2;

  private static final long TOO_SHORT_TO_RENEW = Load.LEASE.toMillis() / 3 + 100;

  /** How far back a lapse can lie: the message was watched, and then waited for a free worker. */
  private static final long MEMORY = 3 * Load.LEASE.toMillis();

  private final Timeline timeline;

  Repeats(Timeline timeline) {
    this.timeline = timeline;
  }

  /**
   * Why the task was begun for the last time of these, after all the others.
   *
   * @param runs its executions so far, at least two, the earliest first
   */
  Repeat cause(Ledger.Entry entry, List<Execution> runs) {
    Execution again = runs.get(runs.size() - 1);
    List<Execution> earlier = runs.subList(0, runs.size() - 1);
    if (earlier.stream().anyMatch(run -> wasKilled(run, again))) {
      return Repeat.KILLED;
    }
    // a worker holds a message for a while before it begins it
    if (runs.stream().anyMatch(run -> lapsed(run.worker(), entry.when().from(), again))) {
      return Repeat.LAPSED;
    }
    if (earlier.stream().anyMatch(run -> wasStopped(run, again))) {
      return Repeat.STOPPED;
    }
    if (wasBroken(entry.when().widened(50, 50))) {
      return Repeat.SENT_TWICE;
    }
    return runs.stream().allMatch(Execution::isJava)
        ? Repeat.UNEXPLAINED
        : celery(entry, earlier, again);
  }

  private boolean wasKilled(Execution run, Execution again) {
    Long death = timeline.deathOf(run.worker());
    if (death == null || death < run.began() || death > again.began() + TO_DIE) {
      return false;
    }
    if (!run.isDone() || death <= run.ended()) {
      return true;
    }
    Span since = new Span(run.ended(), death);
    long helpless = since.coveredBy(timeline.helpless(run.worker()));
    return since.to() - since.from() - helpless <= TO_SETTLE;
  }

  /** Only Java workers have leases. */
  private boolean lapsed(String worker, long since, Execution again) {
    if (!Execution.isJava(worker)) {
      return false;
    }
    Span possible =
        new Span(Math.min(Math.max(since, again.began() - MEMORY), again.began()), again.began());
    return Span.joined(timeline.helpless(worker), TOO_SHORT_TO_RENEW).stream()
        .anyMatch(span -> span.meets(possible) && span.length() >= TO_LAPSE);
  }

  /** A stop lets tasks end, so long as it may take, and needs Redis to say so. */
  private boolean wasStopped(Execution run, Execution again) {
    Long stop = timeline.stopOf(run.worker());
    if (stop == null || stop > again.began()) {
      return false;
    }
    Span since = new Span(stop, again.began());
    boolean impatient = !run.isDone() && since.length() >= JavaWorkerMain.PATIENCE.toMillis();
    return impatient || timeline.redisAway().stream().anyMatch(since::meets);
  }

  private boolean wasBroken(Span span) {
    return timeline.wasCut(span) || timeline.redisAway().stream().anyMatch(span::meets);
  }

  private Repeat celery(Ledger.Entry entry, List<Execution> earlier, Execution again) {
    if (wasBroken(new Span(entry.when().from(), again.began()))) {
      return Repeat.CELERY_RECONNECT;
    }
    long first = earlier.get(0).began();
    return again.began() - first >= Load.VISIBILITY_TIMEOUT.toMillis()
        ? Repeat.CELERY_TIMEOUT
        : Repeat.CELERY_OTHER;
  }
}
