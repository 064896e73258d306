package dev.stalk.broker.codec;

import dev.stalk.broker.message.Event;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes events as Celery publishes them (celery {@code events/dispatcher.py:EventDispatcher}, the
 * envelope of kombu {@code transport/virtual/base.py:Channel.prepare_message}).
 */
public final class EventCodec {
  private EventCodec() {}

  /**
   * The sender of events.
   *
   * @param hostname its node name
   * @param pid its process id
   */
  public record Origin(String hostname, long pid) {}

  /**
   * An event that has got its place among those of its sender.
   *
   * @param event what happened
   * @param clock the sender's logical clock, which grows with each event
   * @param timestamp when
   */
  public record Stamped(Event event, long clock, Instant timestamp) {}

  /**
   * One event, as an object. {@code utcoffset} is left out, which receivers take for "timestamps
   * are right as they are": with it they shift them by the difference of the zones, though they are
   * seconds since 1970 (celery {@code events/receiver.py:EventReceiver.event_from_message}).
   *
   * @param exchange the exchange it is published to
   * @param deliveryTag a tag of its own; kombu wants one
   * @throws EncodingException if a field has no form in JSON
   */
  public static byte[] encode(Origin origin, Stamped one, String exchange, String deliveryTag) {
    PythonJson body = body();
    write(body, origin, one);
    return envelope(body, origin, exchange, one.event().routingKey(), deliveryTag);
  }

  /**
   * Several events about tasks, as an array (celery {@code
   * events/dispatcher.py:EventDispatcher.flush}).
   *
   * @param exchange the exchange they are published to
   * @param deliveryTag a tag of their own; kombu wants one
   * @throws EncodingException if a field has no form in JSON
   */
  public static byte[] encodeAll(
      Origin origin, List<Stamped> several, String exchange, String deliveryTag) {
    PythonJson body = body();
    body.begin('[');
    boolean first = true;
    for (Stamped one : several) {
      if (!first) {
        body.separator();
      }
      first = false;
      write(body, origin, one);
    }
    body.end(']');
    return envelope(body, origin, exchange, Event.SEVERAL_OF_TASKS, deliveryTag);
  }

  private static PythonJson body() {
    ContentConfig content = ContentConfig.DEFAULT;
    return new PythonJson(512, content.jsonTypes(), content.maxDepth());
  }

  private static void write(PythonJson body, Origin origin, Stamped one) {
    body.begin('{');
    body.name("hostname");
    body.string(origin.hostname());
    field(body, "pid", origin.pid());
    field(body, "clock", one.clock());
    one.event().fields().forEach((name, value) -> field(body, name, value));
    field(body, "timestamp", ChronoUnit.MICROS.between(Instant.EPOCH, one.timestamp()) / 1e6);
    field(body, "type", one.event().type());
    body.end('}');
  }

  private static byte[] envelope(
      PythonJson body, Origin origin, String exchange, String routingKey, String deliveryTag) {
    PythonJson json = new PythonJson(512 + body.size() * 4 / 3, JsonTypes.MARKED, 8);
    json.begin('{');
    json.name("body");
    json.base64(body);
    field(json, "content-encoding", "utf-8");
    field(json, "content-type", "application/json");
    field(json, "headers", Map.of("hostname", origin.hostname()));
    json.separator();
    json.name("properties");
    json.begin('{');
    json.name("delivery_mode");
    json.value(1);
    json.separator();
    json.name("delivery_info");
    json.begin('{');
    json.name("exchange");
    json.string(exchange);
    field(json, "routing_key", routingKey);
    json.end('}');
    field(json, "priority", 0);
    field(json, "body_encoding", "base64");
    field(json, "delivery_tag", deliveryTag);
    json.end('}');
    json.end('}');
    return json.toBytes();
  }

  private static void field(PythonJson json, String name, @Nullable Object value) {
    json.separator();
    json.name(name);
    json.value(value);
  }
}
