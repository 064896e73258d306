package dev.stalk.broker.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TaskStateTest {

  @ParameterizedTest
  @CsvSource({
    "PENDING, false, false, false",
    "STARTED, false, false, false",
    "RETRY, false, false, true",
    "SUCCESS, true, false, false",
    "FAILURE, true, true, true",
    "REVOKED, true, true, true",
    "PROGRESS, false, false, false",
    "success, false, false, false",
  })
  void stateMeansWhatCelerySaysItMeans(
      String name, boolean ready, boolean failed, boolean holdsException) {
    TaskState state = new TaskState(name);

    assertThat(state.isReady()).isEqualTo(ready);
    assertThat(state.isFailed()).isEqualTo(failed);
    assertThat(state.holdsException()).isEqualTo(holdsException);
    assertThat(state).hasToString(name);
  }

  @Test
  void stateNeedsAName() {
    assertThatThrownBy(() -> new TaskState("")).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void nothingStoredIsPending() {
    assertThat(TaskResult.pending("id").state()).isEqualTo(TaskState.PENDING);
  }

  @Test
  void exceptionIsNamedWithItsModuleAndShowsItsArguments() {
    assertThat(RemoteException.of("builtins", "ValueError", "bad").qualifiedName())
        .isEqualTo("builtins.ValueError");
    assertThat(new RemoteException("E", null, List.of()).qualifiedName()).isEqualTo("E");
    assertThat(RemoteException.of("", "E").qualifiedName()).isEqualTo("E");
    assertThat(RemoteException.of("m", "E").message()).isEmpty();
    assertThat(RemoteException.of("m", "E", "bad").message()).isEqualTo("bad");
    assertThat(RemoteException.of("m", "E", "bad", 3).message()).isEqualTo("[bad, 3]");
  }
}
