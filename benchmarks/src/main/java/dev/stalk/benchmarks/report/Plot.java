package dev.stalk.benchmarks.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A line plot as a standalone SVG, which a repository's pages show as they are. Written by hand:
 * the charting libraries for Java draw pixels and weigh megabytes. Not thread-safe.
 */
public final class Plot {
  private static final int WIDTH = 820;
  private static final int HEIGHT = 360;
  private static final int LEFT = 80;
  private static final int RIGHT = 260;
  private static final int TOP = 40;
  private static final int BOTTOM = 50;
  private static final int TICKS = 5;
  private static final double LEAST = 1e-9;

  /** Told apart by people who do not see all colours (Okabe and Ito). */
  private static final List<String> COLOURS =
      List.of("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000");

  private record Line(String name, List<double[]> points) {}

  /** How values become places on an axis. */
  public enum Scale {
    /** Equal steps for equal differences, from zero. */
    LINEAR,
    /** Equal steps for equal ratios; values up to zero are drawn at the least above it. */
    LOGARITHMIC
  }

  private final String title;
  private final Axis x;
  private final Axis y;
  private final List<Line> lines = new ArrayList<>();

  /** An empty plot. */
  public Plot(String title, String xName, Scale xScale, String yName, Scale yScale) {
    this.title = title;
    this.x = new Axis(xName, xScale);
    this.y = new Axis(yName, yScale);
  }

  /** Adds a line; its points, each an x and a y, are joined in the order given. */
  public void line(String name, List<double[]> points) {
    lines.add(new Line(name, List.copyOf(points)));
    for (double[] point : points) {
      x.include(point[0]);
      y.include(point[1]);
    }
  }

  /** The whole picture. */
  public String toSvg() {
    StringBuilder svg = new StringBuilder();
    svg.append(
        """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">
        <rect width="%d" height="%d" fill="white"/>
        <text x="%d" y="22" font-size="15">%s</text>
        """
            .formatted(WIDTH, HEIGHT, WIDTH, HEIGHT, LEFT, escaped(title)));
    frame(svg);
    for (int i = 0; i < lines.size(); i++) {
      draw(svg, lines.get(i), i);
    }
    return svg.append("</svg>\n").toString();
  }

  private void frame(StringBuilder svg) {
    int bottom = HEIGHT - BOTTOM;
    int right = WIDTH - RIGHT;
    for (double tick : x.ticks()) {
      double at = LEFT + x.place(tick) * (right - LEFT);
      rule(svg, at, TOP, at, bottom);
      text(svg, at, bottom + 18, "middle", label(tick));
    }
    for (double tick : y.ticks()) {
      double at = bottom - y.place(tick) * (bottom - TOP);
      rule(svg, LEFT, at, right, at);
      text(svg, LEFT - 8, at + 4, "end", label(tick));
    }
    text(svg, (LEFT + right) / 2.0, HEIGHT - 12, "middle", x.name);
    svg.append(
        "<text transform=\"translate(16 %d) rotate(-90)\" text-anchor=\"middle\">%s</text>\n"
            .formatted((TOP + bottom) / 2, escaped(y.name)));
  }

  private void draw(StringBuilder svg, Line line, int number) {
    String colour = COLOURS.get(number % COLOURS.size());
    StringBuilder points = new StringBuilder();
    for (double[] point : line.points()) {
      double across = LEFT + x.place(point[0]) * (WIDTH - RIGHT - LEFT);
      double up = HEIGHT - BOTTOM - y.place(point[1]) * (HEIGHT - BOTTOM - TOP);
      points.append(String.format(Locale.ROOT, "%.1f,%.1f ", across, up));
      if (line.points().size() <= 30) {
        svg.append(
            String.format(
                Locale.ROOT,
                "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n",
                across,
                up,
                colour));
      }
    }
    svg.append(
        "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"%s\"/>\n"
            .formatted(colour, points.toString().strip()));
    int at = TOP + 14 + number * 20;
    int left = WIDTH - RIGHT + 14;
    svg.append(
        "<rect x=\"%d\" y=\"%d\" width=\"14\" height=\"4\" fill=\"%s\"/>\n"
            .formatted(left, at - 6, colour));
    text(svg, left + 20, at, "start", line.name());
  }

  private static void rule(StringBuilder svg, double x1, double y1, double x2, double y2) {
    svg.append(
        String.format(
            Locale.ROOT,
            "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>\n",
            x1,
            y1,
            x2,
            y2));
  }

  private static void text(StringBuilder svg, double x, double y, String anchor, String text) {
    svg.append(
        String.format(
            Locale.ROOT,
            "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n",
            x,
            y,
            anchor,
            escaped(text)));
  }

  private static String label(double value) {
    if (value >= 1e6) {
      return trimmed(value / 1e6) + " M";
    }
    return value >= 1e4 ? trimmed(value / 1e3) + " k" : trimmed(value);
  }

  private static String trimmed(double value) {
    String text = String.format(Locale.ROOT, "%.4f", value);
    return text.replaceAll("0+$", "").replaceAll("\\.$", "");
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }

  private static final class Axis {
    private final String name;
    private final Scale scale;
    private double least = Double.POSITIVE_INFINITY;
    private double most = Double.NEGATIVE_INFINITY;

    Axis(String name, Scale scale) {
      this.name = name;
      this.scale = scale;
    }

    void include(double value) {
      double shown = scale == Scale.LOGARITHMIC ? Math.max(LEAST, value) : value;
      least = Math.min(least, shown);
      most = Math.max(most, shown);
    }

    /** Where the value lies between the ends, 0 to 1. */
    double place(double value) {
      double from = from();
      double to = to();
      if (scale == Scale.LINEAR) {
        return (value - from) / (to - from);
      }
      return Math.log(Math.max(from, value) / from) / Math.log(to / from);
    }

    private double from() {
      if (scale == Scale.LINEAR || least == Double.POSITIVE_INFINITY) {
        return scale == Scale.LINEAR ? 0 : 1;
      }
      return Math.pow(10, Math.floor(Math.log10(least)));
    }

    private double to() {
      if (scale == Scale.LINEAR) {
        return most > 0 ? step() * Math.ceil(most / step()) : 1;
      }
      double to = Math.pow(10, Math.ceil(Math.log10(Math.max(most, LEAST))));
      return to > from() ? to : from() * 10;
    }

    /** 1, 2 or 5 times a power of ten. */
    private double step() {
      double rough = Math.max(most, LEAST) / TICKS;
      double power = Math.pow(10, Math.floor(Math.log10(rough)));
      double digit = rough / power;
      return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
    }

    List<Double> ticks() {
      List<Double> ticks = new ArrayList<>();
      if (scale == Scale.LOGARITHMIC) {
        for (double tick = from(); tick <= to() * 1.001; tick *= 10) {
          ticks.add(tick);
        }
      } else {
        double step = most > 0 ? step() : 1;
        for (int i = 0; i * step <= to() * 1.001; i++) {
          ticks.add(i * step);
        }
      }
      return ticks;
    }
  }
}
