package dev.stalk.broker.redis;

import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.Exchange;
import dev.stalk.broker.transport.QueueConnection;
import dev.stalk.broker.transport.Settlement;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * A queue's line that tells of outages, and is kept from falling asleep where the server cuts idle
 * connections. Used by its owner, and by the transport's watch.
 */
final class WatchedQueueConnection implements QueueConnection {
  private final RedisQueueConnection line;
  private final RedisOutages.Part outage;
  private final Consumer<WatchedQueueConnection> onClose;

  /** The owner waits for nobody but a keep-alive; the watch never waits. */
  private final ReentrantLock inUse = new ReentrantLock();

  WatchedQueueConnection(
      RedisQueueConnection line,
      RedisOutages.Part outage,
      Consumer<WatchedQueueConnection> onClose) {
    this.line = line;
    this.outage = outage;
    this.onClose = onClose;
  }

  @Override
  public Exchange exchange(List<Settlement> finished, int wanted, boolean arm, Runnable meanwhile) {
    long started = outage.start();
    inUse.lock();
    try {
      Exchange exchange = line.exchange(finished, wanted, arm, meanwhile);
      BrokerException failure = exchange.failure();
      if (failure == null) {
        outage.passed();
      } else {
        outage.failed(failure, started);
      }
      return exchange;
    } catch (BrokerException e) {
      outage.failed(e, started);
      throw e;
    } finally {
      inUse.unlock();
    }
  }

  /** Uses the line if nobody else does and it has turned out that it is cut when idle. */
  void keepAlive() {
    if (inUse.tryLock()) {
      try {
        line.keepAlive();
      } finally {
        inUse.unlock();
      }
    }
  }

  @Override
  public boolean givesNotice() {
    return line.givesNotice();
  }

  @Override
  public void close() {
    inUse.lock();
    try {
      line.close();
    } finally {
      inUse.unlock();
    }
    outage.gaveUp();
    onClose.accept(this);
  }
}
