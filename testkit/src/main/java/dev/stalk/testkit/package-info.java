/**
 * For those who test their own tasks and services: a broker in memory, a clock that is set by hand,
 * and a worker and a client put together for a test.
 */
@NullMarked
package dev.stalk.testkit;

import org.jspecify.annotations.NullMarked;
