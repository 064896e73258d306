/**
 * The {@code stalk} command. {@code Stalk} lists the subcommands, {@code Failures} turns whatever
 * they throw into one line and an exit code.
 */
@NullMarked
package dev.stalk.cli;

import org.jspecify.annotations.NullMarked;
