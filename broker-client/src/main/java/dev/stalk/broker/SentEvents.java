package dev.stalk.broker;

import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.message.Event;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.message.TaskHeaders;
import dev.stalk.broker.message.TaskMessage;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Tells monitors that tasks were sent (celery {@code app/amqp.py:AMQP.as_task_v2}). */
public final class SentEvents {
  private SentEvents() {}

  /**
   * The event {@code task-sent} of a message. Its {@code queue} is the one that was named, or, of a
   * message that went through an exchange, the routing key, as no single queue is known.
   */
  public static Event of(TaskMessage message) {
    TaskHeaders headers = message.headers();
    Route route = message.properties().route();
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    fields.put("uuid", headers.id());
    fields.put("root_id", headers.rootId());
    fields.put("parent_id", headers.parentId());
    fields.put("name", headers.task());
    fields.put("args", headers.argsRepr());
    fields.put("kwargs", headers.kwargsRepr());
    fields.put("retries", headers.retries());
    fields.put("eta", MessageCodec.time(headers.eta()));
    fields.put("expires", MessageCodec.time(headers.expires()));
    fields.put("queue", route.routingKey());
    fields.put("exchange", route.exchange());
    fields.put("routing_key", route.routingKey());
    return new Event(Event.TASK_SENT, fields);
  }
}
