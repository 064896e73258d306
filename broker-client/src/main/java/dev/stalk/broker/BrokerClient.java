package dev.stalk.broker;

import dev.stalk.broker.codec.ContentConfig;
import dev.stalk.broker.codec.EncodingException;
import dev.stalk.broker.message.TaskMessage;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.redis.RedisTransport;
import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.Fanout;
import dev.stalk.broker.transport.Quarantine;
import dev.stalk.broker.transport.Transport;
import dev.stalk.broker.transport.UnroutableException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * Sends tasks to Celery workers of any language, and finds their results. One per application is
 * enough: thread-safe, and it shares its connections.
 *
 * <pre>{@code
 * try (BrokerClient client = BrokerClient.connect("redis://localhost:6379/0")) {
 *   AsyncResult sum = client.send(TaskSignature.of("tasks.add", 2, 3).on("math"));
 * }
 * }</pre>
 */
public final class BrokerClient implements AutoCloseable {
  private final ContentConfig content;
  private final Transport transport;
  private final MessageFactory messages;
  private final @Nullable EventDispatcher events;
  private final TaskSender sender;
  private final ExecutorService callbacks;

  private BrokerClient(BrokerConfig config, Transport transport, Clock clock) {
    this.content = config.content();
    this.transport = transport;
    this.messages = new MessageFactory(config, clock);
    config.routing().queues().values().forEach(q -> transport.queues().remember(q));
    this.events =
        config.events().taskSent()
            ? new EventDispatcher(messages.origin(), transport.fanout(), config.events(), clock)
            : null;
    this.sender = new TaskSender(transport, messages, events);
    this.callbacks =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread thread = new Thread(task, "stalk-results");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * A client with the default settings. Nothing is connected before the first call that needs it.
   *
   * @param url {@code redis://user:password@host:port/db}
   * @throws IllegalArgumentException if the address is wrong
   */
  public static BrokerClient connect(String url) {
    return connect(BrokerConfig.builder().url(url).build());
  }

  /** A client with these settings. */
  public static BrokerClient connect(BrokerConfig config) {
    return over(RedisTransport.open(config.toRedis("stalk-client")), config);
  }

  /**
   * A client over a transport of one's own, such as the one in memory of the module {@code
   * testkit}. Of the configuration it uses the default queue, the routing and the content settings;
   * everything else is the transport's. Closing the client closes the transport.
   */
  public static BrokerClient over(Transport transport, BrokerConfig config) {
    return over(transport, config, Clock.systemUTC());
  }

  /**
   * The same with a clock of one's own.
   *
   * @param clock says what countdowns and expiries count from, and when a task was sent; it should
   *     agree with {@link Transport#time}
   */
  public static BrokerClient over(Transport transport, BrokerConfig config, Clock clock) {
    return new BrokerClient(config, transport, clock);
  }

  /** The transport of these settings, for a worker. */
  public static Transport transport(BrokerConfig config, String clientName) {
    return RedisTransport.open(config.toRedis(clientName));
  }

  /**
   * Sends one task and returns when the broker has it.
   *
   * @throws BrokerException if the broker did not confirm it; see {@link Transport#publish} on
   *     whether it may have arrived all the same
   * @throws UnroutableException if it goes through an exchange that leads to no queue, or to no
   *     subscriber; nothing was sent then
   * @throws EncodingException if an argument has no form in the serializer, the body is too large,
   *     or the library of the serializer or compression is missing
   * @throws QueueNotFoundException if its queue has to be declared and is not
   */
  public AsyncResult send(TaskSignature signature) {
    return sendAll(List.of(signature)).get(0);
  }

  /**
   * Sends many tasks in few round trips, in order, and returns when the broker has all of them.
   *
   * @throws BrokerException if the broker did not confirm all of them; some may have arrived
   * @throws UnroutableException if one goes through an exchange that leads to no queue; then none
   *     was sent. That a fanout exchange has no subscriber shows only when its turn comes: those
   *     before were sent, and those behind were not
   * @throws EncodingException as {@link #send}; then none was sent
   */
  public List<AsyncResult> sendAll(List<TaskSignature> signatures) {
    List<TaskMessage> all = new ArrayList<>(signatures.size());
    List<AsyncResult> results = new ArrayList<>(signatures.size());
    for (TaskSignature signature : signatures) {
      TaskMessage message = messages.message(signature);
      all.add(message);
      results.add(result(message.headers().id()));
    }
    sender.send(all);
    return results;
  }

  /** The result of a task sent by anybody. */
  public AsyncResult result(String taskId) {
    return new AsyncResult(taskId, transport.results(), content, callbacks);
  }

  /**
   * The number of waiting messages of a queue per priority step, 0 first; held ones do not count.
   */
  public Map<Integer, Long> queueLengths(String queue) {
    return transport.lengths(queue);
  }

  /**
   * Deletes the waiting messages of a queue; those that workers hold are not touched.
   *
   * @return how many there were
   */
  public long purge(String queue) {
    return transport.purge(queue);
  }

  /** Looks after queues: what is in them, what they are bound to. */
  public QueueOperations queues() {
    return new QueueOperations(transport);
  }

  /** What workers put aside because it could not be run. */
  public Quarantine quarantine() {
    return transport.quarantine();
  }

  /** Publishes to everybody who listens, and listens. */
  public Fanout fanout() {
    return transport.fanout();
  }

  /**
   * Publishes the events that wait, and closes every connection. Threads that wait for results are
   * left to their timeouts.
   */
  @Override
  public void close() {
    if (events != null) {
      events.close();
    }
    transport.close();
    callbacks.shutdown();
  }
}
