package dev.stalk.broker.transport;

import dev.stalk.broker.message.TaskResult;
import java.util.function.Consumer;

/** Reads and awaits results. Thread-safe. */
public interface ResultBackend {

  /** What is stored about a task, or its PENDING result. */
  TaskResult get(String taskId);

  /**
   * Stores and announces a state of a running task now, unless a SUCCESS is stored under that id
   * already (celery {@code backends/base.py:KeyValueStoreBackend._store_result}).
   *
   * @param taskId the task
   * @param meta the encoded meta
   * @throws BrokerException if the broker did not confirm it
   */
  void store(String taskId, byte[] meta);

  /** Deletes what is stored about a task. */
  void forget(String taskId);

  /**
   * Waits for a task's final result without polling.
   *
   * @param taskId the task
   * @param ready called once, on a thread of the backend, with the stored bytes; must return at
   *     once
   * @return closes the watch; to be closed always, closing twice does nothing
   * @throws BrokerException if the watch could not be set up
   */
  Watch watch(String taskId, Consumer<byte[]> ready);

  /** A watch on one result. */
  interface Watch extends AutoCloseable {
    @Override
    void close();
  }
}
