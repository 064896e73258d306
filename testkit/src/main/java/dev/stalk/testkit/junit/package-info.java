/** What a JUnit test annotates itself with to get a broker, a worker and a client. */
@NullMarked
package dev.stalk.testkit.junit;

import org.jspecify.annotations.NullMarked;
