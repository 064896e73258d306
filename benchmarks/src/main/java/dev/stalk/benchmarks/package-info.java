/** Benchmarks: one class for each question, run by {@code ./bench}. */
@NullMarked
package dev.stalk.benchmarks;

import org.jspecify.annotations.NullMarked;
