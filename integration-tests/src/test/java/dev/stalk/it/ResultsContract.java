package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.message.TaskState;
import dev.stalk.broker.transport.ResultBackend;
import dev.stalk.broker.transport.Transport;
import java.time.Duration;
import java.util.Base64;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;

/** What every broker promises about results. */
abstract class ResultsContract extends TransportContract {
  private final Queue<String> ready = new ConcurrentLinkedQueue<>();

  private static byte[] meta(String state, int value) {
    return bytes("{\"status\": \"%s\", \"result\": %d}".formatted(state, value));
  }

  private ResultBackend.Watch watch(Transport with, String id) {
    return with.results().watch(id, stored -> ready.add(text(stored)));
  }

  @Test
  void whatIsNotStoredIsPending() {
    assertThat(transport.results().get("t1").state()).isEqualTo(TaskState.PENDING);
  }

  @Test
  void aResultReplacesAnEarlierStateAndCanBeForgotten() {
    transport.results().store("t1", meta("STARTED", 1));
    assertThat(transport.results().get("t1").state()).isEqualTo(TaskState.STARTED);

    transport.results().store("t1", meta("SUCCESS", 2));
    assertThat(transport.results().get("t1").value()).isEqualTo(2);
    transport.results().store("t1", meta("STARTED", 3));
    assertThat(transport.results().get("t1").value()).as("a SUCCESS stays").isEqualTo(2);

    transport.results().forget("t1");
    assertThat(transport.results().get("t1").state()).isEqualTo(TaskState.PENDING);
  }

  @Test
  void aSuccessStaysAlsoWhereItsFormIsNotAccepted() {
    String signed = "c2lnbmVy\0\1c2lnbmF0dXJl\0\1application/json\0\1utf-8\0\1";
    byte[] fields = bytes(signed + text(meta("SUCCESS", 1)));
    transport.results().store("t1", Base64.getEncoder().encode(fields));
    transport.results().store("t2", bytes("result: 1\nstatus: SUCCESS\ntask_id: t2\n"));

    transport.results().store("t1", meta("FAILURE", 2));
    transport.results().store("t2", meta("FAILURE", 2));

    assertThatThrownBy(() -> transport.results().get("t1")).hasMessageContaining("looks like auth");
    assertThatThrownBy(() -> transport.results().get("t2")).hasMessageContaining("looks like yaml");
  }

  @Test
  void aWatchIsToldOnceAndOnlyOfItsOwnFinalResult() {
    Transport other = broker.transport();
    try (ResultBackend.Watch watch = watch(other, "t1")) {
      assertThat(watch).isNotNull();
      transport.results().store("t1", meta("STARTED", 1));
      transport.results().store("t2", meta("SUCCESS", 2));
      transport.results().store("t1", meta("FAILURE", 3));
      transport.results().store("t1", meta("SUCCESS", 4));

      broker.await("it is told", () -> !ready.isEmpty());
    }
    assertThat(ready).containsExactly(text(meta("FAILURE", 3)));
  }

  @Test
  void aWatchIsToldWhatWasThereBeforeIt() {
    transport.results().store("t1", meta("SUCCESS", 1));

    try (ResultBackend.Watch watch = watch(transport, "t1")) {
      assertThat(watch).isNotNull();
      broker.await("it is told", () -> !ready.isEmpty());
    }
  }

  @Test
  void aClosedWatchIsToldNothing() {
    ResultBackend.Watch closed = watch(transport, "t1");
    closed.close();
    closed.close();

    try (ResultBackend.Watch open = watch(transport, "t1")) {
      assertThat(open).isNotNull();
      transport.results().store("t1", meta("SUCCESS", 1));
      broker.await("the open one is told", () -> !ready.isEmpty());
    }
    assertThat(ready).hasSize(1);
  }

  @Test
  void aResultIsGoneWhenItHasExpired() {
    Transport brief = broker.transport(BrokerConfig.builder().resultExpires(Duration.ofSeconds(1)));
    brief.results().store("t1", meta("SUCCESS", 1));
    Transport lasting = broker.transport(BrokerConfig.builder().resultExpires(Duration.ZERO));
    lasting.results().store("t2", meta("SUCCESS", 2));

    broker.await(
        "it has expired", () -> brief.results().get("t1").state().equals(TaskState.PENDING));

    assertThat(lasting.results().get("t2").value()).isEqualTo(2);
  }
}
