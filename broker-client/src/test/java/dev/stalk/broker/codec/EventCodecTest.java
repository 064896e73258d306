package dev.stalk.broker.codec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.message.Event;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Events on the wire, beside those that Celery wrote. */
class EventCodecTest {
  private static final EventCodec.Origin HERE = new EventCodec.Origin("worker@host1", 2845);
  private static final List<String> STAMP =
      List.of("hostname", "utcoffset", "pid", "clock", "timestamp", "type");

  static Stream<String> versions() {
    return Stream.of(Fixtures.CELERY_52, Fixtures.CELERY_57).map(version -> version + "events/");
  }

  private static JsonNode recorded(String file) {
    return Fixtures.tree(Fixtures.bytes(file));
  }

  private static JsonNode body(JsonNode envelope) {
    return Fixtures.tree(Base64.getDecoder().decode(envelope.get("body").stringValue()));
  }

  /** The same event, as this side would have made it. */
  private static EventCodec.Stamped ours(JsonNode event) {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    event
        .properties()
        .forEach(
            field -> {
              if (!STAMP.contains(field.getKey())) {
                fields.put(field.getKey(), Values.read(Fixtures.utf8(field.getValue().toString())));
              }
            });
    double timestamp = event.get("timestamp").doubleValue();
    return new EventCodec.Stamped(
        new Event(event.get("type").stringValue(), fields),
        event.get("clock").longValue(),
        Instant.ofEpochSecond(0, Math.round(timestamp * 1e6) * 1000));
  }

  private static List<String> names(JsonNode object) {
    return List.copyOf(object.propertyNames());
  }

  private static void assertSameEvent(JsonNode ours, JsonNode recorded) {
    assertThat(names(ours))
        .isEqualTo(names(recorded).stream().filter(name -> !name.equals("utcoffset")).toList());
    for (String name : names(ours)) {
      if (name.equals("timestamp")) {
        assertThat(ours.get(name).isFloatingPointNumber()).isTrue();
        assertThat(Math.abs(ours.get(name).doubleValue() - recorded.get(name).doubleValue()))
            .isLessThan(1e-6);
      } else if (!name.equals("hostname") && !name.equals("pid")) {
        assertThat(ours.get(name)).as(name).isEqualTo(recorded.get(name));
      }
    }
    assertThat(ours.get("hostname").stringValue()).isEqualTo(HERE.hostname());
    assertThat(ours.get("pid").longValue()).isEqualTo(HERE.pid());
  }

  @ParameterizedTest
  @MethodSource("versions")
  void everyEventHasTheFieldsOfCelerysInTheirOrderButTheOffset(String folder) {
    List<String> kinds =
        Fixtures.names(folder).filter(name -> !name.endsWith(".envelope")).toList();
    assertThat(kinds).hasSizeGreaterThan(15);
    for (String kind : kinds) {
      JsonNode event = recorded(folder + kind + ".json");

      byte[] encoded = EventCodec.encode(HERE, ours(event), "celeryev", "tag");

      assertSameEvent(body(Fixtures.tree(encoded)), event);
    }
  }

  @ParameterizedTest
  @MethodSource("versions")
  void severalEventsOfTasksAreAnArrayUnderAKeyOfTheirOwn(String folder) {
    JsonNode recorded = recorded(folder + "task-multi.envelope.json");
    JsonNode events = body(recorded);
    List<EventCodec.Stamped> all = events.values().stream().map(EventCodecTest::ours).toList();

    JsonNode ours = Fixtures.tree(EventCodec.encodeAll(HERE, all, "celeryev", "tag"));

    assertSameEnvelope(ours, recorded);
    assertThat(body(ours)).hasSize(events.size()).hasSizeGreaterThan(1);
    for (int i = 0; i < events.size(); i++) {
      assertSameEvent(body(ours).get(i), events.get(i));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"worker-online", "worker-heartbeat", "worker-offline", "task-sent"})
  void anEventOnItsOwnIsAnObjectUnderItsType(String type) {
    versions()
        .forEach(
            folder -> {
              JsonNode recorded = recorded(folder + type + ".envelope.json");

              byte[] ours = EventCodec.encode(HERE, ours(body(recorded)), "celeryev", "tag");

              assertSameEnvelope(Fixtures.tree(ours), recorded);
            });
  }

  private static void assertSameEnvelope(JsonNode ours, JsonNode recorded) {
    assertThat(names(ours)).isEqualTo(names(recorded));
    assertThat(names(ours.get("properties"))).isEqualTo(names(recorded.get("properties")));
    for (String name : List.of("delivery_mode", "delivery_info", "priority", "body_encoding")) {
      assertThat(ours.get("properties").get(name)).isEqualTo(recorded.get("properties").get(name));
    }
    assertThat(ours.get("content-type")).isEqualTo(recorded.get("content-type"));
    assertThat(ours.get("content-encoding")).isEqualTo(recorded.get("content-encoding"));
    assertThat(names(ours.get("headers"))).isEqualTo(names(recorded.get("headers")));
    assertThat(ours.get("headers").get("hostname").stringValue()).isEqualTo(HERE.hostname());
    assertThat(ours.get("properties").get("delivery_tag").stringValue()).isEqualTo("tag");
  }
}
