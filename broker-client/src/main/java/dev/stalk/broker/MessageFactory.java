package dev.stalk.broker;

import dev.stalk.broker.codec.ContentConfig;
import dev.stalk.broker.codec.EncodingException;
import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.message.MessageProperties;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.message.SendOptions;
import dev.stalk.broker.message.TaskBody;
import dev.stalk.broker.message.TaskHeaders;
import dev.stalk.broker.message.TaskMessage;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.transport.Publication;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Makes a complete message out of a signature: ids, times, origin, text forms (celery {@code
 * app/base.py:Celery.send_task}). Thread-safe.
 */
public final class MessageFactory {
  private static final Map<String, @Nullable Object> NOTHING_FOLLOWS = nothingFollows();

  private final String defaultQueue;
  private final Clock clock;
  private final ContentConfig content;
  private final String origin = "gen%d@%s".formatted(ProcessHandle.current().pid(), hostName());
  private final String replyTo = UUID.randomUUID().toString();

  /**
   * @param defaultQueue the queue of signatures that name none
   * @param content how bodies are written
   * @param clock for countdowns
   */
  public MessageFactory(String defaultQueue, ContentConfig content, Clock clock) {
    this.defaultQueue = defaultQueue;
    this.content = content;
    this.clock = clock;
  }

  /** This machine's name, as Celery puts it into node names. */
  public static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }

  /**
   * The message of one call.
   *
   * @throws IllegalArgumentException if a time is out of the range Python can read
   */
  public TaskMessage message(TaskSignature signature) {
    SendOptions options = signature.options();
    String id = options.id() == null ? UUID.randomUUID().toString() : options.id();
    Instant now = clock.instant();
    Instant expires = options.expires();
    TaskHeaders headers =
        new TaskHeaders(
            signature.task(),
            id,
            options.shadow(),
            time("eta", eta(options, now)),
            time("expires", expires),
            null,
            null,
            0,
            seconds(options.timeLimit()),
            seconds(options.softTimeLimit()),
            options.rootId() == null ? id : options.rootId(),
            options.parentId(),
            MessageCodec.argsRepr(signature.args()),
            MessageCodec.kwargsRepr(signature.kwargs()),
            origin,
            options.ignoreResult(),
            0,
            null,
            Map.of(),
            "java",
            options.headers());
    MessageProperties properties =
        new MessageProperties(
            id,
            replyTo,
            options.priority() == null ? 0 : options.priority(),
            route(options),
            false,
            expires == null ? null : expiration(now, expires),
            options.serializer(),
            options.compression());
    return new TaskMessage(
        headers, new TaskBody(signature.args(), signature.kwargs(), NOTHING_FOLLOWS), properties);
  }

  private Route route(SendOptions options) {
    if (options.route() != null) {
      return options.route();
    }
    return Route.toQueue(options.queue() == null ? defaultQueue : options.queue());
  }

  /**
   * The message of a task that follows another, made of a signature in that one's embed (celery
   * {@code canvas.py:Signature.apply_async} inside {@code app/trace.py:trace_task}).
   *
   * @param parent the task it follows
   * @param task its name
   * @param args its positional arguments, the parent's value among them
   * @param kwargs its keyword arguments
   * @param options the signature's options as they came, named as {@code apply_async} names them;
   *     what is missing or of another type counts as not given
   * @param queue where it goes
   * @param now the time from which countdowns are counted
   */
  public TaskMessage followUp(
      TaskMessage parent,
      String task,
      List<@Nullable Object> args,
      Map<String, @Nullable Object> kwargs,
      Map<String, @Nullable Object> options,
      String queue,
      Instant now) {
    FollowUpOptions given = new FollowUpOptions(options, now);
    TaskHeaders before = parent.headers();
    String id = given.text("task_id", UUID.randomUUID().toString());
    OffsetDateTime expires = given.time("expires", "expires");
    TaskHeaders headers =
        new TaskHeaders(
            task,
            id,
            given.text("shadow"),
            given.time("countdown", "eta"),
            expires,
            given.text("group_id"),
            given.integer("group_index"),
            0,
            given.number("time_limit"),
            given.number("soft_time_limit"),
            given.text("root_id", before.rootId() == null ? before.id() : before.rootId()),
            given.text("parent_id", before.id()),
            MessageCodec.argsRepr(args),
            MessageCodec.kwargsRepr(kwargs),
            origin,
            options.get("ignore_result") instanceof Boolean ignored ? ignored : null,
            0,
            given.stampedHeaders(),
            given.stamps(),
            "java",
            given.headers());
    Integer priority = given.integer("priority");
    MessageProperties properties =
        new MessageProperties(
            id,
            given.text("reply_to", parent.properties().replyTo()),
            priority == null ? 0 : Math.max(0, Math.min(9, priority)),
            Route.toQueue(queue),
            false,
            expires == null ? null : expiration(now, expires.toInstant()));
    return new TaskMessage(headers, new TaskBody(args, kwargs, given.embed()), properties);
  }

  /**
   * The encoded message and where it goes.
   *
   * @throws EncodingException if an argument has no form in the serializer, the body is too large,
   *     or a library is missing
   * @throws IllegalArgumentException if the message goes through an exchange, whose queues have to
   *     be asked for
   */
  public Publication publication(TaskMessage message) {
    Route route = message.properties().route();
    if (!route.exchange().isEmpty()) {
      throw new IllegalArgumentException(
          "the message goes through exchange %s, not straight to a queue"
              .formatted(route.exchange()));
    }
    return copy(message, route.routingKey());
  }

  /**
   * One copy of the encoded message for each of these queues, each with a delivery tag of its own,
   * as holders of two copies would share an entry in {@code unacked} else.
   *
   * @throws EncodingException if an argument has no form in the serializer, the body is too large,
   *     or a library is missing
   */
  List<Publication> copies(TaskMessage message, List<String> queues) {
    return queues.stream().map(queue -> copy(message, queue)).toList();
  }

  private Publication copy(TaskMessage message, String queue) {
    return new Publication(queue, message.properties().priority(), encode(message));
  }

  /**
   * The encoded message with a new delivery tag.
   *
   * @throws EncodingException if an argument has no form in the serializer, the body is too large,
   *     or a library is missing
   */
  byte[] encode(TaskMessage message) {
    return MessageCodec.encode(message, deliveryTag(), content);
  }

  /** Has to be unique, not secret: no need for the secure generator's lock. */
  private static String deliveryTag() {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    long high = (random.nextLong() & ~0xF000L) | 0x4000L;
    long low = (random.nextLong() & ~(0xC000L << 48)) | (0x8000L << 48);
    return new UUID(high, low).toString();
  }

  private static @Nullable Instant eta(SendOptions options, Instant now) {
    Duration countdown = options.countdown();
    if (countdown == null) {
      return options.eta();
    }
    return countdown.isZero() || countdown.isNegative() ? null : now.plus(countdown);
  }

  private static @Nullable OffsetDateTime time(String name, @Nullable Instant instant) {
    if (instant == null) {
      return null;
    }
    OffsetDateTime time = instant.atOffset(ZoneOffset.UTC);
    if (time.getYear() < 1 || time.getYear() > 9999) {
      throw new IllegalArgumentException(
          name + " must lie in the years 1 to 9999, which is all that Python knows: " + instant);
    }
    return time;
  }

  private static @Nullable Double seconds(@Nullable Duration limit) {
    return limit == null ? null : limit.toMillis() / 1000.0;
  }

  /** The property that goes with {@code expires}: milliseconds from now as text, 0 at least. */
  public static String expiration(Instant now, Instant expires) {
    return Long.toString(Math.max(0, Duration.between(now, expires).toMillis()));
  }

  private static Map<String, @Nullable Object> nothingFollows() {
    Map<String, @Nullable Object> embed = new LinkedHashMap<>();
    embed.put("callbacks", null);
    embed.put("errbacks", null);
    embed.put("chain", null);
    embed.put("chord", null);
    return embed;
  }
}
