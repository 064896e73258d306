package dev.stalk.testkit;

import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.message.PublishRetry;
import dev.stalk.broker.transport.Publication;
import dev.stalk.broker.transport.Queues;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/** Has what is sent through it run before the call returns. Thread-safe: one sender at a time. */
final class EagerTransport extends InMemoryTransport {
  /** Runs everything that waits, in the calling thread. */
  interface Runner {
    void run();
  }

  private final EagerQueues queues;
  private final Runner runner;
  private final ReentrantLock lock = new ReentrantLock();

  EagerTransport(InMemoryStore store, BrokerConfig config, Runner runner) {
    super(store, config);
    this.runner = runner;
    this.queues = new EagerQueues();
  }

  @Override
  public void publish(List<Publication> publications, PublishRetry retry) {
    lock.lock();
    try {
      super.publish(publications, retry);
      runner.run();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Queues queues() {
    return queues;
  }

  final class EagerQueues extends InMemoryQueues {
    EagerQueues() {
      super(EagerTransport.this);
    }

    @Override
    public void publish(List<List<Publication>> messages, PublishRetry retry) {
      lock.lock();
      try {
        super.publish(messages, retry);
        runner.run();
      } finally {
        lock.unlock();
      }
    }
  }
}
