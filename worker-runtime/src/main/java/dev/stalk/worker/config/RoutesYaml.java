package dev.stalk.worker.config;

import dev.stalk.broker.RouteMap;
import dev.stalk.broker.RoutingConfig;
import dev.stalk.broker.message.ExchangeType;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.message.SendOptions;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * Reads the section {@code routes}: by the name of a task, a glob of it, or a regular expression
 * between slashes, how what the worker's own tasks send is sent (celery {@code task_routes}).
 */
final class RoutesYaml {
  private static final List<String> SERIALIZERS = List.of("json", "yaml", "msgpack", "auth");
  private static final List<String> COMPRESSIONS =
      List.of("none", "gzip", "bzip2", "lzma", "brotli", "zstd");

  private final RouteMap.Builder routes = RouteMap.builder();
  private boolean any;

  /** The rules the file has; those of the default if it has none. */
  RoutingConfig read(YamlSection root) {
    root.anyNamedSections("routes", RoutesYaml::checkName, this::readRoute);
    return any ? RoutingConfig.builder().route(routes.build()).build() : RoutingConfig.DEFAULT;
  }

  private static void checkName(String name) {
    try {
      add(RouteMap.builder(), name, SendOptions.DEFAULT);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException("is no regular expression: " + e.getDescription(), e);
    }
  }

  /** What stands between slashes is an expression. */
  private static void add(RouteMap.Builder to, String name, SendOptions options) {
    if (name.length() > 2 && name.startsWith("/") && name.endsWith("/")) {
      to.route(Pattern.compile(name.substring(1, name.length() - 1)), options);
    } else {
      to.route(name, options);
    }
  }

  private void readRoute(String name, YamlSection section) {
    SendOptions options = new Reader(section).read();
    try {
      add(routes, name, options);
      any = true;
    } catch (IllegalArgumentException e) {
      return; // the name has been refused already
    }
  }

  /** One route. Each value is tried together with those before it, and kept if it is valid. */
  private static final class Reader {
    private final YamlSection section;
    private SendOptions options = SendOptions.DEFAULT;
    private String exchange = "";
    private String routingKey = "";
    private ExchangeType type = ExchangeType.DIRECT;

    private Reader(YamlSection section) {
      this.section = section;
    }

    private SendOptions read() {
      section.text("queue", queue -> set(to -> to.queue(queue)));
      section.text("exchange", name -> exchange = name);
      section.text("routing-key", key -> routingKey = key);
      section.text("exchange-type", word -> type = type(word));
      section.check("exchange", () -> set(to -> to.route(route())));
      section.integer("priority", priority -> set(to -> to.priority(priority)));
      section.text(
          "serializer",
          name -> {
            checkWord("serializer", name, SERIALIZERS);
            set(to -> to.serializer(name));
          });
      section.text(
          "compression",
          name -> {
            checkWord("compression", name, COMPRESSIONS);
            set(to -> to.compression(name));
          });
      section.duration("expires", time -> set(to -> to.expiresAfter(time)));
      return options;
    }

    private @Nullable Route route() {
      if (exchange.isEmpty() && routingKey.isEmpty()) {
        return null;
      }
      if (exchange.isEmpty() || routingKey.isEmpty()) {
        throw new IllegalArgumentException("exchange and routing-key are only good together");
      }
      return new Route(exchange, type, routingKey);
    }

    private static void checkWord(String what, String word, List<String> known) {
      if (!known.contains(word)) {
        throw new IllegalArgumentException(
            Suggestions.forUnknownName(what, word, new LinkedHashSet<>(known)));
      }
    }

    private static ExchangeType type(String word) {
      for (ExchangeType type : ExchangeType.values()) {
        if (type.name().toLowerCase(Locale.ROOT).equals(word)) {
          return type;
        }
      }
      throw new IllegalArgumentException("must be direct, topic or fanout");
    }

    private void set(UnaryOperator<SendOptions.Builder> setting) {
      options = setting.apply(options.toBuilder()).build();
    }
  }
}
