@NullMarked
package dev.stalk.worker;

import org.jspecify.annotations.NullMarked;
