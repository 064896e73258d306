package dev.stalk.worker;

import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.Effect;
import dev.stalk.broker.transport.Exchange;
import dev.stalk.broker.transport.Publication;
import dev.stalk.broker.transport.QueueConnection;
import dev.stalk.broker.transport.QueueOrder;
import dev.stalk.broker.transport.Settlement;
import dev.stalk.worker.config.BreakerConfig;
import dev.stalk.worker.config.QueueConfig;
import dev.stalk.worker.config.TaskConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One bulkhead of one queue or several: its loop, its line to the broker, its bulkhead. The loop
 * reserves places, then settles what has finished and fetches for the free places in one exchange,
 * and hands each message to the bulkhead without looking inside. While there is more, it asks for
 * that first, and hands over while the broker works. When there is nothing to do it waits for the
 * broker's notice.
 *
 * <p>The loop's own thread is the only one that uses the connection. Pool threads put settlements
 * into {@link #finished} and raise {@link #signal}; nothing else is shared.
 */
final class QueueConsumer implements TaskExecution.Sink, WorkerMetrics.Gauged {
  private static final Comparator<TaskExecution> NEWEST_FIRST =
      Comparator.comparingLong(QueueConsumer::order).reversed();

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
  private final List<String> queues;
  private final QueueOrder order;
  private final QueueBulkhead bulkhead;
  private final QueueConnection connection;
  private final WorkerServices services;
  private final WorkerTime time;
  private final WorkerMetrics allMetrics;
  private final WorkerMetrics.OfQueue metrics;
  private final TaskBreakers taskBreakers;
  private final Outage outage;
  private final Thread thread;

  private final Signal signal;
  private final Queue<Settlement> finished = new ConcurrentLinkedQueue<>();
  private final Queue<List<Returned>> returned = new ConcurrentLinkedQueue<>();
  private final Map<String, TaskExecution> held = new ConcurrentHashMap<>();
  private final AtomicLong heldBytes = new AtomicLong();

  /** What goes back to its queue, and how. Whoever takes it back says so; the loop orders it. */
  private record Returned(TaskExecution execution, Settlement settlement) {}

  // written by whoever reconfigures the queue, read by the loop
  private volatile TaskConfig tasks;
  private volatile long memoryLimit;
  private volatile StartRate rate;
  private volatile @Nullable QueueBreaker breaker;

  /** Written by whoever changes the breaker's state, read and lowered by the loop. */
  private volatile boolean opened;

  /** Written by the chore that looks, read by the meters. */
  private volatile double length = Double.NaN;

  // written by whoever stops the worker, read by the loop
  private volatile boolean fetching = true;
  private volatile boolean ending;
  private volatile boolean retired;
  private volatile boolean abandoned;

  /** Written by the loop: it waits. */
  private volatile boolean resting;

  /** Raised by the transport's thread at a notice, lowered by the loop when it looks. */
  private volatile boolean noticed;

  // used by the loop only
  private final List<Settlement> unsettled = new ArrayList<>();

  /** The last answer, while what came with it has not been handed over. */
  private @Nullable Arrival arrival;

  /** Places for what the next exchange brings. */
  private int reserved;

  private boolean arm = true;
  private boolean drained;
  private boolean resent;
  private long poll = POLL_MIN;
  private long yielding;
  private final List<TaskExecution> notBegun = new ArrayList<>();
  private final List<Returned> goingBack = new ArrayList<>();
  private @Nullable Throwable noThread;
  private QueueBreaker.@Nullable Permissions permissions;

  QueueConsumer(
      String name,
      List<String> queues,
      QueueConfig config,
      String holder,
      WorkerServices services,
      WorkerMetrics metrics) {
    this.name = name;
    this.queues = List.copyOf(queues);
    this.order = config.queueOrder();
    this.services = services;
    this.time = services.timer().time();
    this.signal = new Signal(time);
    this.tasks = config.tasks();
    this.bulkhead = new QueueBulkhead(name, config);
    this.connection =
        services.transport().consume(queues, config.queueOrder(), holder, this::notice);
    this.allMetrics = metrics;
    this.metrics = metrics.queue(name);
    this.memoryLimit = config.memoryLimit();
    this.rate = new StartRate(name, config.rateLimit(), time::nanoTime);
    this.breaker = breaker(config.circuitBreaker());
    this.taskBreakers = new TaskBreakers(config.taskCircuitBreaker(), this::taskBreaker);
    this.metrics.gauges(this);
    this.outage = new Outage("queue " + name, services.clock());
    this.thread = new Thread(this::loop, "stalk-" + name);
  }

  void start() {
    thread.start();
  }

  // ---- what it shows

  @Override
  public int running() {
    return (int) held.values().stream().filter(TaskExecution::isRunning).count();
  }

  @Override
  public int held() {
    return held.size();
  }

  @Override
  public long heldBytes() {
    return heldBytes.get();
  }

  @Override
  public int threads() {
    return bulkhead.threads();
  }

  @Override
  public int stuck() {
    return bulkhead.stuck();
  }

  @Override
  public int freePlaces() {
    return Math.max(0, bulkhead.free());
  }

  @Override
  public double length() {
    return length;
  }

  String name() {
    return name;
  }

  List<String> queues() {
    return queues;
  }

  /** The order in which these are fetched from. */
  QueueOrder queueOrder() {
    return order;
  }

  /** Tells how many messages wait in its queues. */
  void look(double waiting) {
    length = waiting;
  }

  /** So many leases of its messages have been renewed. */
  void renewed(int leases) {
    metrics.renewed(leases);
  }

  boolean isRetired() {
    return retired;
  }

  /** Whether its loop waits for something to do, and nothing is held. */
  boolean isIdle() {
    return resting && held.isEmpty();
  }

  /** Whether its loop lives. */
  boolean isAlive() {
    return thread.isAlive();
  }

  /** Whether the broker answered when it was last asked. */
  boolean isConnected() {
    return outage.isOver();
  }

  // ---- circuit breakers

  private @Nullable QueueBreaker breaker(@Nullable BreakerConfig config) {
    if (config == null) {
      return null;
    }
    QueueBreaker made =
        new QueueBreaker(name, config, services.clock(), (from, to) -> changed("", from, to));
    allMetrics.watch(made.breaker());
    return made;
  }

  private QueueBreaker taskBreaker(String task, BreakerConfig config) {
    String full = name + "/" + task;
    QueueBreaker made =
        new QueueBreaker(full, config, services.clock(), (from, to) -> changed(task, from, to));
    allMetrics.watch(made.breaker());
    return made;
  }

  /** On whatever thread a breaker changes. */
  private void changed(String task, State from, State to) {
    metrics.transition(task, to.name());
    String what = task.isEmpty() ? "" : " of task " + task;
    if (BreakerGuard.isOpen(to)) {
      log.warn("{}: the circuit breaker{} is {}, and was {}", name, what, to, from);
    } else {
      log.info("{}: the circuit breaker{} is {}, and was {}", name, what, to, from);
    }
    if (task.isEmpty()) {
      opened = BreakerGuard.isOpen(to);
      signal.raise();
    }
  }

  /** The queue's breaker; null if it has none. */
  @Nullable QueueBreaker breaker() {
    return breaker;
  }

  /** The breakers of its tasks. */
  TaskBreakers taskBreakers() {
    return taskBreakers;
  }

  // ---- reconfiguration

  /** Takes over everything but the queues it serves and their order. What it holds goes on. */
  void change(QueueConfig config) {
    bulkhead.change(config);
    tasks = config.tasks();
    memoryLimit = config.memoryLimit();
    rate = new StartRate(name, config.rateLimit(), time::nanoTime);
    changeBreaker(config.circuitBreaker());
    taskBreakers.all().values().forEach(old -> allMetrics.unwatch(old.breaker()));
    taskBreakers.change(config.taskCircuitBreaker());
    signal.raise();
  }

  private void changeBreaker(@Nullable BreakerConfig config) {
    QueueBreaker before = breaker;
    if (before != null) {
      allMetrics.unwatch(before.breaker());
    }
    QueueBreaker after = breaker(config);
    if (after != null && before != null) {
      after.continueFrom(before);
    }
    breaker = after;
    opened = after != null && BreakerGuard.isOpen(after.state());
  }

  /** The tags of everything this queue holds. */
  Set<String> heldTags() {
    return held.entrySet().stream()
        .filter(entry -> entry.getValue().holdsMessage())
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }

  /** The message under this tag is no longer ours: another worker may have it by now. */
  void lost(String tag) {
    TaskExecution execution = held.get(tag);
    if (execution != null && execution.takeBackIfWaiting()) {
      forget(tag);
      metrics.lapsed();
    }
  }

  private void forget(String tag) {
    TaskExecution execution = held.remove(tag);
    if (execution != null) {
      heldBytes.addAndGet(-execution.delivery().message().length);
    }
  }

  // ---- the loop

  private void loop() {
    while (!abandoned && !(ending && held.isEmpty() && arrival == null)) {
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
    giveBack(); // if something went wrong before
    if (ending) {
      handOver(); // goes back together with what has waited
    }
    returnNotBegun();
    returnWhatMayNotBegin();
    long now = time.nanoTime();
    bulkhead.adapt(now);
    returnWhatWaitsTooLong(bulkhead.mayWait(now));
    reserve();
    collectFinished();
    if (!unsettled.isEmpty() || (reserved > 0 && !drained)) {
      exchange();
    } else {
      giveBack();
      if (arrival == null) {
        await();
      } else {
        handOver();
      }
    }
    returnNotBegun();
  }

  /** The places for which messages may be fetched, as everything that bounds them allows. */
  private void reserve() {
    permissions = null;
    if (!fetching || ending || heldBytes.get() >= memoryLimit) {
      return;
    }
    reserved = bulkhead.reserve(rate.available(BATCH));
    QueueBreaker current = breaker;
    if (current != null) {
      QueueBreaker.Permissions acquired = current.acquire(reserved);
      bulkhead.release(reserved - acquired.count());
      reserved = acquired.count();
      permissions = acquired;
    }
  }

  /** Places for which nothing came. */
  private void giveBack() {
    int unused = reserved;
    reserved = 0;
    bulkhead.release(unused);
    if (permissions != null) {
      permissions.unused(unused);
    }
  }

  /** When the breaker has opened: what has not begun goes back, where others may take it. */
  private void returnWhatMayNotBegin() {
    if (opened) {
      handOver();
      opened = false;
      List<TaskExecution> waiting =
          held.values().stream().filter(TaskExecution::takeBackIfWaiting).toList();
      waiting.forEach(execution -> metrics.rejected());
      returnToQueue(waiting, QueueConsumer::returningUnbegun);
    }
  }

  /** Of more than may wait, those that would begin last. */
  private void returnWhatWaitsTooLong(int mayWait) {
    if (mayWait == Integer.MAX_VALUE || ending) {
      return;
    }
    handOver(); // they are the newest
    List<TaskExecution> waiting =
        held.values().stream().filter(TaskExecution::isWaiting).sorted(NEWEST_FIRST).toList();
    List<TaskExecution> tooMany =
        waiting.subList(0, Math.max(0, waiting.size() - mayWait)).stream()
            .filter(TaskExecution::takeBackIfWaiting)
            .toList();
    metrics.givenBack(tooMany.size());
    returnToQueue(tooMany, QueueConsumer::returningUnbegun);
  }

  private void await() {
    resting = true;
    awaitNews();
    resting = false;
    drained = false;
  }

  private void awaitNews() {
    long most = bulkhead.nanosToWait(time.nanoTime());
    if (!drained || !fetching) {
      signal.await(Math.min(SAFETY_LOOK, Math.min(most, nanosToWait())));
    } else if (connection.givesNotice()) {
      long look = SAFETY_LOOK + ThreadLocalRandom.current().nextLong(SAFETY_LOOK / 4);
      signal.await(Math.min(most, look));
      letOthersGoFirst();
    } else {
      signal.await(poll);
      poll = Math.min(POLL_MAX, poll * 2);
    }
  }

  /** What finishes here meanwhile ends it. */
  private void letOthersGoFirst() {
    if (noticed && yielding > 0 && finished.isEmpty()) {
      signal.awaitBriefly(ThreadLocalRandom.current().nextLong(yielding));
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

  /** Until the rate limit or the breaker allows more; nothing else tells when that is. */
  private long nanosToWait() {
    QueueBreaker current = breaker;
    long breakerWait = current == null ? 0 : current.nanosToWait();
    long wait = Math.max(rate.nanosToWait(), breakerWait);
    return wait == 0 ? SAFETY_LOOK : wait;
  }

  private void collectFinished() {
    collectReturned();
    while (unsettled.size() < BATCH) {
      Settlement settlement = finished.poll();
      if (settlement == null) {
        return;
      }
      unsettled.add(settlement);
    }
  }

  /** The newest first, as each is put before those that are in the queue. */
  private void collectReturned() {
    drainReturned();
    if (goingBack.isEmpty()) {
      return;
    }
    if (ending && arrival != null) { // a stop has begun since this step has: in one order with it
      handOver();
      returnNotBegun();
      drainReturned();
    }
    goingBack.sort(Comparator.comparing(Returned::execution, NEWEST_FIRST));
    goingBack.forEach(back -> finished.add(back.settlement()));
    goingBack.clear();
  }

  private void drainReturned() {
    for (List<Returned> some = returned.poll(); some != null; some = returned.poll()) {
      goingBack.addAll(some);
    }
  }

  private void exchange() {
    // settlements name many keys, and an armed script may have all of them watched: arm without
    boolean armed = arm && unsettled.isEmpty();
    int wanted = reserved;
    boolean sought = noticed && wanted > 0;
    noticed = false;
    Arrival next = new Arrival(List.copyOf(unsettled), permissions, resent, services.lease().ask());
    Exchange exchange;
    try {
      exchange = connection.exchange(next.offered(), wanted, armed, this::handOver);
    } catch (RuntimeException | Error e) {
      giveBack();
      resent = true;
      outage.failed(e);
      handOver();
      pause();
      return;
    }
    next.brings(exchange);
    arrival = next;
    unsettled.clear();
    resent = false;
    int fetched = exchange.deliveries().size();
    reserved -= fetched;
    giveBack();
    heldBytes.addAndGet(next.bytes());
    rate.took(fetched);
    metrics.exchanged(fetched, exchange.quarantined());
    if (fetched > 0) {
      poll = POLL_MIN;
    }
    looked(sought, fetched);
    if (exchange.quarantined() > 0) {
      log.error("{}: {} messages are no JSON objects; quarantined", name, exchange.quarantined());
    }
    if (!isAnotherWorthAskingForFirst(exchange)) {
      handOver();
    }
    BrokerException failure = exchange.failure();
    if (failure == null) {
      outage.passed();
      look(wanted, exchange.more(), armed);
    } else {
      outage.failed(failure);
      pause();
    }
  }

  /** While there is more, and room for at least half as much again as came now. */
  private boolean isAnotherWorthAskingForFirst(Exchange exchange) {
    int fetched = exchange.deliveries().size();
    return exchange.failure() == null
        && exchange.more()
        && fetched > 0
        && !ending
        && noThread == null
        && bulkhead.hasRoomFor(fetched / 2);
  }

  /** What came with the last answer, or the rest of it if something went wrong before. */
  private void handOver() {
    Arrival last = arrival;
    if (last == null) {
      return;
    }
    last.eachFate((settlement, fate) -> settled(settlement, fate, last.isResent()));
    boolean late = !services.lease().isYoung(last.hold());
    last.eachDelivery(delivery -> begin(delivery, last, late));
    services.lease().taken(last.hold());
    arrival = null;
  }

  /**
   * What was on its way here when the worker began to stop goes back like the rest, and so does
   * what was on its way for half a lease: others may have it by now.
   */
  private void begin(Delivery delivery, Arrival with, boolean late) {
    BreakerGuard guard = new BreakerGuard(with.permissions(), taskBreakers);
    TaskExecution execution = new TaskExecution(delivery, tasks, services, metrics, this, guard);
    held.put(delivery.tag(), execution);
    if ((ending || late) && execution.takeBackIfWaiting()) {
      notBegun.add(execution);
      guard.left();
      bulkhead.release(1);
      metrics.givenBack(late ? 1 : 0);
    } else {
      run(execution, guard, with.hold());
    }
  }

  /** What no thread can be made for goes back, and takes nothing of what came with it along. */
  private void run(TaskExecution execution, BreakerGuard guard, Lease.Hold hold) {
    try {
      bulkhead.run(() -> runIfPermitted(execution, guard, hold));
    } catch (RuntimeException | Error e) {
      if (execution.takeBackIfWaiting()) {
        notBegun.add(execution);
        guard.left();
        bulkhead.release(1);
      }
      noThread = e;
    }
  }

  /** Of what came. If no thread could be made the loop pauses; there may be some again then. */
  private void returnNotBegun() {
    Throwable failure = noThread;
    noThread = null;
    if (!notBegun.isEmpty()) {
      returnToQueue(notBegun, ending ? TaskExecution::takenBack : QueueConsumer::returningUnbegun);
      notBegun.clear();
    }
    if (failure != null) {
      throw new IllegalStateException("no thread could be made", failure);
    }
  }

  /**
   * On a pool's thread. Since the message was fetched the lease may have ended, the breaker may
   * have opened, or the places may be taken by tasks that went on without their threads.
   */
  private void runIfPermitted(TaskExecution execution, BreakerGuard guard, Lease.Hold hold) {
    boolean ours = services.lease().covers(hold);
    if (!(bulkhead.mayBegin() && ours) && execution.takeBackIfWaiting()) {
      metrics.givenBack(1);
      returnToQueue(List.of(execution), QueueConsumer::returningUnbegun);
    } else if (!guard.mayBegin() && execution.takeBackIfWaiting()) {
      metrics.rejected();
      returnToQueue(List.of(execution), QueueConsumer::returningUnbegun);
    }
    execution.run();
  }

  /** After a failure; finished tasks and notices do not cut it short, else it would be none. */
  private void pause() {
    long until = System.nanoTime() + outage.pauseNanos();
    for (long left = until - System.nanoTime(); left > 0 && !ending; ) {
      signal.awaitAfterFailure(left);
      left = until - System.nanoTime();
    }
    if (ending) {
      signal.awaitBriefly(STOPPING_PAUSE);
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

  private void settled(Settlement settlement, Settlement.Fate fate, boolean resent) {
    TaskExecution execution = held.get(settlement.tag());
    if (execution != null && execution.awaits(settlement)) {
      acknowledged(execution, fate, resent);
      return;
    }
    switch (fate) {
      case SETTLED -> {
        forget(settlement.tag());
        announce(execution);
        if (settlement.claim() == Settlement.Claim.HELD) {
          metrics.settled();
        }
      }
      case LAPSED -> {
        forget(settlement.tag());
        metrics.lapsed();
        lapsed(settlement, resent);
        announce(resent ? execution : null); // it was settled at the first time, most likely
      }
      case REFUSED -> refused(settlement);
    }
  }

  /**
   * The answer to an acknowledgement before the task. One that was offered again after a cut, and
   * then found nothing, was carried out at the first time.
   */
  private void acknowledged(TaskExecution execution, Settlement.Fate fate, boolean resent) {
    boolean ours = fate == Settlement.Fate.SETTLED || (fate == Settlement.Fate.LAPSED && resent);
    if (ours) {
      metrics.settled();
    } else {
      forget(execution.delivery().tag());
      metrics.lapsed();
    }
    execution.acknowledged(ours);
  }

  /** Only what was settled has happened. */
  private static void announce(@Nullable TaskExecution execution) {
    if (execution != null) {
      execution.settled();
    }
  }

  private void lapsed(Settlement settlement, boolean resent) {
    if (resent) {
      log.info(
          "{}: {} had been settled before the connection broke, or its lease lapsed since",
          name,
          settlement.tag());
    } else {
      log.warn(
          "{}: {} was no longer held when it ended or went back; its outcome is dropped",
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
      forget(settlement.tag());
      return;
    }
    execution.unwritten();
    finished.add(
        new Settlement(
            settlement.tag(),
            settlement.claim(),
            List.of(
                new Effect.Quarantine(
                    execution.delivery().queue(),
                    "its outcome could not be written",
                    1,
                    execution.delivery().message()))));
  }

  // ---- called by pool threads

  @Override
  public void acknowledge(Settlement acknowledgement) {
    finished.add(acknowledgement);
    signal.raise();
  }

  @Override
  public void ended(TaskExecution execution, Settlement settlement) {
    finished.add(settlement);
  }

  @Override
  public void stopped(TaskExecution execution) {
    signal.raise();
  }

  @Override
  public void goesOn(TaskExecution execution) {
    bulkhead.readNoFurtherAhead();
  }

  @Override
  public void left(TaskExecution execution) {
    bulkhead.leave(execution.hasBegun());
    signal.raise();
  }

  @Override
  public void stuck(TaskExecution execution, Thread thread) {
    try {
      bulkhead.giveUp(thread);
    } finally {
      left(execution); // also if no other thread can be made
    }
    log.error(
        "{}: a task that was stopped does not end; its thread is replaced, {} are stuck now\n{}",
        name,
        bulkhead.stuck(),
        Arrays.stream(thread.getStackTrace())
            .map(frame -> "\tat " + frame)
            .collect(Collectors.joining("\n")));
  }

  // ---- called by a thread of the transport

  private void notice() {
    noticed = true;
    signal.raise();
  }

  // ---- called by whoever stops the worker

  /** Stops a task by force. True if it was running here. */
  boolean terminate(String taskId) {
    boolean any = false;
    for (TaskExecution execution : held.values()) {
      any |= execution.terminate(taskId);
    }
    return any;
  }

  /** Fetches no more. What is held goes on. */
  void quiet() {
    fetching = false;
  }

  /** Ends without its worker: its name is free for another, and what runs goes on. */
  void retire() {
    retired = true;
    metrics.close();
    quiet();
    returnWaiting();
  }

  /** Returns what has not begun to the queue, oldest to be fetched first, and lets the loop end. */
  void returnWaiting() {
    ending = true; // before looking: what the loop puts into held from now on it takes back itself
    returnToQueue(
        held.values().stream().filter(TaskExecution::takeBackIfWaiting).toList(),
        TaskExecution::takenBack);
    signal.raise();
  }

  /** Returns what still runs to the queue and interrupts it. The number of those messages. */
  int returnRunning() {
    List<TaskExecution> running =
        held.values().stream()
            .filter(execution -> execution.takeBackIfWaiting() || execution.takeBackRunning())
            .toList();
    returnToQueue(running, TaskExecution::takenBack);
    signal.raise();
    return running.size();
  }

  private void returnToQueue(
      List<TaskExecution> executions, Function<TaskExecution, Settlement> returning) {
    returned.add(
        executions.stream()
            .map(execution -> new Returned(execution, returning.apply(execution)))
            .toList());
  }

  /** It goes back as it came: nobody has begun it. */
  private static Settlement returningUnbegun(TaskExecution execution) {
    Delivery delivery = execution.delivery();
    byte[] message = delivery.message();
    Publication back = new Publication(delivery.queue(), MessageCodec.priority(message), message);
    return new Settlement(delivery.tag(), List.of(new Effect.Return(back)));
  }

  /** Tags end in a number that grows with each fetch. */
  private static long order(TaskExecution execution) {
    String tag = execution.delivery().tag();
    return Long.parseLong(tag.substring(tag.lastIndexOf(':') + 1));
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
    abandoned = true;
    signal.raise();
    thread.join(TimeUnit.SECONDS.toMillis(2));
  }

  /** Ends the threads of the bulkhead. To be called after the loop has ended. */
  void close() {
    metrics.close();
    QueueBreaker last = breaker;
    if (last != null) {
      allMetrics.unwatch(last.breaker());
    }
    taskBreakers.all().values().forEach(old -> allMetrics.unwatch(old.breaker()));
    bulkhead.close();
  }
}
