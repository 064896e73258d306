package dev.stalk.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequirementsTest {

  @ParameterizedTest
  @ValueSource(strings = {"5.7", "5.2"})
  void everyPackageIsPinned(String line) {
    Requirements requirements = Requirements.ofCelery(line);

    assertThat(requirements.celeryVersion()).startsWith(line + ".");
    assertThat(Requirements.ofCeleryWithContents(line).text())
        .startsWith(requirements.text())
        .contains("\nmsgpack==", "\npyyaml==");
    assertThat(Requirements.ofCeleryWithAuth(line).text())
        .startsWith(requirements.text())
        .contains("\ncryptography==");
    assertThat(requirements.text().lines().filter(each -> !each.startsWith("#")))
        .isNotEmpty()
        .allMatch(each -> each.matches("[a-z_-]+==[0-9.post]+( ; .*)?"));
  }

  @Test
  void otherPinsHaveAnotherName() {
    Requirements one = new Requirements("celery==5.7.0\nvine==5.1.0\n");
    Requirements other = new Requirements("celery==5.7.0\nvine==5.1.1\n");

    assertThat(one.name()).matches("celery-5\\.7\\.0-[0-9a-f]{8}").isNotEqualTo(other.name());
  }

  @Test
  void aLineWithoutPinsIsRefused() {
    assertThatThrownBy(() -> Requirements.ofCelery("3.1"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("3.1");
  }
}
