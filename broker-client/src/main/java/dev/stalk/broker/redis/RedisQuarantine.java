package dev.stalk.broker.redis;

import dev.stalk.broker.codec.UnackedEntry;
import dev.stalk.broker.transport.Effect;
import java.io.ByteArrayOutputStream;
import java.time.Clock;
import java.util.Locale;

/**
 * What lies in {@code <queue>.quarantine}: a line of JSON that says why and since when, then the
 * message, byte for byte.
 */
final class RedisQuarantine {
  private RedisQuarantine() {}

  static byte[] entry(Effect.Quarantine quarantine) {
    return entry(
        quarantine.queue(), quarantine.reason(), quarantine.deliveries(), quarantine.message());
  }

  static byte[] entry(String queue, String reason, long deliveries, byte[] message) {
    String line =
        String.format(
            Locale.ROOT,
            "{\"reason\": %s, \"queue\": %s, \"time\": %.3f, \"deliveries\": %d}\n",
            UnackedEntry.quoted(reason),
            UnackedEntry.quoted(queue),
            Clock.systemUTC().millis() / 1000.0,
            deliveries);
    ByteArrayOutputStream entry = new ByteArrayOutputStream();
    entry.writeBytes(RedisKeys.bytes(line));
    entry.writeBytes(message);
    return entry.toByteArray();
  }
}
