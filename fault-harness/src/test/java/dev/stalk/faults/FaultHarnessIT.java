package dev.stalk.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A short run in every build; the long one is reported in docs/fault-report.md. */
class FaultHarnessIT {
  private static Totals run(int java, int python, int faults) throws Exception {
    Scenario scenario =
        new Scenario(
            "bounded",
            java,
            python,
            true,
            20261122,
            faults,
            faults,
            Duration.ofMillis(150),
            false,
            null,
            null);
    try (Experiment experiment = new Experiment(scenario, System.out::println)) {
      return experiment.run(soFar -> {});
    }
  }

  @Test
  void theBooksOfAMixedFleetBalanceAfterEveryFault() throws Exception {
    Totals totals = run(2, 1, 40);

    assertThat(totals.violations()).isEmpty();
    assertThat(totals.faults()).isEqualTo(40);
    assertThat(totals.sent()).isGreaterThan(50);
    assertThat(totals.stuck()).isZero();
  }

  @Test
  void aFleetOfJavaWorkersLosesNothing() throws Exception {
    Totals totals = run(2, 0, 30);

    assertThat(totals.violations()).isEmpty();
    assertThat(totals.lost()).isZero();
    assertThat(totals.done()).isGreaterThanOrEqualTo(totals.sent());
  }
}
