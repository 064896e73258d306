package dev.stalk.worker;

import static dev.stalk.worker.Messages.aTaskMessage;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TaskRegistryTest {
  private static final TaskHandler HANDLER = (context, arguments) -> null;

  private final TaskRegistry registry = new TaskRegistry();

  /** Two tasks and a method that is none. */
  public static class Several {
    @Task("tasks.add")
    public int add(int x, int y) {
      return x + y;
    }

    @Task(value = "tasks.log", ignoreResult = true)
    public void log(String line) {}

    public void notATask() {}
  }

  /** Adds one to what it inherits. */
  public static class Inheriting extends Several {
    @Task("tasks.more")
    public String more() {
      return "more";
    }
  }

  /** A generic task, implemented: the compiler adds a bridge that carries the annotation too. */
  public static class Bridged implements Doubling<Integer> {
    @Override
    @Task("tasks.twice")
    public Integer twice(Integer x) {
      return 2 * x;
    }
  }

  /** What a bridge is needed for. */
  public interface Doubling<T> {
    T twice(T x);
  }

  static class NotPublic {
    @Task("tasks.inherited")
    public String inherited(String name, List<Long> numbers) {
      return name + " " + numbers.stream().mapToLong(Long::longValue).sum();
    }
  }

  /** Here the compiler's bridge is the only method anybody sees. */
  public static class OfNotPublic extends NotPublic {}

  /** One name twice. */
  public static class Twice {
    @Task("tasks.same")
    public void one() {}

    @Task("tasks.same")
    public void two() {}
  }

  /** A task nobody can see. */
  public static class NothingPublic {
    @Task("tasks.hidden")
    void hidden() {}
  }

  private Object call(String name, Object... args) throws Exception {
    RegisteredTask task = Objects.requireNonNull(registry.find(name), name);
    TaskArguments arguments = new TaskArguments(List.of(args), Map.of());
    return Objects.requireNonNull(task.handler().run(aTaskMessage().context(), arguments));
  }

  @Test
  void everyMarkedMethodIsATaskUnderItsName() throws Exception {
    registry.addAll(new Several());

    assertThat(registry.names()).containsExactlyInAnyOrder("tasks.add", "tasks.log");
    assertThat(call("tasks.add", 2, 3)).isEqualTo(5);
    assertThat(registry.find("notATask")).isNull();
  }

  @Test
  void theAnnotationSaysWhetherResultsAreIgnored() {
    registry.addAll(new Several());

    assertThat(registry.find("tasks.add"))
        .extracting(task -> task.options().ignoreResult())
        .isEqualTo(false);
    assertThat(registry.find("tasks.log"))
        .extracting(task -> task.options().ignoreResult())
        .isEqualTo(true);
  }

  @Test
  void inheritedMethodsAreTasksToo() {
    registry.addAll(new Inheriting());

    assertThat(registry.names()).containsExactlyInAnyOrder("tasks.add", "tasks.log", "tasks.more");
  }

  @Test
  void aMethodWithABridgeIsOneTask() throws Exception {
    registry.addAll(new Bridged());

    assertThat(registry.names()).containsExactly("tasks.twice");
    assertThat(call("tasks.twice", "4")).isEqualTo(8);
  }

  @Test
  void aMethodInheritedFromAClassThatIsNotPublicIsATask() throws Exception {
    registry.addAll(new OfNotPublic());

    assertThat(registry.names()).containsExactly("tasks.inherited");
    assertThat(call("tasks.inherited", "sum", List.of(1, 2))).isEqualTo("sum 3");
  }

  @Test
  void suchAMethodKeepsItsParametersNamesAndGenericTypes() throws Exception {
    registry.addAll(new OfNotPublic());
    RegisteredTask task = Objects.requireNonNull(registry.find("tasks.inherited"));
    TaskArguments named =
        new TaskArguments(List.of(), Map.of("numbers", List.of(3, 4), "name", "sum"));

    assertThat(task.handler().run(aTaskMessage().context(), named)).isEqualTo("sum 7");
  }

  @Test
  void anObjectWithoutPublicMarkedMethodIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> registry.addAll("text"))
        .withMessage("java.lang.String has no public method marked with @Task");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> registry.addAll(new NothingPublic()))
        .withMessageEndingWith("NothingPublic has no public method marked with @Task");
  }

  @Test
  void aNameIsGivenOnce() {
    registry.add(new RegisteredTask("tasks.add", HANDLER, TaskOptions.DEFAULT));

    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> registry.add(new RegisteredTask("tasks.add", HANDLER, TaskOptions.DEFAULT)))
        .withMessage("two tasks are called tasks.add");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> registry.addAll(new Several()))
        .withMessage("two tasks are called tasks.add");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> registry.addAll(new Twice()))
        .withMessage("two tasks are called tasks.same");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "\t\n"})
  void aTaskNeedsAName(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> registry.add(new RegisteredTask(name, HANDLER, TaskOptions.DEFAULT)))
        .withMessage("a task needs a name");
  }

  @Test
  void theNamesCannotBeChangedFromOutside() {
    registry.add(new RegisteredTask("tasks.add", HANDLER, TaskOptions.DEFAULT));

    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> registry.names().clear());
  }

  @Test
  @SuppressWarnings("NullAway")
  void aRegisteredTaskHasNameAndHandler() {
    assertThatNullPointerException()
        .isThrownBy(() -> new RegisteredTask(null, HANDLER, TaskOptions.DEFAULT))
        .withMessage("name");
    assertThatNullPointerException()
        .isThrownBy(() -> new RegisteredTask("tasks.add", null, TaskOptions.DEFAULT))
        .withMessage("handler");
  }
}
