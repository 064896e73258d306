/**
 * What is measured: Stalk, Celery and bare loops, each in a process of its own, behind one
 * interface. Each works on the same messages of the same Redis.
 */
@NullMarked
package dev.stalk.benchmarks.subject;

import org.jspecify.annotations.NullMarked;
