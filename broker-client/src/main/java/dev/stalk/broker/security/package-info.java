/**
 * Keys and certificates: from PEM files to what signs bodies and what verifies them. Beside the
 * message's path; knows nothing of messages.
 */
@NullMarked
package dev.stalk.broker.security;

import org.jspecify.annotations.NullMarked;
