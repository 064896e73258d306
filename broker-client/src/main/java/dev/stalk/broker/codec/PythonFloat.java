package dev.stalk.broker.codec;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import tools.jackson.core.io.NumberOutput;

/** Writes a double as Python's {@code repr} does: the shortest digits that read back as it. */
final class PythonFloat {
  private static final MathContext ONE_DIGIT = new MathContext(1, RoundingMode.HALF_EVEN);

  private PythonFloat() {}

  static String repr(double value) {
    if (Double.isNaN(value)) {
      return "NaN";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "Infinity" : "-Infinity";
    }
    // The JDK's own Double.toString finds the shortest digits only from 19 on.
    String shortest = NumberOutput.toString(value, true);
    double size = Math.abs(value);
    if (value == 0 || (size >= 1e-3 && size < 1e7)) {
      return shortest; // both languages write these without an exponent
    }
    BigDecimal digits = shortened(new BigDecimal(shortest).stripTrailingZeros(), value);
    int exponent = digits.precision() - digits.scale() - 1;
    if (exponent >= -4 && exponent < 16) {
      String plain = digits.toPlainString();
      return digits.scale() <= 0 ? plain + ".0" : plain;
    }
    String mantissa = digits.unscaledValue().abs().toString();
    StringBuilder text = new StringBuilder(24);
    if (value < 0) {
      text.append('-');
    }
    text.append(mantissa.charAt(0));
    if (mantissa.length() > 1) {
      text.append('.').append(mantissa, 1, mantissa.length());
    }
    text.append('e').append(exponent < 0 ? '-' : '+');
    int absolute = Math.abs(exponent);
    if (absolute < 10) {
      text.append('0');
    }
    return text.append(absolute).toString();
  }

  /** Java wants two digits at least, which among the very smallest numbers are not the fewest. */
  private static BigDecimal shortened(BigDecimal digits, double value) {
    if (Math.abs(value) < Double.MIN_NORMAL && digits.precision() == 2) {
      BigDecimal single = digits.round(ONE_DIGIT);
      if (single.doubleValue() == value) {
        return single.stripTrailingZeros();
      }
    }
    return digits;
  }
}
