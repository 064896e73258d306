/**
 * Bytes to values and back: Celery's protocol 2 in kombu's envelope, result metas, Python's JSON
 * text form. Second stop of a message after the front door.
 */
@NullMarked
package dev.stalk.broker.codec;

import org.jspecify.annotations.NullMarked;
