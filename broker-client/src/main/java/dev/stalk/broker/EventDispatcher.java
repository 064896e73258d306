package dev.stalk.broker;

import dev.stalk.broker.codec.EventCodec;
import dev.stalk.broker.message.Event;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.transport.BrokerUnavailableException;
import dev.stalk.broker.transport.Fanout;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes events for monitors such as Flower and {@code celery events} (celery {@code
 * events/dispatcher.py:EventDispatcher}). Whoever has something to tell puts it into a buffer and
 * goes on; one thread, {@code stalk-events}, publishes what is there, one PUBLISH at a time. Events
 * about tasks go together, as a Celery worker sends them: there are at most 50 of these a second,
 * and one more for every 256 events.
 *
 * <p>Nothing here delays or fails a caller. When the broker is slow or away the buffer grows to its
 * limit, and then the oldest events are dropped and counted. An event reaches whoever listens at
 * that moment; a connection that breaks may cost some, or show some twice. Thread-safe.
 */
public final class EventDispatcher implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(EventDispatcher.class);

  private static final Duration FLUSH_PATIENCE = Duration.ofSeconds(5);

  /** How far apart batches are that are not full. */
  private static final long LINGER = TimeUnit.MILLISECONDS.toNanos(20);

  private static final int BATCH = 256;
  private static final long BATCH_BYTES = 512 << 10;
  private static final long PAUSE_MIN = TimeUnit.MILLISECONDS.toNanos(50);
  private static final long PAUSE_MAX = TimeUnit.SECONDS.toNanos(2);

  /** What an event costs besides its texts, roughly. */
  private static final int OVERHEAD = 256;

  private record Waiting(EventCodec.Stamped event, long bytes) {}

  private final EventCodec.Origin origin;
  private final Fanout fanout;
  private final EventConfig config;
  private final Clock clock;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<Waiting> buffer = new ArrayDeque<>(); // guarded by lock
  private long bytes; // guarded by lock
  private long logicalClock; // guarded by lock
  private @Nullable Thread thread; // guarded by lock
  private boolean waiting; // guarded by lock; for the first event, or for a full batch
  private boolean overflowing; // guarded by lock
  private boolean closed; // guarded by lock
  private long dropped; // guarded by lock

  private final AtomicLong published = new AtomicLong();
  private volatile boolean away; // written by the thread

  // used by the thread only
  private long taken = System.nanoTime() - LINGER;
  private boolean refusing;

  /**
   * Makes a dispatcher; its thread begins with the first event.
   *
   * @param hostname the node name of the sender, for example {@code celery@host1}
   * @param fanout publishes; closed by its owner, after this
   * @param config names the exchange, and bounds what waits
   * @param clock tells when events happened
   */
  public EventDispatcher(String hostname, Fanout fanout, EventConfig config, Clock clock) {
    this.origin = new EventCodec.Origin(hostname, ProcessHandle.current().pid());
    this.fanout = fanout;
    this.config = config;
    this.clock = clock;
  }

  /** Has an event published soon. Returns at once, and throws nothing because of the broker. */
  public void send(Event event) {
    send(event, clock.instant());
  }

  /** The same for one that happened at another time than now. */
  public void send(Event event, Instant timestamp) {
    long size = size(event);
    boolean told;
    lock.lock();
    try {
      if (closed) {
        dropped++;
        return;
      }
      buffer.add(new Waiting(new EventCodec.Stamped(event, ++logicalClock, timestamp), size));
      bytes += size;
      told = overflowing;
      dropOldest();
      told = told || !overflowing;
      wake();
    } finally {
      lock.unlock();
    }
    if (!told) {
      log.warn(
          "events wait for the broker in more than {} bytes; the oldest are dropped",
          config.memoryLimit());
    }
  }

  private static long size(Event event) {
    long size = OVERHEAD;
    for (Object value : event.fields().values()) {
      size += value instanceof String text ? 64 + 2L * text.length() : 64;
    }
    return size;
  }

  /** Under the lock. */
  private void dropOldest() {
    while (bytes > config.memoryLimit()) {
      Waiting oldest = buffer.remove();
      bytes -= oldest.bytes();
      dropped++;
      overflowing = true;
    }
  }

  /** Under the lock. */
  private void wake() {
    if (thread == null) {
      thread = new Thread(this::run, "stalk-events");
      thread.setDaemon(true);
      thread.start();
    } else if (waiting && (buffer.size() == 1 || buffer.size() >= BATCH)) {
      changed.signal();
    }
  }

  /** How many events have been published. */
  public long published() {
    return published.get();
  }

  /** How many events were dropped, because the broker was slow or away, or refused them. */
  public long dropped() {
    lock.lock();
    try {
      return dropped;
    } finally {
      lock.unlock();
    }
  }

  /** How many events wait to be published. */
  public int waiting() {
    lock.lock();
    try {
      return buffer.size();
    } finally {
      lock.unlock();
    }
  }

  /** Whether the broker could not be reached when it was last tried. */
  public boolean isAway() {
    return away;
  }

  // ---- on its thread

  private void run() {
    try {
      for (List<Waiting> batch = next(); !batch.isEmpty(); batch = next()) {
        publishPatiently(batch);
      }
    } catch (InterruptedException e) {
      log.debug("told to leave the rest", e);
      drop(List.of());
      Thread.currentThread().interrupt();
    }
  }

  /** The next events that can be published together; none if there will be no more. */
  private List<Waiting> next() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      waiting = true;
      while (buffer.isEmpty() && !closed) {
        tellDropped();
        changed.await();
      }
      long left = taken + LINGER - System.nanoTime();
      while (left > 0 && buffer.size() < BATCH && !closed) {
        left = changed.awaitNanos(left);
      }
      waiting = false;
      taken = System.nanoTime();
      return take();
    } finally {
      lock.unlock();
    }
  }

  private void tellDropped() {
    if (overflowing) {
      overflowing = false;
      log.info("events are published in time again; {} were dropped so far", dropped);
    }
  }

  private List<Waiting> take() {
    List<Waiting> batch = new ArrayList<>();
    long size = 0;
    for (Waiting first = buffer.peek(); first != null; first = buffer.peek()) {
      boolean fits =
          batch.isEmpty()
              || (isOfTask(batch.get(0))
                  && isOfTask(first)
                  && batch.size() < BATCH
                  && size + first.bytes() <= BATCH_BYTES);
      if (!fits) {
        break;
      }
      batch.add(buffer.remove());
      size += first.bytes();
    }
    bytes -= size;
    return batch;
  }

  private static boolean isOfTask(Waiting waiting) {
    return waiting.event().event().group().equals(Event.TASK);
  }

  /** Until it works, or it is refused, or nobody has patience any more. */
  private void publishPatiently(List<Waiting> batch) throws InterruptedException {
    for (long pause = PAUSE_MIN; ; pause = Math.min(PAUSE_MAX, pause * 2)) {
      try {
        publish(batch.stream().map(Waiting::event).toList());
        away = false;
        refusing = false;
        published.addAndGet(batch.size());
        return;
      } catch (BrokerUnavailableException e) {
        log.debug("{} events wait: {}", batch.size(), e.getMessage()); // the transport tells
        away = true;
        if (!pause(pause)) {
          drop(batch);
          return;
        }
      } catch (RuntimeException e) { // whatever it is, the next may be told
        refused(batch, e);
        return;
      }
    }
  }

  private void refused(List<Waiting> batch, RuntimeException e) {
    away = false;
    if (!refusing) {
      log.error("events cannot be published and are dropped: {}", e.getMessage());
    }
    refusing = true; // told once, until it works
    lock.lock();
    try {
      dropped += batch.size();
    } finally {
      lock.unlock();
    }
  }

  private void publish(List<EventCodec.Stamped> events) {
    Event first = events.get(0).event();
    String tag = deliveryTag();
    // a client's single events are objects (celery app/amqp.py:AMQP._create_task_sender)
    boolean alone = !first.group().equals(Event.TASK) || isSent(events);
    byte[] message =
        alone
            ? EventCodec.encode(origin, events.get(0), config.exchange(), tag)
            : EventCodec.encodeAll(origin, events, config.exchange(), tag);
    String key = alone ? first.routingKey() : Event.SEVERAL_OF_TASKS;
    var unusedListeners = fanout.publish(Route.fanout(config.exchange(), key), message);
  }

  private static boolean isSent(List<EventCodec.Stamped> events) {
    return events.size() == 1 && events.get(0).event().type().equals(Event.TASK_SENT);
  }

  /** Has to be unique, not secret. */
  private static String deliveryTag() {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    return new UUID(random.nextLong(), random.nextLong()).toString();
  }

  /** False if it is being closed, and nobody waits for the broker to come back. */
  private boolean pause(long nanos) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = nanos / 2 + ThreadLocalRandom.current().nextLong(nanos / 2 + 1);
      while (left > 0 && !closed) {
        left = changed.awaitNanos(left);
      }
      return !closed;
    } finally {
      lock.unlock();
    }
  }

  private void drop(List<Waiting> batch) {
    lock.lock();
    try {
      int lost = batch.size() + buffer.size();
      dropped += lost;
      buffer.clear();
      bytes = 0;
      if (lost > 0) {
        log.warn("{} events were not published before the end: the broker is away", lost);
      }
    } finally {
      lock.unlock();
    }
  }

  // ---- the end

  /**
   * Publishes what waits, and ends; gives up at once if the broker is away, and after 5 s if it is
   * slow. Events sent after that are dropped. Closing twice does nothing.
   */
  @Override
  public void close() {
    close(FLUSH_PATIENCE);
  }

  /**
   * The same with other patience.
   *
   * @param patience how long to wait for a slow broker, 5 s at most; nothing waits if it is zero
   */
  public void close(Duration patience) {
    Thread last;
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
      last = thread;
    } finally {
      lock.unlock();
    }
    if (last != null) {
      awaitEnd(last, patience.compareTo(FLUSH_PATIENCE) < 0 ? patience : FLUSH_PATIENCE);
    }
  }

  private static void awaitEnd(Thread last, Duration patience) {
    try {
      last.join(Math.max(1, patience.toMillis())); // 0 would be for ever
      if (last.isAlive()) {
        last.interrupt();
      }
    } catch (InterruptedException e) {
      last.interrupt();
      Thread.currentThread().interrupt();
    }
  }
}
