/** The only place that talks to Redis. Scripts, keys, connections; last stop before the wire. */
@NullMarked
package dev.stalk.broker.redis;

import org.jspecify.annotations.NullMarked;
