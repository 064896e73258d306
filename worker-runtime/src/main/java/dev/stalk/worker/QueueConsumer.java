package dev.stalk.worker;

import dev.stalk.broker.codec.ContentConfig;
import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.codec.Redelivery;
import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.Effect;
import dev.stalk.broker.transport.Exchange;
import dev.stalk.broker.transport.Publication;
import dev.stalk.broker.transport.QueueConnection;
import dev.stalk.broker.transport.Settlement;
import dev.stalk.broker.transport.Transport;
import dev.stalk.worker.config.QueueConfig;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One bulkhead of one queue or several: its loop, its line to the broker, its bulkhead. The loop
 * reserves places, then settles what has finished and fetches for the free places in one exchange,
 * and hands each message to the bulkhead without looking inside. When there is nothing to do it
 * waits for the broker's notice.
 *
 * <p>The loop's own thread is the only one that uses the connection. Pool threads put settlements
 * into {@link #finished} and raise {@link #signal}; nothing else is shared.
 */
final class QueueConsumer implements TaskExecution.Sink {
  private static final Logger log = LoggerFactory.getLogger(QueueConsumer.class);

  /** The most messages one exchange settles or fetches: keeps the script's work short. */
  private static final int BATCH = 256;

  /**
   * With notices promised, look all the same now and then. A notice can be lost with a connection;
   * but that is seen, and then all look at once.
   */
  private static final long SAFETY_LOOK = TimeUnit.SECONDS.toNanos(30);

  /**
   * After notices in vain the line lets others go first, for up to twice as long each time: all
   * idle workers of a queue get the same notice, and one of them gets the message.
   */
  private static final long YIELD_MIN = TimeUnit.MILLISECONDS.toNanos(1);

  private static final long YIELD_MAX = TimeUnit.MILLISECONDS.toNanos(64);

  /** Between attempts while stopping, when nobody is helped by long ones. */
  private static final long STOPPING_PAUSE = TimeUnit.MILLISECONDS.toNanos(20);

  private static final long POLL_MIN = TimeUnit.MILLISECONDS.toNanos(2);
  private static final long POLL_MAX = TimeUnit.MILLISECONDS.toNanos(200);

  private final String name;
  private final QueueBulkhead bulkhead;
  private final QueueConnection connection;
  private final TaskRegistry registry;
  private final DeliveryLimit limit;
  private final ContentConfig content;
  private final WorkerMetrics.OfQueue metrics;
  private final Clock clock;
  private final Outage outage;
  private final Thread thread;

  private final Signal signal = new Signal();
  private final Queue<Settlement> finished = new ConcurrentLinkedQueue<>();
  private final Map<String, TaskExecution> held = new ConcurrentHashMap<>();

  // written by whoever stops the worker, read by the loop
  private volatile boolean fetching = true;
  private volatile boolean ending;

  /** Raised by the transport's thread at a notice, lowered by the loop when it looks. */
  private volatile boolean noticed;

  // used by the loop only
  private final List<Settlement> unsettled = new ArrayList<>();
  private boolean arm = true;
  private boolean drained;
  private boolean resent;
  private long poll = POLL_MIN;
  private long yielding;

  QueueConsumer(
      String name,
      List<String> queues,
      QueueConfig config,
      String holder,
      Transport transport,
      TaskRegistry registry,
      DeliveryLimit limit,
      ContentConfig content,
      WorkerMetrics metrics,
      Clock clock) {
    this.name = name;
    this.registry = registry;
    this.limit = limit;
    this.content = content;
    this.clock = clock;
    this.bulkhead = new QueueBulkhead(name, config);
    this.connection = transport.consume(queues, holder, this::notice);
    this.metrics = metrics.queue(name);
    this.metrics.gauges(this::running, held::size, config.threads());
    this.outage = new Outage("queue " + name, clock);
    this.thread = new Thread(this::loop, "stalk-" + name);
  }

  void start() {
    thread.start();
  }

  private int running() {
    return (int) held.values().stream().filter(TaskExecution::isRunning).count();
  }

  /** The tags of everything this queue holds. */
  Set<String> heldTags() {
    return held.keySet();
  }

  /** The message under this tag is no longer ours: another worker may have it by now. */
  void lost(String tag) {
    TaskExecution execution = held.get(tag);
    if (execution != null && execution.takeBackIfWaiting()) {
      held.remove(tag);
      metrics.lapsed();
    }
  }

  // ---- the loop

  private void loop() {
    while (!(ending && held.isEmpty())) {
      try {
        step();
      } catch (RuntimeException | Error e) { // a queue must not go deaf, whatever goes wrong
        log.error("{}: the loop failed; going on", name, e);
        pause();
      }
    }
    connection.close();
  }

  private void step() {
    int places = fetching && !ending ? bulkhead.reserve(BATCH) : 0;
    collectFinished();
    if (unsettled.isEmpty() && (places == 0 || drained)) {
      bulkhead.release(places);
      await();
    } else {
      exchange(places);
    }
  }

  private void await() {
    if (!drained || !fetching) {
      signal.await(SAFETY_LOOK);
    } else if (connection.givesNotice()) {
      signal.await(SAFETY_LOOK + ThreadLocalRandom.current().nextLong(SAFETY_LOOK / 4));
      letOthersGoFirst();
    } else {
      signal.await(poll);
      poll = Math.min(POLL_MAX, poll * 2);
    }
    drained = false;
  }

  /** What finishes here meanwhile ends it. */
  private void letOthersGoFirst() {
    if (noticed && yielding > 0 && finished.isEmpty()) {
      signal.await(ThreadLocalRandom.current().nextLong(yielding));
    }
  }

  /** Whoever gets the messages goes first next time too. */
  private void looked(boolean sought, int fetched) {
    if (fetched > 0) {
      yielding = 0;
    } else if (sought) {
      yielding = Math.min(YIELD_MAX, Math.max(YIELD_MIN, yielding * 2));
    }
  }

  private void collectFinished() {
    while (unsettled.size() < BATCH) {
      Settlement settlement = finished.poll();
      if (settlement == null) {
        return;
      }
      unsettled.add(settlement);
    }
  }

  private void exchange(int places) {
    // settlements name many keys, and an armed script may have all of them watched: arm without
    boolean armed = arm && unsettled.isEmpty();
    boolean sought = noticed && places > 0;
    noticed = false;
    Exchange exchange;
    try {
      exchange = connection.exchange(unsettled, places, armed);
    } catch (RuntimeException | Error e) {
      bulkhead.release(places);
      outage.failed(e);
      resent = true;
      pause();
      return;
    }
    settled(exchange.fates());
    resent = false;
    int fetched = exchange.deliveries().size();
    metrics.exchanged(fetched, exchange.quarantined());
    if (fetched > 0) {
      poll = POLL_MIN;
    }
    looked(sought, fetched);
    if (exchange.quarantined() > 0) {
      log.error("{}: {} messages are no JSON objects; quarantined", name, exchange.quarantined());
    }
    exchange.deliveries().forEach(this::begin);
    bulkhead.release(places - fetched);
    BrokerException failure = exchange.failure();
    if (failure == null) {
      outage.passed();
      look(places, exchange.more(), armed);
    } else {
      outage.failed(failure);
      pause();
    }
  }

  /** What was on its way here when the worker began to stop goes back like the rest. */
  private void begin(Delivery delivery) {
    TaskExecution execution =
        new TaskExecution(delivery, registry, limit, content, metrics, clock, this);
    held.put(delivery.tag(), execution);
    if (ending && execution.takeBackIfWaiting()) {
      finished.add(returning(delivery));
      bulkhead.release(1);
    } else {
      bulkhead.run(execution);
    }
  }

  /** After a failure; finished tasks and notices do not cut it short, else it would be none. */
  private void pause() {
    long until = System.nanoTime() + outage.pauseNanos();
    for (long left = until - System.nanoTime(); left > 0 && !ending; ) {
      signal.await(left);
      left = until - System.nanoTime();
    }
    if (ending) {
      signal.await(STOPPING_PAUSE);
    }
  }

  /**
   * Decides whether to look again at once. A fetch that found the queue empty, and was armed, will
   * be followed by a notice of the next push. One that was not armed is followed by one that is:
   * that way nothing is asked of the broker's tracking while the queue is busy.
   */
  private void look(int places, boolean more, boolean armed) {
    if (places == 0) {
      return;
    }
    drained = !more && armed;
    arm = !more;
  }

  private void settled(List<Settlement.Fate> fates) {
    List<Settlement> refused = new ArrayList<>();
    for (int i = 0; i < fates.size(); i++) {
      Settlement settlement = unsettled.get(i);
      switch (fates.get(i)) {
        case SETTLED -> {
          held.remove(settlement.tag());
          metrics.settled();
        }
        case LAPSED -> {
          held.remove(settlement.tag());
          metrics.lapsed();
          lapsed(settlement);
        }
        case REFUSED -> refused.add(settlement);
      }
    }
    unsettled.clear();
    refused.forEach(this::refused);
  }

  private void lapsed(Settlement settlement) {
    if (resent) {
      log.info(
          "{}: {} had been settled before the connection broke, or its lease lapsed since",
          name,
          settlement.tag());
    } else {
      log.warn(
          "{}: {} was no longer held when it ended; its outcome is dropped",
          name,
          settlement.tag());
    }
  }

  /**
   * The broker took the settlement but would not write one of its effects, for example because a
   * result's key holds something else. Keep the message for the operator; if even that is refused,
   * leave it recorded, and its lease will lapse.
   */
  private void refused(Settlement settlement) {
    TaskExecution execution = held.get(settlement.tag());
    boolean lastResort =
        settlement.effects().stream().allMatch(Effect.Quarantine.class::isInstance);
    if (execution == null || lastResort) {
      held.remove(settlement.tag());
      return;
    }
    unsettled.add(
        new Settlement(
            settlement.tag(),
            List.of(
                new Effect.Quarantine(
                    execution.delivery().queue(),
                    "its outcome could not be written",
                    1,
                    execution.delivery().message()))));
  }

  // ---- called by pool threads

  @Override
  public void ended(TaskExecution execution, Settlement settlement) {
    finished.add(settlement);
  }

  @Override
  public void left(TaskExecution execution) {
    bulkhead.release(1);
    signal.raise();
  }

  // ---- called by a thread of the transport

  private void notice() {
    noticed = true;
    signal.raise();
  }

  // ---- called by whoever stops the worker

  /** Fetches no more. What is held goes on. */
  void quiet() {
    fetching = false;
  }

  /** Returns what has not begun to the queue, oldest to be fetched first, and lets the loop end. */
  void returnWaiting() {
    ending = true; // before looking: what the loop puts into held from now on it takes back itself
    returnToQueue(held.values().stream().filter(TaskExecution::takeBackIfWaiting).toList());
    signal.raise();
  }

  /** Returns what still runs to the queue and interrupts it. The number of those messages. */
  int returnRunning() {
    List<TaskExecution> running =
        held.values().stream()
            .filter(execution -> execution.takeBackIfWaiting() || execution.takeBackRunning())
            .toList();
    returnToQueue(running);
    signal.raise();
    return running.size();
  }

  private void returnToQueue(List<TaskExecution> executions) {
    executions.stream()
        .map(TaskExecution::delivery)
        .sorted(Comparator.comparingLong(QueueConsumer::order).reversed())
        .forEach(delivery -> finished.add(returning(delivery)));
  }

  private Settlement returning(Delivery delivery) {
    byte[] message = Redelivery.mark(delivery.message());
    Publication back = new Publication(delivery.queue(), MessageCodec.priority(message), message);
    return new Settlement(delivery.tag(), List.of(new Effect.Return(back)));
  }

  /** Tags end in a number that grows with each fetch. */
  private static long order(Delivery delivery) {
    return Long.parseLong(delivery.tag().substring(delivery.tag().lastIndexOf(':') + 1));
  }

  /** Waits until everything held is settled. True if it was in time. */
  boolean awaitEnd(long nanos) throws InterruptedException {
    thread.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(nanos)));
    return !thread.isAlive();
  }

  /** Ends the loop even if something could not be settled; it stays recorded in the broker. */
  void abandon() throws InterruptedException {
    held.values().forEach(execution -> execution.takeBackIfWaiting());
    held.values().forEach(execution -> execution.takeBackRunning());
    held.clear();
    ending = true;
    signal.raise();
    thread.join(TimeUnit.SECONDS.toMillis(2));
  }

  /** Ends the threads of the bulkhead. To be called after the loop has ended. */
  void close() throws Exception {
    metrics.close();
    bulkhead.close();
  }
}
