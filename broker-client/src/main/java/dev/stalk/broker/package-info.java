/**
 * The front door: {@link dev.stalk.broker.BrokerClient} sends tasks and {@link
 * dev.stalk.broker.AsyncResult} awaits them. A message travels from here through {@code codec} to
 * {@code transport}.
 */
@NullMarked
package dev.stalk.broker;

import org.jspecify.annotations.NullMarked;
