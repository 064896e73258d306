package dev.stalk.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.message.PublishRetry;
import dev.stalk.broker.transport.Fanout;
import dev.stalk.broker.transport.ParkedMessages;
import dev.stalk.broker.transport.Publication;
import dev.stalk.broker.transport.Quarantine;
import dev.stalk.broker.transport.QueueConnection;
import dev.stalk.broker.transport.QueueOrder;
import dev.stalk.broker.transport.Queues;
import dev.stalk.broker.transport.Transport;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/** A broker without a broker: lines as the test wants them, and chores are written down. */
final class FakeTransport implements Transport {
  private final Map<String, QueueConnection> connections = new ConcurrentHashMap<>();
  private final Function<Runnable, QueueConnection> lines;
  private final BlockingQueue<Set<String>> renewals = new LinkedBlockingQueue<>();
  private final BlockingQueue<Publication> published = new LinkedBlockingQueue<>();
  private final FakeResults results = new FakeResults();
  private final BlockingQueue<String> counted = new LinkedBlockingQueue<>();
  private volatile ToLongFunction<String> counting = tag -> 2;
  private volatile Function<Collection<String>, List<String>> renewing = tags -> List.of();
  private volatile Map<Integer, Long> lengths = Map.of();
  private volatile IntSupplier restoringDue = () -> 0;
  private volatile Duration nothingDueFor = Duration.ofMillis(1);
  private volatile Runnable news = () -> {};
  private volatile IntSupplier restoringAbandoned = () -> 0;
  private volatile IntSupplier restoringVisible = () -> 0;
  private volatile Supplier<Instant> time = Instant::now;
  private final CountDownLatch closedParked = new CountDownLatch(1);

  /** Its lines are scripted. */
  FakeTransport() {
    this(ScriptedConnection::new);
  }

  /** Its lines are made from what wakes their owners. */
  FakeTransport(Function<Runnable, QueueConnection> lines) {
    this.lines = lines;
  }

  ScriptedConnection connection(String queue) {
    assertThat(connections.get(queue)).isInstanceOf(ScriptedConnection.class);
    return (ScriptedConnection) connections.get(queue);
  }

  /** What counting a delivery tag does. */
  void counting(ToLongFunction<String> answer) {
    counting = answer;
  }

  /** The delivery tags that were counted so far. */
  List<String> counted() {
    return List.copyOf(counted);
  }

  /** The messages that were published so far. */
  List<Publication> published() {
    return List.copyOf(published);
  }

  /** What renewing does: given the tags, the tags no longer held. */
  void renewing(Function<Collection<String>, List<String>> answer) {
    renewing = answer;
  }

  void restoringDue(IntSupplier answer) {
    restoringDue = answer;
  }

  /** For how long nothing is due, after each time what is due was restored. */
  void nothingDueFor(Duration pause) {
    nothingDueFor = pause;
  }

  /** Tells that something was parked. */
  void parkSomething() {
    news.run();
  }

  void awaitParkedClosed() throws InterruptedException {
    assertThat(closedParked.await(20, TimeUnit.SECONDS)).isTrue();
  }

  void restoringVisible(IntSupplier answer) {
    restoringVisible = answer;
  }

  /** What the broker's clock says. */
  void time(Supplier<Instant> answer) {
    time = answer;
  }

  void restoringAbandoned(IntSupplier answer) {
    restoringAbandoned = answer;
  }

  /** Waits for the next renewal; the tags it was to renew. */
  Set<String> renewed() throws InterruptedException {
    Set<String> tags = renewals.poll(20, TimeUnit.SECONDS);
    assertThat(tags).as("leases are renewed").isNotNull();
    return tags;
  }

  void forgetRenewals() {
    renewals.clear();
  }

  boolean hasRenewed() {
    return !renewals.isEmpty();
  }

  @Override
  public QueueConnection consume(
      List<String> queues, QueueOrder order, String holder, Runnable wake) {
    return connections.computeIfAbsent(queues.get(0), name -> lines.apply(wake));
  }

  @Override
  public List<String> renew(Collection<String> tags) {
    renewals.add(Set.copyOf(tags));
    return renewing.apply(tags);
  }

  @Override
  public long countDelivery(String deliveryTag) {
    counted.add(deliveryTag);
    return counting.applyAsLong(deliveryTag);
  }

  @Override
  public ParkedMessages parked(Runnable wake) {
    news = wake;
    return new ParkedMessages() {
      @Override
      public Duration restoreDue() {
        var unused = restoringDue.getAsInt();
        return nothingDueFor;
      }

      @Override
      public void close() {
        closedParked.countDown();
      }
    };
  }

  @Override
  public int restoreVisible() {
    return restoringVisible.getAsInt();
  }

  @Override
  public int restoreAbandoned() {
    return restoringAbandoned.getAsInt();
  }

  @Override
  public void publish(List<Publication> publications, PublishRetry retry) {
    published.addAll(publications);
  }

  @Override
  public Map<Integer, Long> lengths(String queue) {
    return lengths;
  }

  /** What waits in every queue, by priority step. */
  void lengths(Map<Integer, Long> waiting) {
    lengths = waiting;
  }

  @Override
  public long purge(String queue) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Queues queues() {
    throw new UnsupportedOperationException();
  }

  @Override
  public Fanout fanout() {
    throw new UnsupportedOperationException();
  }

  @Override
  public Quarantine quarantine() {
    throw new UnsupportedOperationException();
  }

  @Override
  public Instant time() {
    return time.get();
  }

  @Override
  public FakeResults results() {
    return results;
  }

  @Override
  public void close() {}
}
