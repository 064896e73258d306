package dev.stalk.worker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SubstitutionTest {
  private final Substitution substitution =
      new Substitution(
          Map.of("HOST", "redis.example", "DB", "2", "EMPTY", "", "ODD", "${HOST} \\1 $0"));

  @ParameterizedTest
  @CsvSource({
    "${HOST}, redis.example",
    "redis://${HOST}:6379/${DB}, redis://redis.example:6379/2",
    "${HOST:localhost}, redis.example",
    "${ABSENT:localhost}, localhost",
    "${ABSENT:redis://localhost:6379/0}, redis://localhost:6379/0",
    "${EMPTY:localhost}, localhost",
    "a${ABSENT:}b, ab",
    "100$, 100$",
    "$HOST, $HOST",
    "{HOST}, {HOST}"
  })
  void referencesAreReplaced(String text, String expected) {
    assertThat(substitution.apply(text)).isEqualTo(expected);
  }

  @Test
  void whatAVariableHoldsIsTakenAsItIs() {
    assertThat(substitution.apply("<${ODD}>")).isEqualTo("<${HOST} \\1 $0>");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ABSENT", "EMPTY"})
  void aVariableThatIsUnsetOrEmptyNeedsADefault(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> substitution.apply("redis://:hush@${" + name + "}/0"))
        .withMessage(
            "the environment variable %s is not set; ${%s:...} would give it a default"
                .formatted(name, name));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "${",
        "${}",
        "${HOST",
        "${HOST:x",
        "${9}",
        "${a-b}",
        "${HO ST}",
        "${A:${HOST}}",
        "$${"
      })
  void aMalformedReferenceIsRefused(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> substitution.apply(text))
        .withMessage("has a ${ that begins neither ${NAME} nor ${NAME:default}");
  }
}
