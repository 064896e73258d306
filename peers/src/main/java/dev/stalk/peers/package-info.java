@NullMarked
package dev.stalk.peers;

import org.jspecify.annotations.NullMarked;
