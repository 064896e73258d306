package dev.stalk.broker.codec;

import java.math.BigDecimal;
import tools.jackson.core.io.NumberOutput;

/** Writes a double as Python's {@code repr} does: the shortest digits that read back as it. */
final class PythonFloat {
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
    BigDecimal digits = new BigDecimal(shortest).stripTrailingZeros();
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
}
