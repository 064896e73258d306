package dev.stalk.benchmarks.subject;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PlanTest {
  @Test
  void aPlanReachesTheProgramThatIsToDoItAsItIs() {
    Plan plan =
        Plan.of("", Work.RESULT)
            .queues("queue-", 3)
            .batch(256)
            .processes(4)
            .bulkhead(4, 12)
            .setting("queue-1", "circuit-breaker: { minimum-number-of-calls: 5 }");

    assertThat(Plan.parse(plan.words())).isEqualTo(plan);
  }
}
