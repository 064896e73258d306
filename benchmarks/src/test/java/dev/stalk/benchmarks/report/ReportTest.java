package dev.stalk.benchmarks.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReportTest {
  @Test
  void whatFailedIsRememberedAndStandsInTheReport() {
    Report report = new Report("soak");
    report.remark("before");

    report.failure("the key unacked grew");

    assertThat(report.failures()).containsExactly("the key unacked grew");
    assertThat(report.render()).startsWith("before").contains("**Failed:** the key unacked grew");
  }

  @Test
  void aReportOfWhatHoldsHasNoFailures() {
    Report report = new Report("soak");
    report.remark("nothing grew");

    assertThat(report.failures()).isEmpty();
  }
}
