package dev.stalk.broker.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.stalk.broker.message.TaskMessage;
import java.time.OffsetDateTime;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProtocolOneTest {

  private static TaskMessage decode(String headers, String body) {
    String encoded = Base64.getEncoder().encodeToString(body.getBytes(UTF_8));
    String envelope =
        "{\"body\": \"%s\", \"content-type\": \"application/json\", \"headers\": %s, \"properties\": {\"body_encoding\": \"base64\"}}"
            .formatted(encoded, headers);
    return MessageCodec.decode(envelope.getBytes(UTF_8));
  }

  @Test
  void everythingIsTakenFromTheBody() {
    TaskMessage message =
        decode(
            "{}",
            """
            {"task": "acme.add", "id": "i-1", "args": [2, 3], "kwargs": {"k": null}, "group": null,
             "group_index": null, "retries": 2, "eta": "2026-11-21T23:03:43.624841", "utc": true,
             "expires": "2026-11-21T23:04:43+00:00", "callbacks": [{"task": "next"}],
             "errbacks": null, "timelimit": [30, 20], "taskset": "g-1", "chord": null}
            """);

    assertThat(message.headers().task()).isEqualTo("acme.add");
    assertThat(message.headers().id()).isEqualTo("i-1");
    assertThat(message.headers().retries()).isEqualTo(2);
    assertThat(message.headers().group()).isEqualTo("g-1");
    assertThat(message.headers().timeLimit()).isEqualTo(30);
    assertThat(message.headers().softTimeLimit()).isEqualTo(20);
    assertThat(message.headers().eta())
        .isEqualTo(OffsetDateTime.parse("2026-11-21T23:03:43.624841Z"));
    assertThat(message.headers().expires()).isEqualTo(OffsetDateTime.parse("2026-11-21T23:04:43Z"));
    assertThat(message.headers().argsRepr()).isEqualTo("(2, 3)");
    assertThat(message.headers().kwargsRepr()).isEqualTo("{'k': None}");
    assertThat(message.headers().custom()).isEmpty();
    assertThat(message.body().args()).containsExactly(2, 3);
    assertThat(message.body().kwargs()).containsOnlyKeys("k");
    assertThat(message.body().embed())
        .containsEntry("callbacks", List.of(Map.of("task", "next")))
        .containsEntry("chain", null);
  }

  @Test
  void taskAndIdAreEnough() {
    TaskMessage message = decode("{}", "{\"task\": \"acme.add\", \"id\": \"i-1\"}");

    assertThat(message.body().args()).isEmpty();
    assertThat(message.body().kwargs()).isEmpty();
    assertThat(message.headers().eta()).isNull();
  }

  @Test
  void inTheHybridTheHeadersWin() {
    TaskMessage message =
        decode(
            "{\"task\": \"acme.mul\", \"x-tenant\": \"t1\"}",
            "{\"task\": \"acme.add\", \"id\": \"i-1\", \"args\": [2]}");

    assertThat(message.headers().task()).isEqualTo("acme.mul");
    assertThat(message.headers().id()).isEqualTo("i-1");
    assertThat(message.headers().custom()).isEqualTo(Map.of("x-tenant", "t1"));
    assertThat(message.body().args()).containsExactly(2);
  }

  @Test
  void whatIsWrongIsToldWithTheIdOfTheBody() {
    assertThatExceptionOfType(MalformedMessageException.class)
        .isThrownBy(() -> decode("{}", "{\"task\": \"acme.add\", \"id\": \"i-1\", \"args\": 5}"))
        .withMessageContaining("message.body.args is '5', not an array")
        .satisfies(e -> assertThat(e.taskId()).isEqualTo("i-1"));
    assertThatExceptionOfType(MalformedMessageException.class)
        .isThrownBy(() -> decode("{}", "{\"id\": \"i-1\"}"))
        .withMessageContaining("neither the headers nor the body name a task");
  }
}
