package dev.stalk.worker;

import java.util.AbstractQueue;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What waits for a thread of a pool. It wakes one thread at a time: who has been woken and finds
 * more than it takes wakes the next. So every thread that is needed gets up, each a moment after
 * the one before, and short tasks are done by the few that are awake, where waking a thread would
 * cost more than the task itself. Can be told to be full earlier or later. Thread-safe.
 */
final class WaitingExecutions extends AbstractQueue<Runnable> implements BlockingQueue<Runnable> {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition arrived = lock.newCondition();

  // guarded by lock
  private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
  private int idle;

  /** A thread has been woken and is not here yet; it will look after the rest. */
  private boolean waking;

  private volatile int capacity;

  /**
   * @param capacity as for {@link #capacity(int)}
   */
  WaitingExecutions(int capacity) {
    this.capacity = capacity;
  }

  /** With so many waiting it is full; what waits already stays. */
  void capacity(int changed) {
    capacity = changed;
  }

  @Override
  public boolean offer(Runnable task) {
    Objects.requireNonNull(task, "task");
    lock.lock();
    try {
      return waiting.size() < capacity && added(task);
    } finally {
      lock.unlock();
    }
  }

  /** Takes it, full or not. */
  @Override
  public void put(Runnable task) {
    Objects.requireNonNull(task, "task");
    lock.lock();
    try {
      var unused = added(task);
    } finally {
      lock.unlock();
    }
  }

  private boolean added(Runnable task) {
    waiting.add(task);
    wakeIfNeeded();
    return true;
  }

  /** To be called with the lock by whoever leaves something behind, or brings it. */
  private void wakeIfNeeded() {
    if (idle > 0 && !waking && !waiting.isEmpty()) {
      waking = true;
      arrived.signal();
    }
  }

  /** Does not wait for a place: it is there, or it is not. */
  @Override
  public boolean offer(Runnable task, long timeout, TimeUnit unit) {
    return offer(task);
  }

  @Override
  public Runnable take() throws InterruptedException {
    while (true) {
      Runnable next = poll(Long.MAX_VALUE, TimeUnit.NANOSECONDS);
      if (next != null) {
        return next;
      }
    }
  }

  @Override
  public @Nullable Runnable poll(long timeout, TimeUnit unit) throws InterruptedException {
    long left = unit.toNanos(timeout);
    lock.lockInterruptibly();
    try {
      while (waiting.isEmpty() && left > 0) {
        idle++;
        try {
          left = arrived.awaitNanos(left);
        } finally {
          idle--;
          waking = false; // whoever it was that was woken: this one looks after what waits
        }
      }
      return waiting.poll();
    } finally {
      wakeIfNeeded(); // also if an interrupt met the one that was woken
      lock.unlock();
    }
  }

  @Override
  public @Nullable Runnable poll() {
    lock.lock();
    try {
      return waiting.poll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public @Nullable Runnable peek() {
    lock.lock();
    try {
      return waiting.peek();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int size() {
    lock.lock();
    try {
      return waiting.size();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int remainingCapacity() {
    return Math.max(0, capacity - size());
  }

  @Override
  public boolean remove(@Nullable Object task) {
    lock.lock();
    try {
      return waiting.remove(task);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int drainTo(Collection<? super Runnable> target) {
    return drainTo(target, Integer.MAX_VALUE);
  }

  @Override
  public int drainTo(Collection<? super Runnable> target, int most) {
    lock.lock();
    try {
      int moved = 0;
      for (; moved < most && !waiting.isEmpty(); moved++) {
        target.add(waiting.remove());
      }
      return moved;
    } finally {
      lock.unlock();
    }
  }

  /** What waits now; nothing can be taken out by it. */
  @Override
  public Iterator<Runnable> iterator() {
    lock.lock();
    try {
      return List.copyOf(waiting).iterator();
    } finally {
      lock.unlock();
    }
  }
}
