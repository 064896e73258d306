package dev.stalk.benchmarks;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What the command line said.
 *
 * @param small whether to do no more than show that everything works
 * @param runs how often each measurement is repeated
 * @param redis the server's program; null for the embedded one
 * @param jar the {@code stalk} command, for the start-up benchmark
 */
record Settings(boolean small, int runs, @Nullable Path redis, Path jar) {}
