/** The pieces of a message's way, each measured alone by JMH, with what it allocates. */
@NullMarked
package dev.stalk.benchmarks.pieces;

import org.jspecify.annotations.NullMarked;
