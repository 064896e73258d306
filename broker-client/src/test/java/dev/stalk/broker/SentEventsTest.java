package dev.stalk.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.codec.Fixtures;
import dev.stalk.broker.message.Event;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.message.SendOptions;
import dev.stalk.broker.message.TaskSignature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class SentEventsTest {
  private static final Instant NOW = Instant.parse("2026-11-22T10:15:30.5Z");
  private final MessageFactory messages =
      new MessageFactory(BrokerConfig.builder().build(), Clock.fixed(NOW, ZoneOffset.UTC));

  private Event sent(TaskSignature signature) {
    return SentEvents.of(messages.message(signature));
  }

  @ParameterizedTest
  @ValueSource(strings = {"celery-5.2.7", "celery-5.7.0"})
  void itSaysOfACallWhatCelerySaysOfIt(String version) throws IOException {
    JsonNode recorded =
        Fixtures.tree(
            Files.readAllBytes(
                Path.of("src/test/resources/wire", version, "events", "task-sent.json")));
    SendOptions options =
        SendOptions.builder()
            .id(recorded.get("uuid").stringValue())
            .rootId(recorded.get("root_id").stringValue())
            .parentId(recorded.get("parent_id").stringValue())
            .shadow("shown as this")
            .eta(Instant.parse(recorded.get("eta").stringValue().replace("+00:00", "Z")))
            .expires(Instant.parse(recorded.get("expires").stringValue().replace("+00:00", "Z")))
            .queue("events")
            .build();

    Event event = sent(TaskSignature.of("acme.add", 2).kwarg("y", 3).with(options));

    List<String> said = new ArrayList<>(event.fields().keySet());
    assertThat(said)
        .isEqualTo(
            recorded.propertyNames().stream()
                .filter(
                    name ->
                        !List.of("hostname", "utcoffset", "pid", "clock", "timestamp", "type")
                            .contains(name))
                .toList());
    said.forEach(
        name ->
            assertThat(String.valueOf(event.fields().get(name)))
                .as(name)
                .isEqualTo(recorded.get(name).asString()));
  }

  @Test
  void aMessageThroughAnExchangeNamesItAndItsKey() {
    Event event =
        sent(
            TaskSignature.of("t")
                .with(SendOptions.builder().route(Route.topic("orders", "eu.new")).build()));

    assertThat(event.fields())
        .containsEntry("exchange", "orders")
        .containsEntry("routing_key", "eu.new");
  }

  @Test
  void timesThatWereNotGivenAreNull() {
    assertThat(sent(TaskSignature.of("t")).fields())
        .containsEntry("eta", null)
        .containsEntry("expires", null)
        .containsEntry("parent_id", null)
        .containsEntry("queue", "celery");
  }
}
