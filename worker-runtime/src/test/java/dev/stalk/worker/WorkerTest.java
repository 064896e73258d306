package dev.stalk.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import dev.stalk.broker.BrokerConfig;
import dev.stalk.worker.config.QueueConfig;
import dev.stalk.worker.config.WorkerConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.reflect.InvocationTargetException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A worker without a broker: nobody listens at its address. */
@Timeout(60)
class WorkerTest {
  private static final TaskHandler HANDLER = (context, arguments) -> null;
  private static final BrokerConfig NOWHERE =
      BrokerConfig.builder()
          .url("redis://127.0.0.1:1/0")
          .connectTimeout(Duration.ofMillis(200))
          .socketTimeout(Duration.ofMillis(200))
          .build();

  /** Named in the configuration. */
  public static class Configured {
    @Task("configured")
    public String run() {
      return "ran";
    }
  }

  /** Cannot be made. */
  public static class WithParameter {
    public WithParameter(String parameter) {
      throw new IllegalStateException(parameter);
    }
  }

  /** Cannot be made either. */
  public static class Failing {
    public Failing() {
      throw new IllegalStateException("no licence");
    }
  }

  /** There is nothing to make. */
  public abstract static class Unfinished {
    @Task("unfinished")
    public abstract String run();
  }

  private static WorkerConfig.Builder config() {
    return WorkerConfig.builder()
        .broker(NOWHERE)
        .queue("math", new QueueConfig(1, 1))
        .queue("mail", new QueueConfig(2, 0));
  }

  private static Worker.Builder builder(Class<?>... tasks) {
    WorkerConfig.Builder config = config();
    for (Class<?> type : tasks) {
      config.task(type.getName());
    }
    return Worker.builder().config(config.build()).metrics(new SimpleMeterRegistry());
  }

  private static Worker worker() {
    return builder().task("echo", HANDLER).build();
  }

  // ---- what it is made of

  @Test
  void itKnowsTheTasksOfObjectsOfFunctionsAndOfTheConfiguration() {
    try (Worker worker =
        builder(Configured.class)
            .task("function", HANDLER)
            .tasks(new TaskRegistryTest.Several())
            .build()) {
      assertThat(worker.taskNames())
          .containsExactlyInAnyOrder("configured", "function", "tasks.add", "tasks.log");
    }
  }

  @Test
  void itNeedsAConfiguration() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Worker.builder().task("echo", HANDLER).build())
        .withMessage("a worker needs a configuration");
  }

  @Test
  void itNeedsTasks() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder().build())
        .withMessage(
            "a worker needs tasks: name their classes under 'tasks', or pass them to the builder");
  }

  @Test
  void aTasksNameIsGivenOnce() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder().task("echo", HANDLER).task("echo", HANDLER))
        .withMessage("two tasks are called echo");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder(Configured.class).task("configured", HANDLER).build())
        .withMessage("two tasks are called configured");
  }

  @Test
  void aTaskNeedsANameAndAnObjectATask() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder().task(" ", HANDLER))
        .withMessage("a task needs a name");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder().tasks("text"))
        .withMessage("java.lang.String has no public method marked with @Task");
  }

  @Test
  @SuppressWarnings("NullAway")
  void nothingMayBeNull() {
    assertThatNullPointerException().isThrownBy(() -> Worker.builder().config(null));
    assertThatNullPointerException().isThrownBy(() -> Worker.builder().metrics(null));
    assertThatNullPointerException().isThrownBy(() -> builder().task("echo", null));
    assertThatNullPointerException().isThrownBy(() -> builder().task(null, HANDLER));
  }

  @Test
  void aClassThatIsNotThereIsNamed() {
    WorkerConfig config = config().task("com.acme.Missing").build();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> Worker.builder().config(config).build())
        .withMessage("tasks: no class com.acme.Missing on the class path")
        .withCauseInstanceOf(ClassNotFoundException.class);
  }

  @Test
  void aClassThatCannotBeMadeIsNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder(WithParameter.class).build())
        .withMessageStartingWith(
            "tasks: %s needs a public constructor without parameters that works, or a factory: ",
            WithParameter.class.getName())
        .withCauseInstanceOf(NoSuchMethodException.class);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder(Unfinished.class).build())
        .withMessageContaining(Unfinished.class.getName())
        .withCauseInstanceOf(InstantiationException.class);
  }

  @Test
  void whatAConstructorThrowsIsTheCause() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder(Failing.class).build())
        .withMessageContaining(Failing.class.getName())
        .withCauseInstanceOf(InvocationTargetException.class)
        .havingRootCause()
        .withMessage("no licence");
  }

  // ---- its life

  @Test
  void itCanBeStoppedUnstarted() {
    Worker worker = worker();

    assertThat(worker.stop(Duration.ZERO)).isTrue();
    worker.close();
  }

  @Test
  void itCanBeStartedOnce() {
    try (Worker worker = worker()) {
      worker.start();

      assertThatIllegalStateException()
          .isThrownBy(worker::start)
          .withMessage("a worker can be started once");
    }
  }

  @Test
  void itCannotBeStartedOnceItIsStopped() {
    Worker worker = worker();
    worker.close();

    assertThatIllegalStateException().isThrownBy(worker::start);
  }

  @Test
  void quietMayBeSaidAtAnyTime() {
    Worker worker = worker();
    worker.quiet();
    worker.start();
    worker.quiet();
    worker.quiet();
    worker.close();
    worker.quiet();
  }

  @RepeatedTest(5)
  void itStopsInTimeThoughTheBrokerIsAway() {
    Worker worker = worker();
    worker.start();

    assertThat(worker.stop(Duration.ofSeconds(20))).isTrue();

    assertThat(worker.stop(Duration.ofSeconds(20))).isTrue();
    worker.close();
    worker.close();
  }

  @Test
  void patienceHasNoUpperLimit() {
    Worker worker = worker();
    worker.start();

    assertThat(worker.stop(ChronoUnit.FOREVER.getDuration())).isTrue();
  }

  @RepeatedTest(10)
  void manyMayStopItAtOnce() throws InterruptedException {
    Worker worker = worker();
    worker.start();
    CountDownLatch go = new CountDownLatch(1);
    Thread[] stoppers = new Thread[4];
    for (int i = 0; i < stoppers.length; i++) {
      Runnable stop = i % 2 == 0 ? worker::close : () -> worker.stop(Duration.ofSeconds(20));
      stoppers[i] =
          new Thread(
              () -> {
                await(go);
                stop.run();
              });
      stoppers[i].start();
    }

    go.countDown();

    for (Thread stopper : stoppers) {
      stopper.join();
    }
    assertThatIllegalStateException().isThrownBy(worker::start);
  }

  @RepeatedTest(10)
  void startAndStopMayMeet() throws InterruptedException {
    Worker worker = worker();
    CountDownLatch go = new CountDownLatch(1);
    Thread starter =
        new Thread(
            () -> {
              await(go);
              try {
                worker.start();
              } catch (IllegalStateException stoppedFirst) {
                // that is its right
              }
            });
    starter.start();

    go.countDown();
    worker.close();

    starter.join();
    assertThatIllegalStateException().isThrownBy(worker::start);
  }

  @Test
  void runReturnsWhenSomebodyStopsIt() throws InterruptedException {
    Worker worker = worker();
    Thread runner = new Thread(worker::run);
    runner.start();
    while (runner.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }

    worker.close();

    runner.join();
  }

  @Test
  void anInterruptEndsRunAndStays() throws InterruptedException {
    Worker worker = worker();
    AtomicBoolean interrupted = new AtomicBoolean();
    Thread runner =
        new Thread(
            () -> {
              Thread.currentThread().interrupt();
              worker.run();
              interrupted.set(Thread.interrupted());
            });

    runner.start();

    runner.join();
    assertThat(interrupted).isTrue();
    assertThatIllegalStateException().isThrownBy(worker::start);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
