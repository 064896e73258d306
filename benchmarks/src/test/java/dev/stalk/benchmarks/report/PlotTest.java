package dev.stalk.benchmarks.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.benchmarks.report.Plot.Scale;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

class PlotTest {
  private static Document drawn(Plot plot) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new ByteArrayInputStream(plot.toSvg().getBytes(StandardCharsets.UTF_8)));
  }

  private static double[] heights(Document svg) {
    String points = ((Element) svg.getElementsByTagName("polyline").item(0)).getAttribute("points");
    return List.of(points.split(" ", -1)).stream()
        .mapToDouble(point -> Double.parseDouble(point.split(",", -1)[1]))
        .toArray();
  }

  @Test
  void aPlotIsWellFormedWhateverItsNamesHold() throws Exception {
    Plot plot = new Plot("a < b & c", "x > 0", Scale.LINEAR, "\"y\"", Scale.LINEAR);
    plot.line("<one>", List.of(new double[] {0, 1}, new double[] {1, 2}));

    Document svg = drawn(plot);

    assertThat(svg.getDocumentElement().getTextContent())
        .contains("a < b & c", "x > 0", "\"y\"", "<one>");
  }

  @Test
  void equalDifferencesAreEqualStepsOnALinearAxis() throws Exception {
    Plot plot = new Plot("", "", Scale.LINEAR, "", Scale.LINEAR);
    plot.line("one", List.of(new double[] {0, 0}, new double[] {1, 50}, new double[] {2, 100}));

    double[] heights = heights(drawn(plot));

    assertThat(heights[0] - heights[1]).isEqualTo(heights[1] - heights[2]).isPositive();
  }

  @Test
  void equalRatiosAreEqualStepsOnALogarithmicAxis() throws Exception {
    Plot plot = new Plot("", "", Scale.LINEAR, "", Scale.LOGARITHMIC);
    plot.line("one", List.of(new double[] {0, 1}, new double[] {1, 100}, new double[] {2, 10_000}));

    double[] heights = heights(drawn(plot));

    assertThat(heights[0] - heights[1]).isEqualTo(heights[1] - heights[2]).isPositive();
  }

  @Test
  void aPlotOfNothingIsAPlot() throws Exception {
    assertThat(drawn(new Plot("", "", Scale.LINEAR, "", Scale.LOGARITHMIC)).getDocumentElement())
        .isNotNull();
  }
}
