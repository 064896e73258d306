package dev.stalk.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ReadAheadTest {
  private static final int UNKNOWN = Integer.MAX_VALUE;

  private final ReadAhead ahead = new ReadAhead(240, 4);
  private long now = Long.MAX_VALUE - 5; // such clocks may begin anywhere, and pass their end

  ReadAheadTest() {
    ahead.adapt(now);
  }

  private void pass(long millis, int tasks) {
    now += TimeUnit.MILLISECONDS.toNanos(millis);
    for (int i = 0; i < tasks; i++) {
      ahead.left();
    }
    ahead.adapt(now);
  }

  private int willBegin() {
    return ahead.willBegin(true, now);
  }

  @Test
  void nothingIsReadAheadBeforeATaskHasEnded() {
    pass(10, 0);

    assertThat(ahead.places()).isZero();
  }

  @Test
  void asMuchIsReadAheadAsBeginsWithinTwentyMilliseconds() {
    pass(10, 4 + 30);

    assertThat(ahead.places()).isEqualTo(60);
  }

  @Test
  void neverIsMoreReadAheadThanIsAllowed() {
    pass(10, 100_000);

    assertThat(ahead.places()).isEqualTo(240);
  }

  @Test
  void longTasksHaveNothingReadAhead() {
    pass(1000, 40);

    assertThat(ahead.places()).isZero();
  }

  @Test
  void longTasksThatEndTogetherHaveNothingReadAhead() {
    for (int i = 0; i < 10; i++) {
      pass(500, 0);
      pass(5, 4);
      assertThat(ahead.places()).isZero();
    }
  }

  @Test
  void aQuietTimeEndsIt() {
    pass(10, 34);
    pass(2000, 1);

    assertThat(ahead.places()).isZero();
  }

  @Test
  void thePaceIsJudgedByMillisecondsNotByEachLook() {
    pass(1, 1000);
    assertThat(ahead.places()).isZero();

    pass(4, 0);
    assertThat(ahead.places()).isEqualTo(240);
  }

  @Test
  void onePauseChangesNothingTwoDo() {
    pass(10, 4 + 30);
    pass(100, 0);
    assertThat(ahead.places()).isEqualTo(60);

    pass(5, 0);
    assertThat(ahead.places()).isZero();
  }

  @Test
  void halfASecondInWhichNoTaskEndedTellsThatNoneWillBegin() {
    assertThat(willBegin()).isEqualTo(UNKNOWN);
    pass(499, 0);
    assertThat(willBegin()).isEqualTo(UNKNOWN);
    pass(1, 0);

    assertThat(willBegin()).isZero();
  }

  @Test
  void asManyWillBeginInTheNextHalfSecondAsDidInTheLast() {
    assertThat(willBegin()).isEqualTo(UNKNOWN);
    pass(500, 50);
    assertThat(willBegin()).isEqualTo(50);

    pass(1000, 4000);
    assertThat(willBegin()).isEqualTo(2000);
  }

  @Test
  void theHalfSecondBeginsWhenThereIsMoreThanTheBufferHolds() {
    assertThat(willBegin()).isEqualTo(UNKNOWN);
    pass(499, 0);
    assertThat(ahead.willBegin(false, now)).isEqualTo(UNKNOWN);
    assertThat(willBegin()).isEqualTo(UNKNOWN);
    pass(499, 0);

    assertThat(willBegin()).isEqualTo(UNKNOWN);
    pass(1, 0);
    assertThat(willBegin()).isZero();
  }

  @Test
  void itTellsWhenToLookAgain() {
    assertThat(ahead.nanosToWait(now)).isEqualTo(Long.MAX_VALUE);
    assertThat(willBegin()).isEqualTo(UNKNOWN);
    pass(200, 0);

    assertThat(ahead.nanosToWait(now)).isEqualTo(TimeUnit.MILLISECONDS.toNanos(300));
    pass(900, 0);
    assertThat(ahead.nanosToWait(now)).isPositive();
  }
}
