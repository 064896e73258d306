package dev.stalk.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TaskArgumentsTest {

  @Test
  void anArgumentIsFoundByPositionElseByName() {
    TaskArguments arguments = new TaskArguments(List.of(1, "two"), Map.of("z", 3.5));

    assertThat(arguments.get(0, "x", int.class)).isEqualTo(1);
    assertThat(arguments.get(1, "y", String.class)).isEqualTo("two");
    assertThat(arguments.get(2, "z", Double.class)).isEqualTo(3.5);
  }

  @Test
  void aPositionWinsOverAName() {
    assertThat(new TaskArguments(List.of(1), Map.of("x", 2)).get(0, "x", Integer.class))
        .isEqualTo(1);
  }

  @Test
  void nullIsAnArgument() {
    TaskArguments byPosition = new TaskArguments(Arrays.asList((Object) null), Map.of());
    TaskArguments byName = new TaskArguments(List.of(), Collections.singletonMap("x", null));

    assertThat(byPosition.get(0, "x", String.class)).isNull();
    assertThat(byName.get(0, "x", String.class)).isNull();
  }

  @Test
  void anArgumentIsConverted() {
    assertThat(new TaskArguments(List.of(1), Map.of()).get(0, "x", Long.class)).isEqualTo(1L);
  }

  @Test
  void aMissingArgumentIsNamed() {
    assertThatExceptionOfType(TaskArgumentException.class)
        .isThrownBy(() -> new TaskArguments(List.of(1), Map.of()).get(1, "y", int.class))
        .withMessage("missing a required argument: 'y'");
  }

  @Test
  void anArgumentThatDoesNotFitIsNamedWithItsType() {
    assertThatExceptionOfType(TaskArgumentException.class)
        .isThrownBy(() -> new TaskArguments(List.of("one"), Map.of()).get(0, "x", int.class))
        .withMessageStartingWith("argument 'x': a string does not fit int");
  }
}
