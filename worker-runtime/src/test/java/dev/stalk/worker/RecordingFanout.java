package dev.stalk.worker;

import dev.stalk.broker.message.Route;
import dev.stalk.broker.transport.Broadcast;
import dev.stalk.broker.transport.Fanout;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Keeps the events that are published. */
final class RecordingFanout implements Fanout {
  private final BlockingQueue<JsonNode> events = new LinkedBlockingQueue<>();
  private volatile Runnable before = () -> {};

  /** What publishing does first; it may throw. */
  void before(Runnable action) {
    before = action;
  }

  @Override
  public long publish(Route route, byte[] message) {
    before.run();
    JsonNode envelope = JsonMapper.shared().readTree(message);
    JsonNode body =
        JsonMapper.shared()
            .readTree(Base64.getDecoder().decode(envelope.get("body").stringValue()));
    if (body.isArray()) {
      events.addAll(body.values());
    } else {
      events.add(body);
    }
    return 1;
  }

  /** Waits for the next event. */
  JsonNode next() throws InterruptedException {
    JsonNode event = events.poll(30, TimeUnit.SECONDS);
    if (event == null) {
      throw new AssertionError("nothing is published");
    }
    return event;
  }

  /** What was published and not yet looked at. */
  List<JsonNode> rest() {
    List<JsonNode> rest = new ArrayList<>();
    events.drainTo(rest);
    return rest;
  }

  @Override
  public Subscription subscribe(String queue, Route route, Consumer<Broadcast> listener) {
    throw new UnsupportedOperationException();
  }
}
