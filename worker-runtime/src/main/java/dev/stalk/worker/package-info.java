/**
 * Runs tasks. A message's path is told by two classes: {@code QueueConsumer}, one per queue, which
 * fetches and settles, and {@code TaskExecution}, one per message, which decodes, admits and runs.
 */
@NullMarked
package dev.stalk.worker;

import org.jspecify.annotations.NullMarked;
