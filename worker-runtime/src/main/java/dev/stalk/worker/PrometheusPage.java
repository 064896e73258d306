package dev.stalk.worker;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.Optional;

/** The meters as Prometheus reads them, where its library is on the class path. */
abstract class PrometheusPage {
  static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private static final String LIBRARY = "io.micrometer.prometheusmetrics.PrometheusMeterRegistry";

  /**
   * Shows a registry of Prometheus's, or any in which it can take a part: Micrometer's global one,
   * or another composite one.
   */
  static PrometheusPage of(MeterRegistry meters) {
    try {
      Class.forName(LIBRARY, false, PrometheusPage.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      return new Nothing();
    }
    return Page.of(meters);
  }

  /** The page; empty if the library is missing or the registry is of another kind. */
  abstract Optional<String> scrape();

  /** Takes no more part in a registry. */
  abstract void close();

  private static final class Nothing extends PrometheusPage {
    @Override
    Optional<String> scrape() {
      return Optional.empty();
    }

    @Override
    void close() {}
  }

  /** Loaded only where the library is. */
  private static final class Page extends PrometheusPage {
    private final PrometheusMeterRegistry prometheus;
    private final Runnable end;

    private Page(PrometheusMeterRegistry prometheus, Runnable end) {
      this.prometheus = prometheus;
      this.end = end;
    }

    static PrometheusPage of(MeterRegistry meters) {
      if (meters instanceof PrometheusMeterRegistry prometheus) {
        return new Page(prometheus, () -> {});
      }
      if (meters instanceof CompositeMeterRegistry composite) {
        PrometheusMeterRegistry added = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        composite.add(added);
        return new Page(
            added,
            () -> {
              composite.remove(added);
              added.close();
            });
      }
      return new Nothing();
    }

    @Override
    Optional<String> scrape() {
      return Optional.of(prometheus.scrape());
    }

    @Override
    void close() {
      end.run();
    }
  }
}
