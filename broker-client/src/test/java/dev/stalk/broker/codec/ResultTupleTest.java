package dev.stalk.broker.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ResultTupleTest {
  @Test
  void tasksAndTheMembersOfGroupsAreNamedInTheirOrder() {
    List<Object> stored =
        Arrays.asList(
            ResultTuple.ofTask("a"),
            ResultTuple.ofGroup(
                "g",
                Arrays.asList(
                    ResultTuple.ofTask("b"),
                    ResultTuple.ofGroup("h", Arrays.asList(ResultTuple.ofTask("c"))))),
            ResultTuple.ofTask("d"));

    assertThat(ResultTuple.taskIds(stored)).containsExactly("a", "b", "c", "d");
  }

  @Test
  void aParentIsNoChildAndAnIdAloneIsReadAsCeleryReadsIt() {
    List<Object> withParent =
        Arrays.asList(Arrays.asList("child", ResultTuple.ofTask("parent")), null);

    assertThat(ResultTuple.taskIds(Arrays.asList(withParent, Arrays.asList("plain", null))))
        .containsExactly("child", "plain");
  }

  @Test
  void whatIsNoTupleIsLeftOut() {
    assertThat(ResultTuple.taskIds(null)).isEmpty();
    assertThat(
            ResultTuple.taskIds(
                Arrays.asList(
                    "text", 3, null, List.of(), Arrays.asList(null, null), List.of(List.of(), 1))))
        .isEmpty();
  }
}
