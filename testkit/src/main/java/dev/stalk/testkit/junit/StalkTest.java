package dev.stalk.testkit.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Gives each test of a class a broker of its own with a started worker and a client, as parameters
 * of the test and of its {@code @BeforeEach} and {@code @AfterEach} methods: {@link
 * dev.stalk.broker.BrokerClient}, {@link dev.stalk.worker.Worker}, {@link
 * dev.stalk.testkit.TaskRecorder}, {@link dev.stalk.testkit.SettableClock} and {@link
 * dev.stalk.testkit.InMemoryBroker} (in memory), {@link dev.stalk.testkit.TestRedis} (over Redis),
 * {@link dev.stalk.broker.BrokerConfig} and {@link dev.stalk.testkit.StalkHarness}, which has all
 * of them.
 *
 * <p>The worker's tasks are those of {@link #tasks}, and the methods marked with {@link
 * dev.stalk.worker.Task} of the test's object and, in a nested class, of the objects around it. The
 * annotation of the innermost class that has one counts. Tests may run in parallel.
 */
@Documented
@Inherited
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(StalkExtension.class)
public @interface StalkTest {

  /** Where the messages are. */
  enum Broker {
    /** In this process, on a clock that the test sets. */
    IN_MEMORY,
    /**
     * On a Redis that the tests of the virtual machine share, each under a key prefix of its own;
     * {@link dev.stalk.testkit.TestRedis} says which. If there is none, the test fails.
     */
    REDIS
  }

  /** Where the messages are; in memory by default. */
  Broker broker() default Broker.IN_MEMORY;

  /** Classes with tasks, each with a public constructor without parameters. */
  Class<?>[] tasks() default {};

  /** The queues the worker serves, four threads each; Celery's default queue by default. */
  String[] queues() default {};
}
