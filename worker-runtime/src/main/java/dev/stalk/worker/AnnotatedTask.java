package dev.stalk.worker;

import dev.stalk.broker.codec.Values;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Calls a method with arguments bound as Python binds them, and complains in Python's words. Made
 * once, called by many threads.
 */
final class AnnotatedTask implements TaskHandler {

  /** A parameter the caller fills; {@code type} is what its value is converted to. */
  private record Slot(int index, String name, Type type, boolean optional) {}

  private final String name;
  private final MethodHandle method;
  private final int parameterCount;
  private final List<Integer> contexts = new ArrayList<>();
  private final List<Slot> slots = new ArrayList<>();
  private final boolean named;

  /**
   * @throws IllegalArgumentException if the method cannot be called from here
   */
  AnnotatedTask(Object target, Method method) {
    this.name = method.getName();
    this.method = handle(target, method);
    Parameter[] parameters = method.getParameters();
    this.parameterCount = parameters.length;
    boolean haveNames = true;
    for (int i = 0; i < parameters.length; i++) {
      if (parameters[i].getType() == TaskContext.class) {
        contexts.add(i);
      } else {
        haveNames &= parameters[i].isNamePresent();
        slots.add(slot(i, parameters[i]));
      }
    }
    this.named = haveNames;
  }

  private static MethodHandle handle(Object target, Method method) {
    try {
      if (!Modifier.isPublic(method.getDeclaringClass().getModifiers())) {
        method.setAccessible(true);
      }
      // int... is one parameter, a list for the caller
      MethodHandle handle = MethodHandles.publicLookup().unreflect(method).asFixedArity();
      return Modifier.isStatic(method.getModifiers())
          ? handle.asSpreader(Object[].class, method.getParameterCount())
          : handle.bindTo(target).asSpreader(Object[].class, method.getParameterCount());
    } catch (IllegalAccessException | RuntimeException e) {
      throw new IllegalArgumentException(
          "task method %s cannot be called: make it and its class public, and export or open its package"
              .formatted(method),
          e);
    }
  }

  private static Slot slot(int index, Parameter parameter) {
    if (parameter.getType() != Optional.class) {
      return new Slot(index, parameter.getName(), parameter.getParameterizedType(), false);
    }
    Type type =
        parameter.getParameterizedType() instanceof ParameterizedType generic
            ? generic.getActualTypeArguments()[0]
            : Object.class;
    return new Slot(index, parameter.getName(), type, true);
  }

  @Override
  public @Nullable Object run(TaskContext context, TaskArguments arguments) throws Exception {
    Object[] values = bind(context, arguments);
    try {
      return method.invoke(values);
    } catch (Exception | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("neither an exception nor an error", e);
    }
  }

  private Object[] bind(TaskContext context, TaskArguments arguments) {
    List<@Nullable Object> positional = arguments.positional();
    Map<String, @Nullable Object> keywords = arguments.named();
    checkKeywords(positional.size(), keywords);
    checkCount(positional.size());
    checkMissing(positional.size(), keywords);
    Object[] values = new Object[parameterCount];
    contexts.forEach(index -> values[index] = context);
    for (int i = 0; i < slots.size(); i++) {
      Slot slot = slots.get(i);
      boolean given = i < positional.size() || keywords.containsKey(slot.name());
      Object value = i < positional.size() ? positional.get(i) : keywords.get(slot.name());
      values[slot.index()] = argument(slot, given, value);
    }
    return values;
  }

  private @Nullable Object argument(Slot slot, boolean given, @Nullable Object value) {
    if (!given) {
      return Optional.empty(); // only an optional one can be missing here
    }
    try {
      Object converted = Values.convert(value, slot.type());
      return slot.optional() ? Optional.ofNullable(converted) : converted;
    } catch (IllegalArgumentException e) {
      throw new TaskArgumentException(
          "%s() argument '%s': %s".formatted(name, slot.name(), e.getMessage()));
    }
  }

  private void checkKeywords(int positional, Map<String, @Nullable Object> keywords) {
    if (!keywords.isEmpty() && !named) {
      throw new TaskArgumentException(
          "%s() got keyword arguments, but its class was compiled without -parameters, so its names are not known"
              .formatted(name));
    }
    for (String keyword : keywords.keySet()) {
      int place = placeOf(keyword);
      if (place < 0) {
        throw new TaskArgumentException(
            "%s() got an unexpected keyword argument '%s'".formatted(name, keyword));
      }
      if (place < positional) {
        throw new TaskArgumentException(
            "%s() got multiple values for argument '%s'".formatted(name, keyword));
      }
    }
  }

  private int placeOf(String keyword) {
    for (int i = 0; i < slots.size(); i++) {
      if (slots.get(i).name().equals(keyword)) {
        return i;
      }
    }
    return -1;
  }

  private void checkCount(int positional) {
    if (positional <= slots.size()) {
      return;
    }
    long required = slots.stream().filter(slot -> !slot.optional()).count();
    boolean range = required < slots.size();
    throw new TaskArgumentException(
        "%s() takes %s positional argument%s but %d %s given"
            .formatted(
                name,
                range ? "from %d to %d".formatted(required, slots.size()) : slots.size(),
                slots.size() == 1 && !range ? "" : "s",
                positional,
                positional == 1 ? "was" : "were"));
  }

  private void checkMissing(int positional, Map<String, @Nullable Object> keywords) {
    if (positional >= slots.size()) {
      return;
    }
    List<String> missing =
        slots.subList(positional, slots.size()).stream()
            .filter(slot -> !slot.optional() && !keywords.containsKey(slot.name()))
            .map(slot -> "'" + slot.name() + "'")
            .toList();
    if (!missing.isEmpty()) {
      throw new TaskArgumentException(
          "%s() missing %d required positional argument%s: %s"
              .formatted(name, missing.size(), missing.size() == 1 ? "" : "s", listed(missing)));
    }
  }

  /** {@code 'x'}, {@code 'x' and 'y'}, {@code 'x', 'y', and 'z'}. */
  private static String listed(List<String> names) {
    if (names.size() <= 2) {
      return String.join(" and ", names);
    }
    return names.subList(0, names.size() - 1).stream().collect(Collectors.joining(", "))
        + ", and "
        + names.get(names.size() - 1);
  }
}
