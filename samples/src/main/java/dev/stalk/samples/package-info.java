@NullMarked
package dev.stalk.samples;

import org.jspecify.annotations.NullMarked;
