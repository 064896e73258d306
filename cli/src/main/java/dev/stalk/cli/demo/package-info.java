/** {@code stalk demo}: Java and Python on one Redis, checked and timed, in under a minute. */
@NullMarked
package dev.stalk.cli.demo;

import org.jspecify.annotations.NullMarked;
