package dev.stalk.benchmarks.subject;

import java.nio.file.Path;

/**
 * Where subjects are started.
 *
 * @param url the Redis they work with, or a proxy before it
 * @param directory a temporary one, which holds {@code bench_tasks.py}
 */
public record Site(String url, Path directory) {}
