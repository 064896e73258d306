@NullMarked
package dev.stalk.broker;

import org.jspecify.annotations.NullMarked;
