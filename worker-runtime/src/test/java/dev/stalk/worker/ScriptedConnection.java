package dev.stalk.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.BrokerInterruptedException;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.Exchange;
import dev.stalk.broker.transport.QueueConnection;
import dev.stalk.broker.transport.Settlement;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A queue's line that does what the test says, step by step: the loop asks, and stands still until
 * the test has answered.
 */
final class ScriptedConnection implements QueueConnection {
  /**
   * Less than the pause after which a consumer looks for itself, as that would hide a lost wake.
   */
  private static final long PATIENCE_SECONDS = 20;

  /** What the loop asked for. */
  record Request(List<Settlement> finished, int wanted, boolean arm) {
    List<String> finishedTags() {
      return finished.stream().map(Settlement::tag).toList();
    }
  }

  private final Runnable wake;
  private final BlockingQueue<Request> requests = new LinkedBlockingQueue<>();
  private final BlockingQueue<Function<Request, Exchange>> answers = new LinkedBlockingQueue<>();
  private volatile boolean givesNotice = true;
  private volatile boolean settlingByItself;
  private volatile boolean closed;
  private volatile @Nullable RuntimeException away;
  private volatile @Nullable Thread loop;
  private volatile boolean standingStill;
  private final CountDownLatch workingOn = new CountDownLatch(1);

  ScriptedConnection(Runnable wake) {
    this.wake = wake;
  }

  // ---- the loop's side

  @Override
  public Exchange exchange(List<Settlement> finished, int wanted, boolean arm, Runnable meanwhile) {
    loop = Thread.currentThread();
    Request request = new Request(List.copyOf(finished), wanted, arm);
    if (settlingByItself) {
      meanwhile.run();
      return settled(request);
    }
    RuntimeException unreachable = away;
    if (unreachable != null) {
      away = null;
      throw unreachable;
    }
    boolean standsStill = standingStill;
    requests.add(request);
    try {
      if (standsStill) {
        workingOn.await();
      }
      meanwhile.run();
      return answers.take().apply(request);
    } catch (InterruptedException e) {
      throw new BrokerInterruptedException("interrupted", e);
    }
  }

  @Override
  public boolean givesNotice() {
    return givesNotice;
  }

  @Override
  public void close() {
    closed = true;
  }

  // ---- the test's side

  /** Waits for the loop to ask. It stands still until it gets an answer. */
  Request asked() throws InterruptedException {
    Request request = requests.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    assertThat(request).as("the loop asks").isNotNull();
    return request;
  }

  /** Settles everything the loop gave, and finds these messages. */
  void find(Delivery... found) {
    answers.add(request -> settled(request, found));
  }

  void findNothing() {
    find();
  }

  /** Has these fates for what the loop gave, and finds nothing. */
  void decide(Settlement.Fate... fates) {
    answers.add(request -> exchange(Arrays.asList(fates), List.of(), 0, request.wanted()));
  }

  /** Finds messages, of which so many are no JSON. */
  void findUnreadable(int unreadable, Delivery... others) {
    answers.add(
        request ->
            exchange(
                settled(request).fates(), Arrays.asList(others), unreadable, request.wanted()));
  }

  void fail(RuntimeException error) {
    answers.add(
        request -> {
          throw error;
        });
  }

  void fail(Error error) {
    answers.add(
        request -> {
          throw error;
        });
  }

  /** Settles everything, finds these messages, and then something stops the fetch. */
  void findAndFail(BrokerException failure, Delivery... found) {
    answers.add(
        request -> new Exchange(settled(request).fates(), Arrays.asList(found), 0, true, failure));
  }

  /** Settles everything and finds fewer messages than wanted, though there may be more. */
  void findAndExpectMore(Delivery... found) {
    answers.add(
        request -> new Exchange(settled(request).fates(), Arrays.asList(found), 0, true, null));
  }

  /** When the loop has asked again it stands still, until {@link #workOn}. */
  void standStillAfterAsking() {
    standingStill = true;
  }

  void workOn() {
    standingStill = false;
    workingOn.countDown();
  }

  /** Settles everything and finds these messages; at the next exchange it cannot be reached. */
  void findAndBeAway(RuntimeException error, Delivery... found) {
    answers.add(
        request -> {
          away = error;
          return settled(request, found);
        });
  }

  /** From now on everything is settled, and nothing found, without the test. */
  void settleByItself() {
    settlingByItself = true;
    findNothing();
  }

  private static Exchange settled(Request request, Delivery... found) {
    return exchange(
        Collections.nCopies(request.finished().size(), Settlement.Fate.SETTLED),
        Arrays.asList(found),
        0,
        request.wanted());
  }

  /** What an exchange brings that went as it should. */
  static Exchange exchange(
      List<Settlement.Fate> fates, List<Delivery> found, int unreadable, int wanted) {
    boolean more = found.size() + unreadable >= wanted;
    return new Exchange(fates, found, unreadable, more, null);
  }

  void givesNoNotice() {
    givesNotice = false;
  }

  /** The broker's notice: there may be something. */
  void wake() {
    wake.run();
  }

  /**
   * Waits until the loop has seen every wake-up so far and waits for the next, and sees to it that
   * it has asked for nothing more.
   */
  void assertIdle() {
    Thread thread = loop;
    assertThat(thread).isNotNull();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!isWaitingToBeWoken(thread)) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("the loop does not wait, it is in " + thread.getState());
      }
      Thread.onSpinWait();
    }
    assertThat(requests).isEmpty();
  }

  /** A loop that was woken a moment ago may still stand where it waited. */
  private static boolean isWaitingToBeWoken(Thread thread) {
    return LockSupport.getBlocker(thread) instanceof Signal signal
        && !signal.isRaised()
        && LockSupport.getBlocker(thread) == signal;
  }

  boolean isClosed() {
    return closed;
  }
}
