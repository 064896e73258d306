package dev.stalk.worker;

import static dev.stalk.worker.Messages.aTaskMessage;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.reflect.Method;
import java.math.BigInteger;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AnnotatedTaskTest {
  private static final Map<String, Object> NONE = Map.of();
  private static final Map<String, Throwable> FAULTS =
      Map.of(
          "checked", new IOException("disk"),
          "unchecked", new IllegalStateException("state"),
          "error", new AssertionError("no"),
          "of ours", new TaskArgumentException("the task's own"),
          "neither", new Throwable("odd"));

  /** What users write. */
  public static class Tasks {
    public int add(int x, int y) {
      return x + y;
    }

    public String nothing() {
      return "ran";
    }

    public int one(int x) {
      return x;
    }

    public String three(String a, String b, String c) {
      return a + b + c;
    }

    public String optional(String greeting, Optional<String> name, Optional<List<Integer>> rest) {
      return greeting + " " + name.orElse("nobody") + " " + rest.orElse(List.of());
    }

    public List<Object> optionalFirst(Optional<Integer> x, int y) {
      return List.of(x, y);
    }

    @SuppressWarnings({"rawtypes", "unchecked"})
    public Object raw(Optional anything) {
      return anything.orElse("none");
    }

    public String asked(TaskContext context) {
      return context.id();
    }

    public String askedBetween(int x, TaskContext context, int y) {
      return x + " " + context.task() + " " + y;
    }

    public List<String> askedTwice(TaskContext first, String middle, TaskContext second) {
      return List.of(first.id(), middle, second.id());
    }

    public Instant generic(Map<String, List<Point>> shapes, Instant at) {
      return at.plus(Duration.ofSeconds(shapes.get("triangle").get(0).x()));
    }

    public Point record(Point point) {
      return new Point(point.y(), point.x());
    }

    public List<Object> primitives(
        boolean flag, byte b, short s, int i, long l, float f, double d, char c) {
      return List.of(flag, b, s, i, l, f, d, c);
    }

    public List<Object> boxes(Long l, Double d, BigInteger big, UUID uuid) {
      return List.of(l, d, big, uuid);
    }

    public @Nullable Object anything(@Nullable Object value) {
      return value;
    }

    public static String isStatic(String x) {
      return "static " + x;
    }

    public int sum(int... numbers) {
      return Arrays.stream(numbers).sum();
    }

    public static int staticSum(int... numbers) {
      return Arrays.stream(numbers).sum();
    }

    public void fails(String fault) throws Throwable {
      throw FAULTS.get(fault);
    }
  }

  /** A pair. */
  public record Point(int x, int y) {}

  static class Hidden {
    public String greet(String name) {
      return "hello " + name;
    }
  }

  private static @Nullable Object call(String method, List<?> args, Map<String, ?> kwargs)
      throws Exception {
    return call(new Tasks(), method, args, kwargs);
  }

  private static @Nullable Object call(
      Object target, String method, List<?> args, Map<String, ?> kwargs) throws Exception {
    AnnotatedTask task = new AnnotatedTask(target, method(target.getClass(), method));
    TaskContext context = aTaskMessage().task("asked").id("call-1").context();
    return task.run(context, new TaskArguments(new ArrayList<>(args), new LinkedHashMap<>(kwargs)));
  }

  private static Method method(Class<?> type, String name) {
    return Arrays.stream(type.getMethods())
        .filter(method -> method.getName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static void assertRefused(
      String method, List<?> args, Map<String, ?> kwargs, String message) {
    assertThatExceptionOfType(TaskArgumentException.class)
        .isThrownBy(() -> call(method, args, kwargs))
        .withMessage(message);
  }

  // ---- binding

  @Test
  void argumentsAreBoundByPositionByNameAndByBoth() throws Exception {
    assertThat(call("add", List.of(2, 3), NONE)).isEqualTo(5);
    assertThat(call("three", List.of(), Map.of("c", "3", "a", "1", "b", "2"))).isEqualTo("123");
    assertThat(call("three", List.of("1"), Map.of("c", "3", "b", "2"))).isEqualTo("123");
    assertThat(call("nothing", List.of(), NONE)).isEqualTo("ran");
  }

  @Test
  void anOptionalMayBeLeftOutGivenByPositionOrByName() throws Exception {
    assertThat(call("optional", List.of("hi"), NONE)).isEqualTo("hi nobody []");
    assertThat(call("optional", List.of("hi", "you"), NONE)).isEqualTo("hi you []");
    assertThat(call("optional", List.of("hi"), Map.of("rest", List.of(1, 2))))
        .isEqualTo("hi nobody [1, 2]");
    assertThat(call("optional", List.of(), Map.of("name", "you", "greeting", "hi")))
        .isEqualTo("hi you []");
  }

  @Test
  void anOptionalGivenAsNoneIsEmpty() throws Exception {
    assertThat(call("optional", Arrays.asList("hi", null), NONE)).isEqualTo("hi nobody []");
    assertThat(call("optional", List.of("hi"), Collections.singletonMap("name", null)))
        .isEqualTo("hi nobody []");
  }

  @Test
  void anOptionalBeforeARequiredParameterIsBoundByName() throws Exception {
    assertThat(call("optionalFirst", List.of(), Map.of("y", 2)))
        .isEqualTo(List.of(Optional.empty(), 2));
    assertThat(call("optionalFirst", List.of(1, 2), NONE)).isEqualTo(List.of(Optional.of(1), 2));
  }

  @Test
  void aRawOptionalTakesTheValueAsItIs() throws Exception {
    assertThat(call("raw", List.of(Map.of("a", 1)), NONE)).isEqualTo(Map.of("a", 1));
    assertThat(call("raw", List.of(), NONE)).isEqualTo("none");
  }

  @Test
  void theContextIsFilledInWhereverItStandsAndTakesNoArgument() throws Exception {
    assertThat(call("asked", List.of(), NONE)).isEqualTo("call-1");
    assertThat(call("askedBetween", List.of(1, 2), NONE)).isEqualTo("1 asked 2");
    assertThat(call("askedBetween", List.of(), Map.of("x", 1, "y", 2))).isEqualTo("1 asked 2");
    assertThat(call("askedTwice", List.of("and"), NONE))
        .isEqualTo(List.of("call-1", "and", "call-1"));
  }

  @Test
  void genericParametersAreConvertedInDepth() throws Exception {
    Map<String, Object> shapes = Map.of("triangle", List.of(Map.of("x", 7, "y", 0)));

    assertThat(call("generic", List.of(shapes, "2026-11-22T10:00:00Z"), NONE))
        .isEqualTo(Instant.parse("2026-11-22T10:00:07Z"));
  }

  @Test
  void aRecordIsMadeFromAnObject() throws Exception {
    assertThat(call("record", List.of(Map.of("x", 1, "y", 2)), NONE)).isEqualTo(new Point(2, 1));
  }

  @Test
  void everyPrimitiveIsTaken() throws Exception {
    assertThat(call("primitives", List.of(true, 1, 2, 3, 4, 1.5, 2, "c"), NONE))
        .isEqualTo(List.of(true, (byte) 1, (short) 2, 3, 4L, 1.5f, 2.0, 'c'));
  }

  @Test
  void numbersFitTheWiderBoxes() throws Exception {
    UUID uuid = UUID.randomUUID();

    assertThat(call("boxes", List.of(1, 2, 3, uuid), NONE))
        .isEqualTo(List.of(1L, 2.0, BigInteger.valueOf(3), uuid));
  }

  @Test
  void aParameterOfTypeObjectTakesTheValueAsItIs() throws Exception {
    List<Object> value = List.of(1, Map.of("a", 2));

    assertThat(call("anything", List.of(value), NONE)).isSameAs(value);
    assertThat(call("anything", Collections.singletonList(null), NONE)).isNull();
  }

  @Test
  void anArrayOfVariableLengthIsOneParameter() throws Exception {
    assertThat(call("sum", List.of(List.of(1, 2, 3)), NONE)).isEqualTo(6);
    assertThat(call("staticSum", List.of(List.of(1, 2, 3)), NONE)).isEqualTo(6);
  }

  @Test
  void aStaticMethodIsCalledWithoutItsObject() throws Exception {
    assertThat(call("isStatic", List.of("x"), NONE)).isEqualTo("static x");
  }

  @Test
  void aClassNeedNotBePublic() throws Exception {
    assertThat(call(new Hidden(), "greet", List.of("you"), NONE)).isEqualTo("hello you");
  }

  @Test
  void theSameTaskServesManyCalls() throws Exception {
    AnnotatedTask task = new AnnotatedTask(new Tasks(), method(Tasks.class, "add"));
    TaskContext context = aTaskMessage().context();

    assertThat(task.run(context, new TaskArguments(List.of(1, 2), NONE))).isEqualTo(3);
    assertThat(task.run(context, new TaskArguments(List.of(3, 4), NONE))).isEqualTo(7);
  }

  // ---- complaints, word for word those of CPython

  @Test
  void tooManyArgumentsAreRefusedInPythonsWords() {
    assertRefused(
        "add", List.of(1, 2, 3), NONE, "add() takes 2 positional arguments but 3 were given");
    assertRefused("one", List.of(1, 2), NONE, "one() takes 1 positional argument but 2 were given");
    assertRefused(
        "nothing", List.of(1), NONE, "nothing() takes 0 positional arguments but 1 was given");
    assertRefused(
        "optional",
        List.of(1, 2, 3, 4),
        NONE,
        "optional() takes from 1 to 3 positional arguments but 4 were given");
  }

  @Test
  void missingArgumentsAreRefusedInPythonsWords() {
    assertRefused("one", List.of(), NONE, "one() missing 1 required positional argument: 'x'");
    assertRefused(
        "add", List.of(), NONE, "add() missing 2 required positional arguments: 'x' and 'y'");
    assertRefused(
        "three",
        List.of(),
        NONE,
        "three() missing 3 required positional arguments: 'a', 'b', and 'c'");
    assertRefused(
        "three",
        List.of("1"),
        Map.of("c", "3"),
        "three() missing 1 required positional argument: 'b'");
    assertRefused(
        "optional",
        List.of(),
        Map.of("name", "you"),
        "optional() missing 1 required positional argument: 'greeting'");
  }

  @Test
  void unknownNamesAreRefusedInPythonsWords() {
    assertRefused(
        "add", List.of(1, 2), Map.of("z", 3), "add() got an unexpected keyword argument 'z'");
    assertRefused("add", List.of(), Map.of("z", 3), "add() got an unexpected keyword argument 'z'");
    assertRefused(
        "asked",
        List.of(),
        Map.of("context", 1),
        "asked() got an unexpected keyword argument 'context'");
  }

  @Test
  void anArgumentGivenTwiceIsRefusedInPythonsWords() {
    assertRefused(
        "add", List.of(1, 2), Map.of("x", 3), "add() got multiple values for argument 'x'");
  }

  @Test
  void namesAreCheckedBeforeTheCountAsPythonDoes() {
    assertRefused(
        "one", List.of(1, 2), Map.of("z", 1), "one() got an unexpected keyword argument 'z'");
    assertRefused(
        "one", List.of(1, 2), Map.of("x", 1), "one() got multiple values for argument 'x'");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "one       | 2.5  | one() argument 'x': a Double does not fit int",
        "one       | abc  | one() argument 'x': a string does not fit int",
        "record    | 1    | record() argument 'point': an Integer does not fit dev.stalk",
      })
  void aValueThatDoesNotFitNamesParameterAndTypes(String method, String text, String start) {
    Object value =
        text.equals("1") ? (Object) 1 : text.equals("2.5") ? (Object) 2.5 : (Object) text;

    assertThatExceptionOfType(TaskArgumentException.class)
        .isThrownBy(() -> call(method, List.of(value), NONE))
        .withMessageStartingWith(start);
  }

  @Test
  void noneDoesNotFitAPrimitive() {
    assertRefused(
        "one", Collections.singletonList(null), NONE, "one() argument 'x': null does not fit int");
  }

  @Test
  void aNumberOutOfRangeIsRefusedNotCut() {
    assertThatExceptionOfType(TaskArgumentException.class)
        .isThrownBy(() -> call("one", List.of(1L << 40), NONE))
        .withMessageStartingWith("one() argument 'x': a Long does not fit int");
  }

  @Test
  void whatIsWrongInAnOptionalIsRefusedToo() {
    assertThatExceptionOfType(TaskArgumentException.class)
        .isThrownBy(() -> call("optional", List.of("hi"), Map.of("rest", "many")))
        .withMessageStartingWith("optional() argument 'rest': a string does not fit");
  }

  @Test
  void aClassWithoutParameterNamesIsCalledByPositionOnly(@TempDir Path folder) throws Exception {
    Object nameless =
        CompiledClass.instance(
            folder,
            "Nameless",
            "public class Nameless { public int twice(int x) { return 2 * x; } }");

    assertThat(call(nameless, "twice", List.of(4), NONE)).isEqualTo(8);
    assertThatExceptionOfType(TaskArgumentException.class)
        .isThrownBy(() -> call(nameless, "twice", List.of(), Map.of("x", 4)))
        .withMessage(
            "twice() got keyword arguments, but its class was compiled without -parameters, so its names are not known");
  }

  @Test
  void aClassWithParameterNamesIsCalledByName(@TempDir Path folder) throws Exception {
    Object named =
        CompiledClass.instance(
            folder,
            "Named",
            "public class Named { public int twice(int x) { return 2 * x; } }",
            "-parameters");

    assertThat(call(named, "twice", List.of(), Map.of("x", 4))).isEqualTo(8);
  }

  @ParameterizedTest
  @ValueSource(strings = {"checked", "unchecked", "error", "of ours"})
  void whatTheMethodThrowsPassesUnchanged(String fault) {
    assertThatThrownBy(() -> call("fails", List.of(fault), NONE)).isSameAs(FAULTS.get(fault));
  }

  @Test
  void aThrowableThatIsNeitherExceptionNorErrorIsWrapped() {
    assertThatThrownBy(() -> call("fails", List.of("neither"), NONE))
        .isInstanceOf(IllegalStateException.class)
        .hasCause(FAULTS.get("neither"));
  }

  @Test
  void aMethodThatCannotBeCalledIsRefusedAtOnce() throws Exception {
    Object target = List.of(1);
    Method method = target.getClass().getMethod("size");

    assertThatIllegalArgumentException()
        .isThrownBy(() -> new AnnotatedTask(target, method))
        .withMessageEndingWith(
            "cannot be called: make it and its class public, and export or open its package");
  }
}
