package dev.stalk.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PythonEnvironmentTest {

  @ParameterizedTest
  @ValueSource(strings = {"5.7", "5.2"})
  void itHoldsThePinnedCelery(String line) {
    PythonEnvironment environment = PythonEnvironment.celery(line);

    try (PythonSession python = PythonSession.builder(environment).start()) {
      assertThat(python.eval("import celery; celery.__version__").stringValue())
          .isEqualTo(environment.version())
          .startsWith(line + ".");
      assertThat(python.eval("import sys; sys.prefix").stringValue())
          .isEqualTo(environment.python().getParent().getParent().toString());
    }
  }

  @Test
  void theSecondTimeItIsThere() {
    PythonEnvironment first = PythonEnvironment.celery();
    List<String> progress = new ArrayList<>();

    PythonEnvironment second = PythonEnvironment.celery(progress::add);

    assertThat(second.python()).isEqualTo(first.python()).isExecutable();
    assertThat(progress).isEmpty();
  }

  @Test
  void aCeleryWithoutPinsIsRefused() {
    assertThatThrownBy(() -> PythonEnvironment.celery("4.4"))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
