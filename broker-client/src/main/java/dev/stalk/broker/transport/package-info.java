/**
 * The seam: what moves bytes and keeps every message in one place until it is settled. No Redis
 * type appears here.
 */
@NullMarked
package dev.stalk.broker.transport;

import org.jspecify.annotations.NullMarked;
