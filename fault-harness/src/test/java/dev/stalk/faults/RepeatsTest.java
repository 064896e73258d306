package dev.stalk.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class RepeatsTest {
  private static final long NOW = 1_000_000;
  private static final long LEASE = Load.LEASE.toMillis();

  private final Timeline timeline = new Timeline();

  private static Execution run(String worker, long began, long ended) {
    return new Execution("t", worker, NOW + began, NOW + ended);
  }

  private Repeat cause(Execution... runs) {
    Load.Job job = new Load.Job("t", "java", 10, Duration.ZERO, 0);
    Ledger.Entry entry = new Ledger.Entry(job, "java", new Span(NOW, NOW + 5), Ledger.Fate.SENT);
    return new Repeats(timeline).cause(entry, List.of(runs));
  }

  @Test
  void aKillLongAfterTheTaskHadEndedExplainsNothing() {
    timeline.died("java-1.1", NOW + 8_000);

    assertThat(cause(run("java-1.1", 10, 20), run("java-2.1", 12_000, 12_010)))
        .isEqualTo(Repeat.UNEXPLAINED);
  }

  @Test
  void aKillSoonAfterTheTaskHadEndedMayHaveComeBeforeItsSettlement() {
    timeline.died("java-1.1", NOW + 60);

    assertThat(cause(run("java-1.1", 10, 20), run("java-2.1", 5_000, 5_010)))
        .isEqualTo(Repeat.KILLED);
  }

  @Test
  void whileRedisIsAwayNothingIsSettled() {
    timeline.redisAway(new Span(NOW, NOW + 7_000));
    timeline.died("java-1.1", NOW + 8_000);

    assertThat(cause(run("java-1.1", 10, 20), run("java-2.1", 12_000, 12_010)))
        .isEqualTo(Repeat.KILLED);
  }

  @Test
  void theKillOfAnotherWorkerExplainsNothing() {
    timeline.died("java-2.1", NOW + 15);

    assertThat(cause(run("java-1.1", 10, 20), run("java-2.2", 5_000, 5_010)))
        .isEqualTo(Repeat.UNEXPLAINED);
  }

  @Test
  void aWorkerThatStoodForLongLosesItsLease() {
    timeline.stood("java-1.1", new Span(NOW + 15, NOW + 15 + LEASE));

    assertThat(cause(run("java-1.1", 10, LEASE + 20), run("java-2.1", LEASE, LEASE + 10)))
        .isEqualTo(Repeat.LAPSED);
  }

  @Test
  void aShortStandstillCostsNoLease() {
    timeline.stood("java-1.1", new Span(NOW + 15, NOW + 15 + LEASE / 3));

    assertThat(cause(run("java-1.1", 10, LEASE), run("java-2.1", LEASE, LEASE + 10)))
        .isEqualTo(Repeat.UNEXPLAINED);
  }

  @Test
  void manyShortStandstillsWithTimeToRenewBetweenCostNoLease() {
    for (int i = 0; i < 6; i++) {
      timeline.stood("java-1.1", new Span(NOW + i * LEASE, NOW + i * LEASE + LEASE / 4));
    }

    assertThat(cause(run("java-1.1", 10, 6 * LEASE), run("java-2.1", 5 * LEASE, 5 * LEASE + 10)))
        .isEqualTo(Repeat.UNEXPLAINED);
  }

  @Test
  void aLapseOfLongAgoExplainsNothing() {
    timeline.stood("java-1.1", new Span(NOW, NOW + LEASE));

    assertThat(cause(run("java-1.1", 10, 20 * LEASE), run("java-2.1", 10 * LEASE, 11 * LEASE)))
        .isEqualTo(Repeat.UNEXPLAINED);
  }

  @Test
  void aWorkerThatStoodWithTheMessageInItsHandsMayHaveBegunItRightAfter() {
    timeline.stood("java-1.1", new Span(NOW + 15, NOW + 15 + LEASE));

    assertThat(
            cause(
                run("java-1.1", LEASE + 20, LEASE + 30),
                run("java-2.1", 2 * LEASE, 2 * LEASE + 10)))
        .isEqualTo(Repeat.LAPSED);
  }

  @Test
  void theWorkerThatRunsItAgainMayHaveStoodWithTheMessageInItsHands() {
    timeline.stood("java-2.1", new Span(NOW + 15, NOW + 15 + LEASE));

    assertThat(cause(run("java-1.1", 3_500, 3_510), run("java-2.1", 3_600, 3_610)))
        .isEqualTo(Repeat.LAPSED);
  }

  @Test
  void aStopThatCouldNotReachRedisHandsWorkOn() {
    timeline.stopping("java-1.1", NOW + 12);
    timeline.redisAway(new Span(NOW + 12, NOW + 500));

    assertThat(cause(run("java-1.1", 10, 20), run("java-2.1", 9_000, 9_010)))
        .isEqualTo(Repeat.STOPPED);
  }

  @Test
  void anOrdinaryStopExplainsNothing() {
    timeline.stopping("java-1.1", NOW + 12);

    assertThat(cause(run("java-1.1", 10, 20), run("java-2.1", 300, 310)))
        .isEqualTo(Repeat.UNEXPLAINED);
  }

  @Test
  void aStopThatInterruptsBeforeItsTimeExplainsNothing() {
    timeline.stopping("java-1.1", NOW + 12);
    Execution interrupted = new Execution("t", "java-1.1", NOW + 10, Execution.NEVER);

    assertThat(cause(interrupted, run("java-2.1", 300, 310))).isEqualTo(Repeat.UNEXPLAINED);
    assertThat(cause(interrupted, run("java-2.1", 9_000, 9_010))).isEqualTo(Repeat.STOPPED);
  }

  @Test
  void aConnectionCutWhileSendingMayHaveDoubledTheMessage() {
    timeline.cut(NOW + 3);

    assertThat(cause(run("java-1.1", 10, 20), run("java-2.1", 30, 40)))
        .isEqualTo(Repeat.SENT_TWICE);
  }

  @Test
  void whatCeleryGivesBackAtAReconnectIsCelerys() {
    timeline.cut(NOW + 100);

    assertThat(cause(run("python-1.1", 10, 400), run("java-2.1", 200, 210)))
        .isEqualTo(Repeat.CELERY_RECONNECT);
  }
}
