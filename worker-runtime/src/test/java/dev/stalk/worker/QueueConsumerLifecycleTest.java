package dev.stalk.worker;

import static dev.stalk.worker.Messages.aTaskMessage;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.worker.config.QueueConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Consumers under load, started and stopped at any moment: no message is lost or run for nothing.
 */
@Timeout(120)
class QueueConsumerLifecycleTest {
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(30);
  private static final int MESSAGES = 200;

  private final AtomicReference<InMemoryQueue> queue = new AtomicReference<>();
  private final AtomicInteger runs = new AtomicInteger();

  private QueueConsumer consumer(int failEvery, TaskHandler handler) {
    TaskRegistry registry = new TaskRegistry();
    registry.add(
        new RegisteredTask("count", handler, TaskOptions.builder().ignoreResult(true).build()));
    FakeTransport transport =
        new FakeTransport(
            wake -> {
              queue.set(new InMemoryQueue(wake, failEvery));
              return queue.get();
            });
    return new QueueConsumer(
        Messages.QUEUE,
        List.of(Messages.QUEUE),
        new QueueConfig(2, 7),
        "worker:0",
        new Services(registry, transport).build(),
        new WorkerMetrics(new SimpleMeterRegistry()));
  }

  private void pushAll() {
    for (int i = 0; i < MESSAGES; i++) {
      queue.get().push(aTaskMessage().task("count").id("id-" + i).bytes());
    }
  }

  @Test
  void everyMessageIsRunAndAcknowledgedOnce() throws Exception {
    CountDownLatch all = new CountDownLatch(MESSAGES);
    QueueConsumer consumer =
        consumer(
            0,
            (context, arguments) -> {
              all.countDown();
              return runs.incrementAndGet();
            });
    consumer.start();
    pushAll();
    all.await();

    stop(consumer);

    assertThat(runs).hasValue(MESSAGES);
    assertThat(queue.get().acknowledged()).isEqualTo(MESSAGES);
    assertThat(queue.get().returned()).isZero();
  }

  @RepeatedTest(40)
  void whereverItIsStoppedEachMessageIsAcknowledgedOrBackInItsQueue(RepetitionInfo info)
      throws Exception {
    CountDownLatch some = new CountDownLatch(info.getCurrentRepetition() * 4);
    QueueConsumer consumer =
        consumer(
            0,
            (context, arguments) -> {
              some.countDown();
              return runs.incrementAndGet();
            });
    consumer.start();
    pushAll();
    some.await();

    stop(consumer);

    assertThat(queue.get().held()).isZero();
    assertThat(queue.get().acknowledged()).isEqualTo(runs.get());
    assertThat(queue.get().acknowledged() + queue.get().waiting()).isEqualTo(MESSAGES);
    assertThat(queue.get().waitingIds())
        .as("in the order in which they came")
        .isSortedAccordingTo(Comparator.comparingInt(id -> Integer.parseInt(id.substring(3))));
  }

  @RepeatedTest(5)
  void aBrokerThatComesAndGoesLosesNothing() throws Exception {
    CountDownLatch all = new CountDownLatch(MESSAGES);
    QueueConsumer consumer =
        consumer(
            7,
            (context, arguments) -> {
              all.countDown();
              return runs.incrementAndGet();
            });
    consumer.start();
    pushAll();
    all.await();

    stop(consumer);

    assertThat(runs).hasValue(MESSAGES);
    assertThat(queue.get().held()).isZero();
    assertThat(queue.get().acknowledged()).isEqualTo(MESSAGES);
  }

  @RepeatedTest(20)
  void manyMayStopItAtOnce(RepetitionInfo info) throws Exception {
    CountDownLatch some = new CountDownLatch(info.getCurrentRepetition());
    QueueConsumer consumer =
        consumer(
            0,
            (context, arguments) -> {
              some.countDown();
              return runs.incrementAndGet();
            });
    consumer.start();
    pushAll();
    some.await();
    Thread[] stoppers = new Thread[4];
    for (int i = 0; i < stoppers.length; i++) {
      stoppers[i] =
          new Thread(
              () -> {
                consumer.quiet();
                consumer.returnWaiting();
              });
    }

    for (Thread stopper : stoppers) {
      stopper.start();
    }
    for (Thread stopper : stoppers) {
      stopper.join();
    }
    stop(consumer);

    assertThat(queue.get().held()).isZero();
    assertThat(queue.get().acknowledged() + queue.get().waiting()).isEqualTo(MESSAGES);
  }

  private static void stop(QueueConsumer consumer) throws Exception {
    consumer.quiet();
    consumer.returnWaiting();
    assertThat(consumer.awaitEnd(PATIENCE)).isTrue();
    assertThat(consumer.heldTags()).isEmpty();
    consumer.close();
  }
}
