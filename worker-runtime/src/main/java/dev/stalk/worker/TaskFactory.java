package dev.stalk.worker;

/**
 * Makes the objects whose methods are tasks, so that they can have dependencies: {@code
 * applicationContext::getBean} for Spring, {@code injector::getInstance} for Guice. Called once for
 * each class, before the worker starts.
 */
@FunctionalInterface
public interface TaskFactory {
  /**
   * Makes or finds the object.
   *
   * @param type a class that was named in the configuration, or given to the builder
   * @throws Exception if it cannot; the worker is not built then
   */
  Object create(Class<?> type) throws Exception;

  /** Calls the public constructor without parameters; what a worker does unless told otherwise. */
  static TaskFactory constructors() {
    return type -> type.getConstructor().newInstance();
  }
}
