package dev.stalk.worker;

import dev.stalk.broker.MessageFactory;
import dev.stalk.broker.codec.ContentConfig;
import dev.stalk.broker.transport.Transport;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What all executions of a worker share. Everything in it is thread-safe.
 *
 * @param node the worker's node name
 * @param registry the tasks it knows
 * @param limit how often a message may be begun
 * @param transport the broker
 * @param messages makes messages for follow-ups
 * @param exceptions what Python sees of what tasks throw
 * @param timer for time limits
 * @param grace how long a task that was stopped by force gets to leave its thread
 * @param revoked what is not to be run
 * @param rates when rate-limited tasks may begin
 * @param successes what has succeeded lately
 * @param interceptors what stands around every task, outermost first
 * @param listener who is told what happens
 * @param content what messages and results are written in, and what is read
 * @param clock the broker's time
 * @param lease on what the worker holds
 * @param events what monitors are told; null for nothing
 */
record WorkerServices(
    String node,
    TaskRegistry registry,
    DeliveryLimit limit,
    Transport transport,
    MessageFactory messages,
    Exceptions exceptions,
    Timer timer,
    Duration grace,
    RevokedTasks revoked,
    TaskRates rates,
    RecentSuccesses successes,
    List<TaskInterceptor> interceptors,
    TaskListener listener,
    ContentConfig content,
    Clock clock,
    Lease lease,
    @Nullable WorkerEvents events) {
  WorkerServices {
    interceptors = List.copyOf(interceptors);
  }
}
