package dev.stalk.testkit;

import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.codec.MalformedMessageException;
import dev.stalk.broker.codec.ResultCodec;
import dev.stalk.broker.message.TaskResult;
import dev.stalk.broker.transport.ResultBackend;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Results in memory, with their expiry; a SUCCESS is never overwritten. Thread-safe. */
final class InMemoryResults implements ResultBackend, InMemoryStore.Listener {
  private final InMemoryTransport transport;
  private final InMemoryStore store;
  private final BrokerConfig config;
  private final Notifier notifier;
  private final Set<Watching> watched = ConcurrentHashMap.newKeySet();

  InMemoryResults(InMemoryTransport transport, BrokerConfig config, Notifier notifier) {
    this.transport = transport;
    this.store = transport.store();
    this.config = config;
    this.notifier = notifier;
  }

  @Override
  public TaskResult get(String taskId) {
    byte[] meta = read(taskId);
    return meta == null ? TaskResult.pending(taskId) : decode(taskId, meta);
  }

  private byte @Nullable [] read(String taskId) {
    return transport.<byte @Nullable []>step(() -> store.result(taskId));
  }

  private TaskResult decode(String taskId, byte[] meta) {
    return ResultCodec.decode(taskId, meta, config.content());
  }

  @Override
  public void store(String taskId, byte[] meta) {
    var unused =
        transport.step(
            () -> {
              store.checkMemory();
              storeNow(taskId, meta);
              return true;
            });
  }

  /** Stores and announces it, unless the task has succeeded before. In a step. */
  void storeNow(String taskId, byte[] meta) {
    byte[] before = store.result(taskId);
    if (before != null && ResultCodec.isSuccess(before, config.content())) {
      return;
    }
    Instant expires =
        config.resultExpires().isZero() ? null : store.now().plus(config.resultExpires());
    store.results.put(taskId, new InMemoryStore.Result(meta, expires));
    store.announce(taskId, meta);
  }

  @Override
  public void forget(String taskId) {
    var unused = transport.step(() -> store.results.remove(taskId) != null);
  }

  @Override
  public Watch watch(String taskId, Consumer<byte[]> ready) {
    Watching watching = new Watching(taskId, ready);
    watched.add(watching);
    try {
      byte[] meta = read(taskId);
      if (meta != null) {
        watching.offer(meta);
      }
      return watching;
    } catch (RuntimeException e) {
      watching.close();
      throw e;
    }
  }

  @Override
  public void announced(String taskId, byte[] meta) {
    for (Watching watching : watched) {
      if (watching.taskId.equals(taskId)) {
        watching.offer(meta);
      }
    }
  }

  private final class Watching implements Watch {
    private final String taskId;
    private final Consumer<byte[]> ready;
    private final AtomicBoolean told = new AtomicBoolean();

    Watching(String taskId, Consumer<byte[]> ready) {
      this.taskId = taskId;
      this.ready = ready;
    }

    void offer(byte[] meta) {
      if (isFinal(meta) && told.compareAndSet(false, true)) {
        notifier.tell("who waits for task " + taskId, () -> ready.accept(meta));
      }
    }

    /** Nothing will follow what cannot be read; whoever waits is to learn it. */
    private boolean isFinal(byte[] meta) {
      try {
        return decode(taskId, meta).state().isReady();
      } catch (MalformedMessageException e) {
        return true;
      }
    }

    @Override
    public void close() {
      watched.remove(this);
    }
  }
}
