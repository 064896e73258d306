/**
 * Real peers as plain child processes: a Redis server, a Python environment with Celery in it, a
 * Celery worker and a Python session to act as a Celery client.
 *
 * <p>For the demonstration, the integration tests and the benchmarks; nothing here is on the path
 * of a message. Everything is started on the loopback interface, waits until it is ready before it
 * is handed out, and is an {@link AutoCloseable}. A peer that is not closed ends with the virtual
 * machine: on an ordinary exit always, and on Linux with util-linux also when the virtual machine
 * itself is killed. Peers need a POSIX system.
 */
@NullMarked
package dev.stalk.peers;

import org.jspecify.annotations.NullMarked;
