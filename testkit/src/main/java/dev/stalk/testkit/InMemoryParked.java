package dev.stalk.testkit;

import dev.stalk.broker.transport.ParkedMessages;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** What waits in memory for its time. Every worker comes when something is due. */
final class InMemoryParked implements ParkedMessages, InMemoryStore.Listener {
  private static final Duration SAFETY_LOOK = Duration.ofSeconds(30);

  private final InMemoryTransport transport;
  private final Runnable wake;

  InMemoryParked(InMemoryTransport transport, Runnable wake) {
    this.transport = transport;
    this.wake = wake;
    transport.store().add(this);
  }

  @Override
  public Duration restoreDue() {
    InMemoryStore store = transport.store();
    return transport.step(
        () -> {
          Instant now = store.now();
          List<InMemoryStore.Parked> due =
              store.parked.stream().filter(message -> !message.due().isAfter(now)).toList();
          if (!due.isEmpty()) {
            store.checkMemory();
            transport.unpark(due);
          }
          if (store.parked.isEmpty()) {
            return SAFETY_LOOK;
          }
          Duration next = Duration.between(now, store.parked.get(0).due());
          return next.compareTo(SAFETY_LOOK) > 0 ? SAFETY_LOOK : next;
        });
  }

  @Override
  public void parked() {
    wake.run();
  }

  @Override
  public void back() {
    wake.run();
  }

  @Override
  public void close() {
    transport.store().remove(this);
  }
}
