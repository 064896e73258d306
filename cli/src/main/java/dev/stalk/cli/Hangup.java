package dev.stalk.cli;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The signal SIGHUP, by which daemons are told to read their configuration again. Java has no
 * public way to hear it, and the JDK's own class is one that compilers warn of; so it is looked up
 * by name, and where it is missing the files' own change is all that is noticed.
 */
final class Hangup {
  private static final Logger log = LoggerFactory.getLogger(Hangup.class);

  private Hangup() {}

  /** Runs this, on a thread of the JVM, at each hangup from now on; a hangup no longer ends it. */
  static void handle(Runnable reload) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object hangup = signal.getConstructor(String.class).newInstance("HUP");
      signal.getMethod("handle", signal, handler).invoke(null, hangup, proxy(handler, reload));
    } catch (ReflectiveOperationException e) {
      log.info("SIGHUP cannot be heard here; changed files are noticed all the same");
    }
  }

  private static Object proxy(Class<?> handler, Runnable reload) {
    InvocationHandler invocation =
        (proxy, method, arguments) ->
            switch (method.getName()) {
              case "hashCode" -> System.identityHashCode(proxy);
              case "equals" -> proxy == arguments[0];
              case "toString" -> "the handler of SIGHUP";
              default -> {
                reload.run();
                yield null;
              }
            };
    return Proxy.newProxyInstance(handler.getClassLoader(), new Class<?>[] {handler}, invocation);
  }
}
