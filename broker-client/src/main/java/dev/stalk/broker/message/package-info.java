/**
 * The values that travel: what a caller wants done, what goes over the wire, what comes back. No
 * I/O; this package knows no other.
 */
@NullMarked
package dev.stalk.broker.message;

import org.jspecify.annotations.NullMarked;
