package dev.stalk.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class FaultPlanTest {
  private static final Duration PAUSE = Duration.ofMillis(100);

  private static List<Fault> faults(long seed, int count) {
    FaultPlan plan = new FaultPlan(seed, PAUSE);
    return Stream.generate(plan::next).limit(count).toList();
  }

  @Test
  void theSameSeedGivesTheSameFaults() {
    assertThat(faults(7, 500)).isEqualTo(faults(7, 500)).isNotEqualTo(faults(8, 500));
  }

  @Test
  void everyKindComes() {
    Set<FaultKind> kinds = EnumSet.noneOf(FaultKind.class);
    faults(1, 500).forEach(fault -> kinds.add(fault.kind()));

    assertThat(kinds).containsExactlyInAnyOrder(FaultKind.values());
  }

  @Test
  void pausesLieBetweenNothingAndTwiceTheirMean() {
    assertThat(faults(1, 500))
        .allSatisfy(
            fault -> assertThat(fault.pause()).isBetween(Duration.ZERO, PAUSE.multipliedBy(2)));
  }

  @Test
  void theSameSeedGivesTheSameTasks() {
    Load one = new Load(3, "a", List.of("x", "y"));
    Load other = new Load(3, "a", List.of("x", "y"));

    assertThat(Stream.generate(one::batch).limit(50))
        .isEqualTo(Stream.generate(other::batch).limit(50).toList());
  }
}
