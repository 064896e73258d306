package dev.stalk.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A short run in every build; the long one is reported in docs/fault-report.md. */
class FaultHarnessIT {
  private final List<String> progress = new ArrayList<>();

  private Totals run(int java, int python, int faults) throws Exception {
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
    try (Experiment experiment = new Experiment(scenario, progress::add)) {
      return experiment.run(soFar -> {});
    }
  }

  @Test
  void theBooksOfAMixedFleetBalanceAfterEveryFault() throws Exception {
    Totals totals = run(2, 1, 40);

    assertThat(totals.violations()).as("%s", progress).isEmpty();
    assertThat(totals.faults()).isEqualTo(40);
    assertThat(totals.sent()).isGreaterThan(50);
    assertThat(totals.stuck()).isZero();
  }

  @Test
  void aFleetOfJavaWorkersLosesNothing() throws Exception {
    Totals totals = run(2, 0, 30);

    assertThat(totals.violations()).as("%s", progress).isEmpty();
    assertThat(totals.lost()).isZero();
    assertThat(totals.done()).isGreaterThanOrEqualTo(totals.sent());
  }
}
