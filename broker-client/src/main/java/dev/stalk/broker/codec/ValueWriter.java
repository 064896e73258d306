package dev.stalk.broker.codec;

import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.temporal.Temporal;
import java.util.Collection;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a content type can say beside its own plain values. {@link JavaValues} sorts every Java
 * value into one of these; a writer whose content type has no form for one throws {@link
 * EncodingException}.
 */
interface ValueWriter {
  void value(@Nullable Object value);

  void integer(Number whole);

  void string(String text);

  void array(Collection<?> items);

  void decimal(BigDecimal decimal);

  /** An Instant, OffsetDateTime or LocalDateTime. */
  void dateTime(Temporal time);

  void date(LocalDate date);

  /** A LocalTime or OffsetTime. */
  void time(Temporal time);

  void uuid(UUID uuid);

  void bytes(byte[] bytes);
}
