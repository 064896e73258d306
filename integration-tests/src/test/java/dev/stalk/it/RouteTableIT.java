package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.RouteMap;
import dev.stalk.broker.RoutingConfig;
import dev.stalk.broker.TaskRouter;
import dev.stalk.broker.message.SendOptions;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.peers.PythonSession;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * One table of routes and calls, {@code routes.json}: Celery and Stalk send every call by them, and
 * what then lies in Redis, and where, is the same.
 */
class RouteTableIT {
  private static final JsonMapper JSON = JsonMapper.shared();

  private static Interop peers;
  private static PythonSession python;

  @BeforeAll
  static void start() {
    peers = new Interop();
    python = peers.python();
    python.eval(
        """
        import re
        from celery.app import routes

        def by_first_argument(name, args, kwargs, options, task=None, **kw):
            if args and isinstance(args[0], int):
                return 'even' if args[0] % 2 == 0 else {'queue': 'odd', 'priority': 3}

        def router(description):
            if description['kind'] == 'callable':
                return globals()[description['name']]
            entries = [(re.compile(k['regex']) if isinstance(k, dict) else k, v)
                       for k, v in description['entries']]
            return dict(entries) if description['kind'] == 'map' else entries

        def send(routers, call):
            prepared = routes.prepare([router(r) for r in routers])
            chosen = routes.Router(prepared, app.amqp.queues, create_missing=True, app=app)
            app.send_task(call['task'], call.get('args', []), router=chosen, ignore_result=True,
                          **call.get('options', {}))
        """);
  }

  @AfterAll
  static void stop() throws Exception {
    peers.close();
  }

  static Stream<Arguments> table() throws IOException {
    try (InputStream in = RouteTableIT.class.getResourceAsStream("routes.json")) {
      List<Arguments> cases = new ArrayList<>();
      for (JsonNode rules : JSON.readTree(in)) {
        for (JsonNode call : rules.get("calls")) {
          cases.add(Arguments.of(rules.get("rules").stringValue(), call, rules.get("routers")));
        }
      }
      return cases.stream();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("table")
  void aCallGoesWhereCelerySendsIt(String rules, JsonNode call, JsonNode routers) {
    python.eval("send(routers, call)", Map.of("routers", routers, "call", call));
    String fromPython = sent();
    BrokerClient client = BrokerClient.connect(peers.config().routing(routing(routers)).build());
    try (client) {
      client.send(signature(call));
    }

    assertThat(sent()).isEqualTo(fromPython);
  }

  /** The one message there is: its list, and what routes may change in it. */
  private static String sent() {
    List<String> found = new ArrayList<>();
    for (Object name : (List<?>) Objects.requireNonNull(peers.redis().command("KEYS", "*"))) {
      String key = (String) name;
      if ("list".equals(peers.redis().command("TYPE", key))) {
        for (Object text = peers.redis().command("RPOP", key);
            text != null;
            text = peers.redis().command("RPOP", key)) {
          found.add(key + " " + seen(JSON.readTree((String) text)));
        }
      }
    }
    assertThat(found).hasSize(1);
    return found.get(0);
  }

  private static String seen(JsonNode message) {
    TreeMap<String, String> own = new TreeMap<>();
    message
        .get("headers")
        .properties()
        .forEach(
            header -> {
              if (header.getKey().startsWith("x-")) {
                own.put(header.getKey(), header.getValue().toString());
              }
            });
    JsonNode properties = message.get("properties");
    JsonNode info = properties.get("delivery_info");
    return "%s %s %s %s %s"
        .formatted(
            message.at("/headers/task").stringValue(),
            info.get("exchange"),
            info.get("routing_key"),
            properties.get("priority"),
            own);
  }

  private static TaskSignature signature(JsonNode call) {
    Object[] args = call.path("args").valueStream().map(RouteTableIT::plain).toArray();
    return TaskSignature.of(call.get("task").stringValue(), args)
        .with(options(call.path("options")));
  }

  private static Object plain(JsonNode value) {
    return value.isInt() ? (Object) value.intValue() : value.stringValue();
  }

  private static SendOptions options(JsonNode route) {
    if (route.isString()) {
      return SendOptions.onQueue(route.stringValue());
    }
    SendOptions.Builder options = SendOptions.builder();
    if (route.has("queue")) {
      options.queue(route.get("queue").stringValue());
    }
    if (route.has("priority")) {
      options.priority(route.get("priority").intValue());
    }
    route
        .path("headers")
        .properties()
        .forEach(header -> options.header(header.getKey(), header.getValue().stringValue()));
    return options.build();
  }

  private static RoutingConfig routing(JsonNode routers) {
    RoutingConfig.Builder routing = RoutingConfig.builder();
    routers.forEach(
        router ->
            routing.route(
                router.get("kind").stringValue().equals("callable")
                    ? (TaskRouter) RouteTableIT::byFirstArgument
                    : routeMap(router.get("entries"))));
    return routing.build();
  }

  private static RouteMap routeMap(JsonNode entries) {
    RouteMap.Builder map = RouteMap.builder();
    for (JsonNode entry : entries) {
      JsonNode name = entry.get(0);
      SendOptions options = options(entry.get(1));
      if (name.isString()) {
        map.route(name.stringValue(), options);
      } else {
        map.route(Pattern.compile(name.get("regex").stringValue()), options);
      }
    }
    return map.build();
  }

  private static @Nullable SendOptions byFirstArgument(TaskSignature call) {
    if (call.args().isEmpty() || !(call.args().get(0) instanceof Integer first)) {
      return null;
    }
    return first % 2 == 0
        ? SendOptions.onQueue("even")
        : SendOptions.builder().queue("odd").priority(3).build();
  }
}
