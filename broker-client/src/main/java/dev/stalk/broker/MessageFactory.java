package dev.stalk.broker;

import dev.stalk.broker.codec.ContentConfig;
import dev.stalk.broker.codec.EncodingException;
import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.message.MessageProperties;
import dev.stalk.broker.message.PublishRetry;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.message.SendOptions;
import dev.stalk.broker.message.TaskBody;
import dev.stalk.broker.message.TaskHeaders;
import dev.stalk.broker.message.TaskMessage;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.transport.Publication;
import dev.stalk.broker.transport.UnroutableException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Makes a complete message out of a signature: ids, times, origin, text forms (celery {@code
 * app/base.py:Celery.send_task}). Thread-safe.
 */
public final class MessageFactory {
  /**
   * The header in which a message says when it was sent, in seconds since 1970 by the sender's
   * clock, as Python's {@code time.time()}. It is Stalk's own: Celery's workers show it among
   * {@code request.headers} and do nothing with it.
   */
  public static final String SENT_AT = "stalk_sent_at";

  private static final Map<String, @Nullable Object> NOTHING_FOLLOWS = embed(null, null);

  private static final Instant FIRST = Instant.parse("0001-01-02T00:00:00Z");
  private static final Instant LAST = Instant.parse("9999-12-30T23:59:59.999999999Z");

  private final String defaultQueue;
  private final RoutingConfig routing;
  private final ContentConfig content;
  private final boolean inheritParentPriority;
  private final Clock clock;
  private final String origin = "gen%d@%s".formatted(ProcessHandle.current().pid(), hostName());
  private final String replyTo = UUID.randomUUID().toString();

  /**
   * @param config where calls go that do not say it, and how bodies are written
   * @param clock for countdowns, and to say when a message was sent
   */
  public MessageFactory(BrokerConfig config, Clock clock) {
    this.defaultQueue = config.defaultQueue();
    this.routing = config.routing();
    this.content = config.content();
    this.inheritParentPriority = config.inheritParentPriority();
    this.clock = clock;
  }

  /**
   * The name of this process as a sender of tasks (celery {@code
   * utils/nodenames.py:anon_nodename}).
   */
  public String origin() {
    return origin;
  }

  /** This machine's name, as Celery puts it into node names. */
  public static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }

  /** How a message belongs to others, beyond what its options say. */
  private record Context(
      @Nullable String group,
      @Nullable Integer groupIndex,
      @Nullable List<String> stampedHeaders,
      Map<String, @Nullable Object> stamps,
      Map<String, @Nullable Object> embed) {}

  /**
   * The message of one call.
   *
   * @throws IllegalArgumentException if a time is out of the range Python can read, or a name or id
   *     is one that a Python worker cannot keep
   * @throws QueueNotFoundException if its queue has to be declared and is not
   */
  public TaskMessage message(TaskSignature signature) {
    return message(signature, routing.options(signature));
  }

  /**
   * The message of a call that a running task makes: that is its parent, and both have one root,
   * unless the call names others. Where neither the call nor the routing says a priority it may
   * inherit the parent's (celery {@code app/base.py:Celery.send_task}, {@code
   * task_inherit_parent_priority}); a call that names both root and parent is nobody's heir.
   *
   * @throws IllegalArgumentException as {@link #message(TaskSignature)}
   * @throws QueueNotFoundException if its queue has to be declared and is not
   */
  public TaskMessage child(TaskMessage parent, TaskSignature signature) {
    SendOptions given = signature.options();
    SendOptions.Builder related = given.toBuilder();
    if (given.parentId() == null) {
      related.parentId(parent.headers().id());
    }
    if (given.rootId() == null) {
      String root = parent.headers().rootId();
      related.rootId(root == null ? parent.headers().id() : root);
    }
    TaskSignature call = signature.with(related.build());
    SendOptions options = routing.options(call);
    boolean adopted = given.rootId() != null && given.parentId() != null;
    Integer inherited = options.priority() == null && !adopted ? inheritedPriority(parent) : null;
    return message(
        call, inherited == null ? options : options.toBuilder().priority(inherited).build());
  }

  /**
   * The priority that callbacks and the next step of a chain take over from the task they follow,
   * in place of their own (celery {@code app/trace.py:trace_task}); null if they keep theirs.
   */
  public @Nullable Integer inheritedPriority(TaskMessage parent) {
    return inheritParentPriority
        ? (Integer) Math.max(0, Math.min(9, parent.properties().priority()))
        : null;
  }

  /**
   * Does nothing if a message may go straight to this queue.
   *
   * @throws QueueNotFoundException if it has to be declared and is not
   */
  public void requireQueue(String queue) {
    var unused = routing.destination(SendOptions.onQueue(queue), defaultQueue);
  }

  private TaskMessage message(TaskSignature signature, SendOptions options) {
    PythonReadable.check(signature.task(), options);
    List<Object> callbacks = WireSignature.all(options.link());
    List<Object> errbacks = WireSignature.all(options.linkError());
    Context context =
        new Context(
            null,
            null,
            options.stamps().isEmpty() ? null : List.copyOf(options.stamps().keySet()),
            options.stamps(),
            callbacks == null && errbacks == null ? NOTHING_FOLLOWS : embed(callbacks, errbacks));
    return message(signature, options, context, clock.instant());
  }

  private TaskMessage message(
      TaskSignature call, SendOptions options, Context context, Instant now) {
    String id = options.id() == null ? UUID.randomUUID().toString() : options.id();
    Instant expires = expires(options, now);
    TaskHeaders headers =
        new TaskHeaders(
            call.task(),
            id,
            options.shadow(),
            time("eta", eta(options, now)),
            time("expires", expires),
            context.group(),
            context.groupIndex(),
            0,
            seconds(options.timeLimit()),
            seconds(options.softTimeLimit()),
            options.rootId() == null ? id : options.rootId(),
            options.parentId(),
            options.argsRepr() == null ? MessageCodec.argsRepr(call.args()) : options.argsRepr(),
            options.kwargsRepr() == null
                ? MessageCodec.kwargsRepr(call.kwargs())
                : options.kwargsRepr(),
            origin,
            options.ignoreResult(),
            0,
            context.stampedHeaders(),
            context.stamps(),
            "java",
            sentAt(options.headers(), now));
    MessageProperties properties =
        new MessageProperties(
            id,
            options.replyTo() == null ? replyTo : options.replyTo(),
            options.priority() == null ? 0 : options.priority(),
            routing.destination(options, defaultQueue),
            false,
            expires == null ? null : expiration(now, expires),
            options.serializer(),
            options.compression(),
            options.retry() == null ? PublishRetry.AS_CONFIGURED : options.retry());
    return new TaskMessage(
        headers, new TaskBody(call.args(), call.kwargs(), context.embed()), properties);
  }

  /** A time that the caller set himself stays. */
  private static Map<String, @Nullable Object> sentAt(
      Map<String, @Nullable Object> own, Instant now) {
    Map<String, @Nullable Object> headers = new LinkedHashMap<>(own);
    headers.putIfAbsent(SENT_AT, now.toEpochMilli() / 1000.0);
    return headers;
  }

  /**
   * The message of a task that follows another, made of a signature in that one's embed (celery
   * {@code canvas.py:Signature.apply_async} inside {@code app/trace.py:trace_task}). It is routed
   * as any other call.
   *
   * @param parent the task it follows
   * @param task its name
   * @param args its positional arguments, the parent's value among them
   * @param kwargs its keyword arguments
   * @param options the signature's options as they came, named as {@code apply_async} names them;
   *     what is missing or of another type counts as not given
   * @param now the time from which countdowns are counted
   * @throws QueueNotFoundException if its queue has to be declared and is not
   */
  public TaskMessage followUp(
      TaskMessage parent,
      String task,
      List<@Nullable Object> args,
      Map<String, @Nullable Object> kwargs,
      Map<String, @Nullable Object> options,
      Instant now) {
    FollowUpOptions given = new FollowUpOptions(options, content, now);
    TaskHeaders before = parent.headers();
    SendOptions.Builder inherited = given.sendOptions().toBuilder();
    inherited.rootId(
        given.text("root_id", before.rootId() == null ? before.id() : before.rootId()));
    inherited.parentId(given.text("parent_id", before.id()));
    inherited.replyTo(given.text("reply_to", parent.properties().replyTo()));
    TaskSignature call = new TaskSignature(task, args, kwargs, inherited.build(), false);
    Context context =
        new Context(
            given.text("group_id"),
            given.integer("group_index"),
            given.stampedHeaders(),
            given.stamps(),
            given.embed());
    return message(call, routing.options(call), context, now);
  }

  /**
   * The message of a task's next attempt: the same id and workflow, one retry more (celery {@code
   * app/task.py:Task.signature_from_request}).
   *
   * @param message the attempt that ends
   * @param queue where the next one goes
   * @param args its positional arguments; null for the same
   * @param kwargs its keyword arguments; null for the same
   * @param eta not before; null for at once
   * @param now the time it is sent
   */
  public TaskMessage nextAttempt(
      TaskMessage message,
      String queue,
      @Nullable List<@Nullable Object> args,
      @Nullable Map<String, @Nullable Object> kwargs,
      @Nullable Instant eta,
      Instant now) {
    TaskHeaders headers = message.headers();
    TaskBody body = message.body();
    MessageProperties properties = message.properties();
    OffsetDateTime expires = headers.expires();
    Map<String, @Nullable Object> custom = new LinkedHashMap<>(headers.custom());
    boolean timed = custom.remove(SENT_AT) != null;
    TaskHeaders next =
        headers.nextAttempt(
            time("eta", eta),
            args == null ? headers.argsRepr() : MessageCodec.argsRepr(args),
            kwargs == null ? headers.kwargsRepr() : MessageCodec.kwargsRepr(kwargs),
            timed ? sentAt(custom, now) : custom);
    return new TaskMessage(
        next,
        new TaskBody(
            args == null ? body.args() : args,
            kwargs == null ? body.kwargs() : kwargs,
            body.embed()),
        new MessageProperties(
            properties.correlationId(),
            properties.replyTo(),
            properties.priority(),
            Route.toQueue(queue),
            false,
            expires == null ? null : expiration(now, expires.toInstant())));
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
   * The encoded message for its queue, or for each queue that its exchange leads to, one copy each
   * with a delivery tag of its own, as holders of two copies would share an entry in {@code
   * unacked} else.
   *
   * @param queuesOf finds the queues of a route through an exchange
   * @throws EncodingException as {@link #publication}
   * @throws UnroutableException if the exchange leads nowhere
   * @throws IllegalArgumentException if it is a fanout exchange, which leads to no queue
   */
  public List<Publication> publications(
      TaskMessage message, Function<Route, List<String>> queuesOf) {
    Route route = message.properties().route();
    List<String> names =
        route.exchange().isEmpty() ? List.of(route.routingKey()) : queuesOf.apply(route);
    return copies(message, names);
  }

  /** The same for queues that are known already. */
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
    return countdown.isZero() || countdown.isNegative() ? null : after("countdown", now, countdown);
  }

  private static @Nullable Instant expires(SendOptions options, Instant now) {
    Duration after = options.expiresAfter();
    if (after == null) {
      return options.expires();
    }
    return after.isNegative() ? now : after("expires", now, after);
  }

  private static Instant after(String name, Instant now, Duration time) {
    try {
      return now.plus(time);
    } catch (DateTimeException | ArithmeticException e) {
      throw new IllegalArgumentException(name + " is longer than Python can count: " + time, e);
    }
  }

  private static @Nullable OffsetDateTime time(String name, @Nullable Instant instant) {
    return instant == null ? null : pythonTime(name, instant);
  }

  /** In UTC. A day is left on either end, as Python workers turn times into their own zone. */
  static OffsetDateTime pythonTime(String name, Instant instant) {
    if (instant.isBefore(FIRST) || instant.isAfter(LAST)) {
      throw new IllegalArgumentException(
          "%s must lie in the years 1 to 9999, a day from either end, which is all that Python knows: %s"
              .formatted(name, instant));
    }
    return instant.atOffset(ZoneOffset.UTC);
  }

  private static @Nullable Double seconds(@Nullable Duration limit) {
    return limit == null ? null : limit.toMillis() / 1000.0;
  }

  /** The property that goes with {@code expires}: milliseconds from now as text, 0 at least. */
  public static String expiration(Instant now, Instant expires) {
    return Long.toString(Math.max(0, Duration.between(now, expires).toMillis()));
  }

  private static Map<String, @Nullable Object> embed(
      @Nullable List<Object> callbacks, @Nullable List<Object> errbacks) {
    Map<String, @Nullable Object> embed = new LinkedHashMap<>();
    embed.put("callbacks", callbacks);
    embed.put("errbacks", errbacks);
    embed.put("chain", null);
    embed.put("chord", null);
    return embed;
  }
}
