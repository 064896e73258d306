package dev.stalk.broker.codec;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.DateTimeParseException;
import java.time.format.ResolverStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.ChronoUnit;
import java.time.temporal.Temporal;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * ISO 8601 as every Celery version reads and writes it: six fraction digits, a numeric offset with
 * a colon (celery {@code utils/iso8601.py}; older parsers misread anything shorter).
 */
final class PythonTime {
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSSxxx", Locale.ROOT);
  private static final DateTimeFormatter MICROS =
      new DateTimeFormatterBuilder()
          .appendPattern("HH:mm:ss")
          .appendFraction(ChronoField.MICRO_OF_SECOND, 6, 6, true)
          .toFormatter(Locale.ROOT);
  private static final DateTimeFormatter SECONDS =
      DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT);
  private static final DateTimeFormatter OFFSET = DateTimeFormatter.ofPattern("xxx", Locale.ROOT);
  private static final int FIRST_YEAR = 1;
  private static final int LAST_YEAR = 9999;

  private static final DateTimeFormatter LENIENT =
      new DateTimeFormatterBuilder()
          .parseCaseInsensitive()
          .append(DateTimeFormatter.ISO_LOCAL_DATE)
          .optionalStart()
          .appendLiteral('T')
          .optionalEnd()
          .optionalStart()
          .appendLiteral(' ')
          .optionalEnd()
          .append(DateTimeFormatter.ISO_LOCAL_TIME)
          .optionalStart()
          .appendOffset("+HH:MM:ss", "Z")
          .optionalEnd()
          .optionalStart()
          .appendOffset("+HHmm", "Z")
          .optionalEnd()
          .toFormatter(Locale.ROOT)
          .withResolverStyle(ResolverStyle.STRICT);

  /** The formatter alone would take a blank after the T, neither of them, and two offsets. */
  private static final Pattern ONE_SEPARATOR_AND_ONE_OFFSET =
      Pattern.compile("[^Tt ]+[Tt ][0-9:.]+([Zz]|[+-][0-9:]+)?");

  private PythonTime() {}

  /** For headers and {@code date_done}: always six fraction digits and an offset. */
  static String stamp(OffsetDateTime time) {
    return STAMP.format(inWholeMinutes(time).truncatedTo(ChronoUnit.MICROS));
  }

  /** An Instant (in UTC), OffsetDateTime or LocalDateTime. */
  static String isoDateTime(Temporal time) {
    if (time instanceof Instant instant) {
      return isoformat(utc(instant));
    }
    return time instanceof OffsetDateTime offset
        ? isoformat(offset)
        : isoformat((LocalDateTime) time);
  }

  /** A LocalTime or OffsetTime. */
  static String isoTime(Temporal time) {
    return time instanceof OffsetTime offset ? isoformat(offset) : isoformat((LocalTime) time);
  }

  private static OffsetDateTime utc(Instant instant) {
    try {
      return instant.atOffset(ZoneOffset.UTC);
    } catch (DateTimeException e) {
      throw new EncodingException("the instant cannot be written as a date and time", e);
    }
  }

  static String isoformat(OffsetDateTime time) {
    OffsetDateTime readable = inWholeMinutes(time);
    return isoformat(readable.toLocalDateTime()) + OFFSET.format(readable);
  }

  static String isoformat(LocalDateTime time) {
    return isoformat(time.toLocalDate()) + "T" + isoformat(time.toLocalTime());
  }

  static String isoformat(LocalDate date) {
    if (!inPython(date.getYear())) {
      throw new EncodingException(
          "the date %s is not in the years 1 to 9999, which is all that Python knows"
              .formatted(date));
    }
    return date.toString();
  }

  static String isoformat(OffsetTime time) {
    return isoformat(time.toLocalTime()) + OFFSET.format(time);
  }

  /** Older parsers know no seconds in an offset; the instant stays the same. */
  private static OffsetDateTime inWholeMinutes(OffsetDateTime time) {
    return time.getOffset().getTotalSeconds() % 60 == 0
        ? time
        : time.withOffsetSameInstant(ZoneOffset.UTC);
  }

  private static boolean inPython(int year) {
    return year >= FIRST_YEAR && year <= LAST_YEAR;
  }

  static String isoformat(LocalTime time) {
    LocalTime micros = time.truncatedTo(ChronoUnit.MICROS);
    return (micros.get(ChronoField.MICRO_OF_SECOND) == 0 ? SECONDS : MICROS).format(micros);
  }

  /**
   * Reads a header's instant: up to nine fraction digits or none, {@code Z}, {@code +02:00}, {@code
   * +0200}, or no offset, which means UTC (celery {@code utils/time.py:maybe_make_aware}).
   *
   * @throws DateTimeParseException if it is none of these
   */
  static OffsetDateTime parseInstant(String text) {
    Temporal time = parseDateTime(text);
    OffsetDateTime aware =
        time instanceof OffsetDateTime offset
            ? offset
            : ((LocalDateTime) time).atOffset(ZoneOffset.UTC);
    if (!inPython(aware.getYear())) {
      throw new DateTimeParseException("not in the years 1 to 9999", text, 0);
    }
    return aware;
  }

  /** An {@link OffsetDateTime}, or a {@link LocalDateTime} where the text has no offset. */
  static Temporal parseDateTime(String text) {
    if (!ONE_SEPARATOR_AND_ONE_OFFSET.matcher(text).matches()) {
      throw new DateTimeParseException("not a date, a T, a time and perhaps an offset", text, 0);
    }
    return (Temporal) LENIENT.parseBest(text, OffsetDateTime::from, LocalDateTime::from);
  }

  static Temporal parseTime(String text) {
    return (Temporal) DateTimeFormatter.ISO_TIME.parseBest(text, OffsetTime::from, LocalTime::from);
  }
}
