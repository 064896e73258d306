package dev.stalk.broker.codec;

import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a YAML scalar stands for, by the rules of YAML 1.1 as PyYAML has them ({@code
 * yaml/resolver.py}, {@code yaml/constructor.py:SafeConstructor}): 1.2 would take {@code 0o14},
 * which PyYAML writes as a bare text, for a number.
 */
final class YamlScalars {
  static final String TAGS = "tag:yaml.org,2002:";

  private static final Pattern TRUE = Pattern.compile("yes|Yes|YES|true|True|TRUE|on|On|ON");
  private static final Pattern FALSE = Pattern.compile("no|No|NO|false|False|FALSE|off|Off|OFF");
  private static final Pattern NULL = Pattern.compile("~|null|Null|NULL|");
  private static final Pattern INTEGER =
      Pattern.compile(
          "([-+]?)(?:0b([01_]+)|0([0-7_]+)|0x([0-9a-fA-F_]+)|(0|[1-9][0-9_]*)|([1-9][0-9_]*(?::[0-5]?[0-9])+))");
  private static final Pattern FLOAT =
      Pattern.compile(
          "[-+]?[0-9][0-9_]*\\.[0-9_]*(?:[eE][-+][0-9]+)?|\\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
              + "|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\\.[0-9_]*|[-+]?\\.(?:inf|Inf|INF)|\\.(?:nan|NaN|NAN)");
  private static final Pattern TIMESTAMP =
      Pattern.compile(
          "(\\d{4})-(\\d\\d?)-(\\d\\d?)(?:(?:[Tt]|[ \\t]+)(\\d\\d?):(\\d\\d):(\\d\\d)(?:\\.(\\d*))?"
              + "(?:[ \\t]*(Z|([-+])(\\d\\d?)(?::(\\d\\d))?))?)?");
  private static final Pattern DATE = Pattern.compile("\\d{4}-\\d\\d-\\d\\d");

  private YamlScalars() {}

  /**
   * The value.
   *
   * @param tag the tag it has in the document, if any
   * @param plain whether it stands without quotes, so that its form says its type
   * @throws MalformedMessageException if the tag is none of YAML's own, or the text does not fit it
   */
  static @Nullable Object value(String text, @Nullable String tag, boolean plain) {
    if (tag != null && !tag.equals("!") && !tag.startsWith(TAGS)) {
      throw unknown(tag);
    }
    try {
      if (tag == null) {
        return plain ? resolved(text) : text;
      }
      return tag.equals("!") ? text : tagged(text, tag);
    } catch (IllegalArgumentException | DateTimeException e) {
      throw new MalformedMessageException(
          "not yaml: %s is no value of its type: %s".formatted(Fields.kind(text), e.getMessage()),
          e);
    }
  }

  private static @Nullable Object tagged(String text, String tag) {
    return switch (tag.substring(TAGS.length())) {
      case "str" -> text;
      case "null" -> null;
      case "bool" -> flag(text);
      case "int" -> integer(matched(INTEGER, text));
      case "float" -> real(text);
      case "timestamp" -> timestamp(matched(TIMESTAMP, text));
      case "binary" -> Base64.getMimeDecoder().decode(text);
      default -> throw unknown(tag);
    };
  }

  static MalformedMessageException unknown(String tag) {
    return new MalformedMessageException(
        "not yaml that is read here: tag %s; only YAML's own types are".formatted(tag));
  }

  private static Matcher matched(Pattern form, String text) {
    Matcher matcher = form.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("not of that form");
    }
    return matcher;
  }

  private static Boolean flag(String text) {
    if (TRUE.matcher(text).matches()) {
      return true;
    }
    matched(FALSE, text);
    return false;
  }

  private static @Nullable Object resolved(String text) {
    if (NULL.matcher(text).matches()) {
      return null;
    }
    if (text.equals("<<")) {
      throw new MalformedMessageException("not yaml that is read here: merge keys (<<)");
    }
    if (text.charAt(0) > '9') {
      if (TRUE.matcher(text).matches()) {
        return true;
      }
      return FALSE.matcher(text).matches() ? (Object) false : text;
    }
    Matcher integer = INTEGER.matcher(text);
    if (integer.matches()) {
      return integer(integer);
    }
    if (FLOAT.matcher(text).matches()) {
      return real(text);
    }
    Matcher timestamp = TIMESTAMP.matcher(text);
    if (timestamp.matches() && (timestamp.group(4) != null || DATE.matcher(text).matches())) {
      return timestamp(timestamp);
    }
    return text;
  }

  private static Object integer(Matcher parts) {
    BigInteger value;
    if (parts.group(2) != null) {
      value = digits(parts.group(2), 2);
    } else if (parts.group(3) != null) {
      value = digits(parts.group(3), 8);
    } else if (parts.group(4) != null) {
      value = digits(parts.group(4), 16);
    } else if (parts.group(5) != null) {
      value = digits(parts.group(5), 10);
    } else {
      value = BigInteger.ZERO;
      for (String part : parts.group(6).split(":", -1)) {
        value = value.multiply(BigInteger.valueOf(60)).add(digits(part, 10));
      }
    }
    if (parts.group(1).equals("-")) {
      value = value.negate();
    }
    if (value.bitLength() < 32) {
      return value.intValue();
    }
    return value.bitLength() < 64 ? (Object) value.longValue() : value;
  }

  private static BigInteger digits(String text, int radix) {
    String digits = text.replace("_", "");
    if (digits.length() > Values.MAX_DIGITS) {
      throw new MalformedMessageException(
          "not yaml: a number has more than " + Values.MAX_DIGITS + " digits");
    }
    return new BigInteger(digits, radix);
  }

  private static Double real(String text) {
    String number = text.replace("_", "").toLowerCase(Locale.ROOT);
    return switch (number) {
      case ".nan" -> Double.NaN;
      case ".inf", "+.inf" -> Double.POSITIVE_INFINITY;
      case "-.inf" -> Double.NEGATIVE_INFINITY;
      default ->
          number.indexOf(':') < 0 ? Double.valueOf(number) : Double.valueOf(sexagesimal(number));
    };
  }

  private static double sexagesimal(String number) {
    boolean negative = number.startsWith("-");
    double value = 0;
    for (String part : number.replaceFirst("^[-+]", "").split(":", -1)) {
      value = value * 60 + Double.parseDouble(part);
    }
    return negative ? -value : value;
  }

  private static Object timestamp(Matcher parts) {
    LocalDate date = LocalDate.of(number(parts, 1), number(parts, 2), number(parts, 3));
    if (parts.group(4) == null) {
      return date;
    }
    String fraction = parts.group(7) == null ? "" : parts.group(7);
    int micros = Integer.parseInt((fraction + "000000").substring(0, 6));
    LocalDateTime time =
        date.atTime(number(parts, 4), number(parts, 5), number(parts, 6), micros * 1000);
    if (parts.group(8) == null) {
      return time;
    }
    return time.atOffset(parts.group(9) == null ? ZoneOffset.UTC : offset(parts));
  }

  private static ZoneOffset offset(Matcher parts) {
    int sign = parts.group(9).equals("-") ? -1 : 1;
    int minutes = parts.group(11) == null ? 0 : number(parts, 11);
    return ZoneOffset.ofHoursMinutes(sign * number(parts, 10), sign * minutes);
  }

  private static int number(Matcher parts, int group) {
    return Integer.parseInt(parts.group(group));
  }
}
