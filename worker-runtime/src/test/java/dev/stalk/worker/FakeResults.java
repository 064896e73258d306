package dev.stalk.worker;

import dev.stalk.broker.codec.ResultCodec;
import dev.stalk.broker.message.TaskResult;
import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.ResultBackend;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Results in memory, and a note of everything that was stored. */
final class FakeResults implements ResultBackend {
  private final Map<String, byte[]> stored = new ConcurrentHashMap<>();
  private final List<String> history = new CopyOnWriteArrayList<>();
  private volatile @Nullable BrokerException failure;

  /** Every meta stored so far, as text. */
  List<String> history() {
    return List.copyOf(history);
  }

  void failWith(BrokerException value) {
    failure = value;
  }

  private void failIfTold() {
    BrokerException told = failure;
    if (told != null) {
      throw told;
    }
  }

  @Override
  public TaskResult get(String taskId) {
    failIfTold();
    byte[] meta = stored.get(taskId);
    return meta == null ? TaskResult.pending(taskId) : ResultCodec.decode(taskId, meta);
  }

  @Override
  public void store(String taskId, byte[] meta) {
    failIfTold();
    stored.put(taskId, meta);
    history.add(new String(meta, StandardCharsets.UTF_8));
  }

  @Override
  public void forget(String taskId) {
    stored.remove(taskId);
  }

  @Override
  public Watch watch(String taskId, Consumer<byte[]> ready) {
    throw new UnsupportedOperationException();
  }
}
