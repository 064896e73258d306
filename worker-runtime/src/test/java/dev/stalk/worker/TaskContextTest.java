package dev.stalk.worker;

import static dev.stalk.worker.Messages.aTaskMessage;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.codec.Redelivery;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class TaskContextTest {
  private static final Instant TIME = Instant.parse("2026-11-22T10:15:30.123456Z");

  @Test
  void itTellsWhatTheMessageSays() {
    TaskContext context =
        aTaskMessage()
            .task("tasks.add")
            .id("id-7")
            .rootId("id-1")
            .parentId("id-6")
            .retries(2)
            .priority(6)
            .eta(TIME)
            .expires(TIME.plusSeconds(60))
            .header("tenant", "acme")
            .args(1, 2)
            .kwarg("z", 3)
            .context();

    assertThat(context.queue()).isEqualTo(Messages.QUEUE);
    assertThat(context.task()).isEqualTo("tasks.add");
    assertThat(context.id()).isEqualTo("id-7");
    assertThat(context.rootId()).isEqualTo("id-1");
    assertThat(context.parentId()).isEqualTo("id-6");
    assertThat(context.retries()).isEqualTo(2);
    assertThat(context.priority()).isEqualTo(6);
    assertThat(context.eta()).isEqualTo(TIME);
    assertThat(context.expires()).isEqualTo(TIME.plusSeconds(60));
    assertThat(context.customHeaders()).containsExactly(entry("tenant", "acme"));
    assertThat(context.arguments().positional()).containsExactly(1, 2);
    assertThat(context.arguments().named()).containsExactly(entry("z", 3));
  }

  @Test
  void aTaskThatNobodySentIsItsOwnRoot() {
    TaskContext context = aTaskMessage().id("id-1").context();

    assertThat(context.rootId()).isEqualTo("id-1");
    assertThat(context.parentId()).isNull();
    assertThat(context.eta()).isNull();
    assertThat(context.expires()).isNull();
  }

  @Test
  void itKnowsWhetherTheMessageHasBeenWithAWorkerBefore() {
    byte[] first = aTaskMessage().bytes();
    byte[] second = Redelivery.mark(first);

    assertThat(Messages.context("math", MessageCodec.decode(first)).redelivered()).isFalse();
    assertThat(Messages.context("math", MessageCodec.decode(second)).redelivered()).isTrue();
  }
}
