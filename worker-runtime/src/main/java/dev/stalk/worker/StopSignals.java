package dev.stalk.worker;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The signals that ask this process to stop. While it is open they no longer end the JVM by
 * themselves; closing it gives them back. The JVM's own class for this is reached by reflection, as
 * it is not part of every Java platform.
 */
final class StopSignals implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(StopSignals.class);

  /** What to do for a signal; called on a thread of the JVM, one for each time it comes. */
  @FunctionalInterface
  interface Handler {
    void signalled(String name);
  }

  private final Map<String, Object> former = new LinkedHashMap<>();

  private StopSignals() {}

  /** Handles these signals; those that the JVM keeps for itself are left out. */
  static StopSignals handle(List<String> names, Handler handler) {
    StopSignals signals = new StopSignals();
    for (String name : names) {
      try {
        signals.former.put(name, install(name, proxy(name, handler)));
      } catch (ReflectiveOperationException | LinkageError e) {
        log.debug("SIG{} is left to the JVM: {}", name, String.valueOf(e.getCause()));
      }
    }
    return signals;
  }

  /** The signals that are handled. */
  List<String> names() {
    return List.copyOf(former.keySet());
  }

  private static Object proxy(String name, Handler handler) throws ClassNotFoundException {
    Class<?> type = Class.forName("sun.misc.SignalHandler");
    return Proxy.newProxyInstance(
        StopSignals.class.getClassLoader(),
        new Class<?>[] {type},
        (self, method, arguments) -> {
          switch (method.getName()) {
            case "handle" -> handler.signalled(name);
            case "hashCode" -> {
              return System.identityHashCode(self);
            }
            case "equals" -> {
              return self == arguments[0];
            }
            default -> {
              return "StopSignals[" + name + "]";
            }
          }
          return null;
        });
  }

  private static Object install(String name, Object handler) throws ReflectiveOperationException {
    Class<?> signal = Class.forName("sun.misc.Signal");
    Method handle = signal.getMethod("handle", signal, Class.forName("sun.misc.SignalHandler"));
    try {
      return handle.invoke(null, signal.getConstructor(String.class).newInstance(name), handler);
    } catch (InvocationTargetException e) {
      throw new ReflectiveOperationException("SIG" + name + " cannot be handled", e.getCause());
    }
  }

  @Override
  public void close() {
    former.forEach(
        (name, handler) -> {
          try {
            install(name, handler);
          } catch (ReflectiveOperationException e) {
            log.warn("SIG{} could not be given back", name, e);
          }
        });
    former.clear();
  }
}
