/** What a benchmark found, as tables, plots and a section of a page. */
@NullMarked
package dev.stalk.benchmarks.report;

import org.jspecify.annotations.NullMarked;
