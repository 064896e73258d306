/**
 * The fault harness: a fleet of workers and a Redis under load, seeded random faults, and the books
 * that are checked after every round. {@code FaultsCommand} is the program, {@code Experiment} one
 * run of it; {@code Injector} does the harm, {@code Books} says whether anything came of it.
 */
@NullMarked
package dev.stalk.faults;

import org.jspecify.annotations.NullMarked;
