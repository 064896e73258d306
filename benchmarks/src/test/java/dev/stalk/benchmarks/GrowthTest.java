package dev.stalk.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GrowthTest {
  private static final double MIB = 1 << 20;

  @Test
  void aHeapThatOnlyVariesHasNotGrown() {
    assertThat(Growth.ofHeap(List.of(9 * MIB, 11 * MIB, 8 * MIB, 12 * MIB, 9 * MIB, 10 * MIB)))
        .isEmpty();
  }

  @Test
  void aHeapThatClimbsHasGrown() {
    assertThat(Growth.ofHeap(List.of(10 * MIB, 14 * MIB, 18 * MIB)))
        .containsExactly("the heap after a collection grew from 10.0 MiB to 18.0 MiB");
  }

  @Test
  void aKeyThatGrowsIsNamed() {
    assertThat(Growth.ofKeys(Map.of("unacked", 200L), Map.of("unacked", 90_000L), List.of()))
        .containsExactly("the key unacked grew from 200 to 90,000 bytes");
  }

  @Test
  void aKeyThatCameAndStaysIsNamed() {
    assertThat(Growth.ofKeys(Map.of(), Map.of("left", 10L), List.of()))
        .containsExactly("the key left came, and will stay");
  }

  @Test
  void aKeyThatExpiresMayCome() {
    assertThat(Growth.ofKeys(Map.of(), Map.of("lock", 10L), List.of("lock"))).isEmpty();
  }
}
