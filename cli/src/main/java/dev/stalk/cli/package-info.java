@NullMarked
package dev.stalk.cli;

import org.jspecify.annotations.NullMarked;
