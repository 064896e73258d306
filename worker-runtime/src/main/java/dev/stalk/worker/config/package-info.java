/**
 * What a worker is told before it starts: {@link dev.stalk.worker.config.WorkerConfig} and its
 * parts are values that check themselves, {@link dev.stalk.worker.config.WorkerYaml} fills them
 * from a file. Nothing here runs anything.
 */
@NullMarked
package dev.stalk.worker.config;

import org.jspecify.annotations.NullMarked;
