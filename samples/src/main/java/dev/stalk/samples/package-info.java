/** Tasks to try things with, and one runnable class per question. */
@NullMarked
package dev.stalk.samples;

import org.jspecify.annotations.NullMarked;
