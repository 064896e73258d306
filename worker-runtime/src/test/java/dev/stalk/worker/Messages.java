package dev.stalk.worker;

import dev.stalk.broker.codec.ContentConfig;
import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.codec.Redelivery;
import dev.stalk.broker.message.MessageProperties;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.message.TaskBody;
import dev.stalk.broker.message.TaskHeaders;
import dev.stalk.broker.message.TaskMessage;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.worker.config.TaskConfig;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Task messages in words: {@code aTaskMessage().task("add").args(2, 2)}. */
final class Messages {
  static final String QUEUE = "math";

  /** The tag in every message's properties. */
  static final String DELIVERY_TAG = "delivery-tag";

  private String task = "echo";
  private String id = "id-1";
  private @Nullable OffsetDateTime eta;
  private @Nullable OffsetDateTime expires;
  private @Nullable String group;
  private @Nullable String parentId;
  private @Nullable String rootId;
  private @Nullable Boolean ignoreResult;
  private @Nullable Double timeLimit;
  private @Nullable Double softTimeLimit;
  private final Map<String, @Nullable Object> stamps = new LinkedHashMap<>();
  private int retries;
  private int priority;
  private boolean redelivered;
  private List<@Nullable Object> args = List.of();
  private final Map<String, @Nullable Object> kwargs = new LinkedHashMap<>();
  private final Map<String, @Nullable Object> embed = new LinkedHashMap<>();
  private final Map<String, @Nullable Object> custom = new LinkedHashMap<>();

  private Messages() {
    for (String part : List.of("callbacks", "errbacks", "chain", "chord")) {
      embed.put(part, null);
    }
  }

  static Messages aTaskMessage() {
    return new Messages();
  }

  Messages task(String value) {
    task = value;
    return this;
  }

  Messages id(String value) {
    id = value;
    return this;
  }

  Messages args(@Nullable Object... values) {
    args = Arrays.asList(values);
    return this;
  }

  Messages kwarg(String name, @Nullable Object value) {
    kwargs.put(name, value);
    return this;
  }

  Messages eta(Instant value) {
    eta = value.atOffset(ZoneOffset.UTC);
    return this;
  }

  Messages expires(Instant value) {
    expires = value.atOffset(ZoneOffset.UTC);
    return this;
  }

  Messages group(String value) {
    group = value;
    return this;
  }

  Messages parentId(String value) {
    parentId = value;
    return this;
  }

  Messages rootId(String value) {
    rootId = value;
    return this;
  }

  Messages ignoreResult(boolean value) {
    ignoreResult = value;
    return this;
  }

  /** The limits of this call, in seconds. */
  Messages timeLimits(@Nullable Double hard, @Nullable Double soft) {
    timeLimit = hard;
    softTimeLimit = soft;
    return this;
  }

  Messages stamp(String name, Object value) {
    stamps.put(name, value);
    return this;
  }

  Messages retries(int value) {
    retries = value;
    return this;
  }

  Messages priority(int value) {
    priority = value;
    return this;
  }

  /** It has been with a worker before. */
  Messages redelivered() {
    redelivered = true;
    return this;
  }

  Messages header(String name, Object value) {
    custom.put(name, value);
    return this;
  }

  /** One of callbacks, errbacks, chain and chord. */
  Messages embed(String part, @Nullable Object value) {
    embed.put(part, value);
    return this;
  }

  TaskMessage message() {
    TaskHeaders headers =
        new TaskHeaders(
            task,
            id,
            null,
            eta,
            expires,
            group,
            null,
            retries,
            timeLimit,
            softTimeLimit,
            rootId,
            parentId,
            "()",
            "{}",
            "gen1@here",
            ignoreResult,
            0,
            stamps.isEmpty() ? null : List.copyOf(stamps.keySet()),
            stamps,
            "py",
            custom);
    MessageProperties properties =
        new MessageProperties(id, "reply-to", priority, Route.toQueue(QUEUE), false, null);
    return new TaskMessage(headers, new TaskBody(args, kwargs, embed), properties);
  }

  byte[] bytes() {
    byte[] bytes = MessageCodec.encode(message(), DELIVERY_TAG);
    return redelivered ? Redelivery.mark(bytes) : bytes;
  }

  /** As fetched under a tag that ends in this number. */
  Delivery delivery(long number) {
    return delivery(number, bytes());
  }

  static Delivery delivery(long number, byte[] bytes) {
    return new Delivery(tag(number), QUEUE, bytes);
  }

  static Delivery delivery(long number, String text) {
    return delivery(number, text.getBytes(StandardCharsets.UTF_8));
  }

  static String tag(long number) {
    return "stalk-h:worker:0:%020d".formatted(number);
  }

  /** What the task sees of the call. */
  TaskContext context() {
    return context(QUEUE, message());
  }

  /** What a task sees of a call that no worker made. */
  static TaskContext context(String queue, TaskMessage message) {
    ResultWriter results =
        new ResultWriter(
            message,
            TaskOptions.DEFAULT,
            TaskConfig.DEFAULT,
            Services.NODE,
            queue,
            ContentConfig.DEFAULT);
    WorkerServices services = new Services(new TaskRegistry(), new FakeTransport()).build();
    return new TaskContext(queue, message, new TaskLink(services, results, null, null));
  }
}
