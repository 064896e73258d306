package dev.stalk.worker;

import static dev.stalk.worker.Messages.aTaskMessage;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.transport.Effect;
import dev.stalk.worker.config.QueueConfig;
import dev.stalk.worker.config.TaskConfig;
import dev.stalk.worker.config.WorkerConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Where the objects of task classes come from. */
@Timeout(60)
class TaskFactoryTest {
  private final List<Class<?>> asked = new ArrayList<>();

  /** What a task needs to do its work. */
  interface Greeting {
    String to(String name);
  }

  /** Two tasks in one object, which is given what it needs when it is made. */
  public static final class Greeter {
    private final Greeting greeting;
    private int calls;

    Greeter(Greeting greeting) {
      this.greeting = greeting;
    }

    @Task("greet")
    public String greet(String name) {
      calls++;
      return greeting.to(name) + " " + calls;
    }

    @Task("greet_again")
    public String greetAgain(String name) {
      return greet(name);
    }
  }

  /** Named in the configuration. */
  public static final class Plain {
    @Task("plain")
    public String run() {
      return "ran";
    }
  }

  private Object injected(Class<?> type) {
    asked.add(type);
    return type == Greeter.class ? new Greeter(name -> "hello " + name) : new Plain();
  }

  private static Worker.Builder worker(TaskFactory factory) {
    WorkerConfig config =
        WorkerConfig.builder()
            .broker(BrokerConfig.builder().url("redis://127.0.0.1:1/0").build())
            .queue(Messages.QUEUE, new QueueConfig(1, 1))
            .task(Plain.class.getName())
            .build();
    return Worker.builder()
        .config(config)
        .tasks(Greeter.class)
        .factory(factory)
        .metrics(new SimpleMeterRegistry());
  }

  @Test
  void itIsAskedOnceForEachClassWhenTheWorkerIsBuilt() {
    Worker.Builder builder = worker(this::injected);
    assertThat(asked).isEmpty();

    try (Worker worker = builder.build()) {
      assertThat(asked).containsExactly(Plain.class, Greeter.class);
      assertThat(worker.taskNames()).contains("greet", "greet_again", "plain");
    }
    assertThat(asked).hasSize(2);
  }

  @Test
  void theTasksOfAClassShareTheObjectItMadeForAllTheirCalls() {
    TaskRegistry registry = new TaskRegistry();
    registry.addAll(injected(Greeter.class));

    assertThat(result(registry, "greet")).contains("\"hello Ada 1\"");
    assertThat(result(registry, "greet_again")).contains("\"hello Ada 2\"");
    assertThat(result(registry, "greet")).contains("\"hello Ada 3\"");
    assertThat(asked).containsExactly(Greeter.class);
  }

  private static String result(TaskRegistry registry, String task) {
    RecordingSink sink = new RecordingSink();
    new TaskExecution(
            aTaskMessage().task(task).args("Ada").delivery(1),
            TaskConfig.DEFAULT,
            new Services(registry, new FakeTransport()).build(),
            new WorkerMetrics(new SimpleMeterRegistry()).queue(Messages.QUEUE),
            sink)
        .run();
    Effect.StoreResult stored = (Effect.StoreResult) sink.settlements().get(0).effects().get(0);
    return new String(stored.meta(), StandardCharsets.UTF_8);
  }

  @Test
  void whatItThrowsIsTheCauseAndNoWorkerIsMade() {
    assertThatThrownBy(
            () ->
                worker(
                        type -> {
                          throw new IOException("no such bean: " + type.getSimpleName());
                        })
                    .build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(Plain.class.getName())
        .hasMessageContaining("no such bean: Plain")
        .cause()
        .isInstanceOf(IOException.class);
  }

  @Test
  void makingNothingIsRefused() {
    assertThatThrownBy(() -> worker(type -> null).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(Plain.class.getName())
        .hasMessageContaining("the factory made nothing");
  }

  @Test
  void anObjectWithoutTasksIsRefused() {
    assertThatThrownBy(() -> worker(type -> "not a task").build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("java.lang.String has no public method marked with @Task");
  }

  @Test
  void withoutOneThePublicConstructorIsCalled() throws Exception {
    assertThat(TaskFactory.constructors().create(Plain.class)).isInstanceOf(Plain.class);
    assertThatThrownBy(() -> TaskFactory.constructors().create(Greeter.class))
        .isInstanceOf(NoSuchMethodException.class);
  }
}
