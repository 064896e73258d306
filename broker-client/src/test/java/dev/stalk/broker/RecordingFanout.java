package dev.stalk.broker;

import dev.stalk.broker.codec.Fixtures;
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

/** Keeps what is published, after doing what the test wants. */
final class RecordingFanout implements Fanout {
  /** A message as it was published. */
  record Published(Route route, JsonNode envelope) {
    JsonNode body() {
      return Fixtures.tree(Base64.getDecoder().decode(envelope.get("body").stringValue()));
    }

    /** The events in it, one or several. */
    List<JsonNode> events() {
      JsonNode body = body();
      return body.isArray() ? List.copyOf(body.values()) : List.of(body);
    }
  }

  private final BlockingQueue<Published> published = new LinkedBlockingQueue<>();
  private volatile Runnable before = () -> {};

  /** What publishing does first; it may throw. */
  void before(Runnable action) {
    before = action;
  }

  @Override
  public long publish(Route route, byte[] message) {
    before.run();
    published.add(new Published(route, Fixtures.tree(message)));
    return 1;
  }

  /** Waits for the next message. */
  Published next() throws InterruptedException {
    Published message = published.poll(30, TimeUnit.SECONDS);
    if (message == null) {
      throw new AssertionError("nothing is published");
    }
    return message;
  }

  /** Waits for so many events, in however many messages. */
  List<JsonNode> next(int events) throws InterruptedException {
    List<JsonNode> all = new ArrayList<>();
    while (all.size() < events) {
      all.addAll(next().events());
    }
    return all;
  }

  boolean isEmpty() {
    return published.isEmpty();
  }

  @Override
  public Subscription subscribe(String queue, Route route, Consumer<Broadcast> listener) {
    throw new UnsupportedOperationException();
  }
}
