package dev.stalk.broker.redis;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What stands behind the question mark of an address. Names and values are decoded as Python's
 * {@code parse_qsl} does; an option without a value does not count.
 */
final class RedisUrlOptions {
  private static final Set<String> TLS =
      Set.of("ssl_cert_reqs", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_check_hostname");
  private static final Set<String> OF_RESULTS =
      Set.of("db", "socket_timeout", "socket_connect_timeout");

  /** Read by Celery's result backend; here they have no meaning, or are a setting. */
  private static final Set<String> IGNORED_OF_RESULTS =
      Set.of(
          "client_name",
          "health_check_interval",
          "max_connections",
          "protocol",
          "retry_on_timeout",
          "socket_keepalive");

  private static final Pattern SECONDS = Pattern.compile("\\d{1,6}(\\.\\d{1,9})?");

  private final Map<String, String> values = new LinkedHashMap<>();

  /**
   * Takes in a query.
   *
   * @throws IllegalArgumentException if an option has another value already
   */
  void add(String query) {
    for (String option : query.split("&", -1)) {
      int equals = option.indexOf('=');
      if (equals > 0 && equals < option.length() - 1) {
        String name = plain(option.substring(0, equals));
        String value = plain(option.substring(equals + 1));
        if (!value.equals(values.getOrDefault(name, value))) {
          throw RedisUrl.wrong("an option has two different values");
        }
        values.put(name, value);
      } else if (!option.isEmpty() && equals < 0) {
        throw RedisUrl.wrong("the option '...' is not known");
      }
    }
  }

  private static String plain(String text) {
    return RedisUrl.decoded(text.replace('+', ' '));
  }

  /**
   * Refuses what kombu, and for results Celery, would refuse too.
   *
   * @param scheme the scheme of the address
   * @param results whether it is that of the results
   */
  void check(String scheme, boolean results) {
    Set<String> known = new LinkedHashSet<>();
    if (!scheme.equals("redis") && !scheme.equals("redis+socket")) {
      known.addAll(TLS);
    }
    if (scheme.equals("redis+socket")) {
      known.add("virtual_host");
    }
    if (scheme.equals("sentinel")) {
      known.add("master_name");
    }
    if (results) {
      known.addAll(OF_RESULTS);
    }
    for (String name : values.keySet()) {
      if (!known.contains(name) && !(results && IGNORED_OF_RESULTS.contains(name))) {
        throw RedisUrl.wrong(refusal(name, scheme, known));
      }
    }
  }

  private static String refusal(String name, String scheme, Set<String> known) {
    if (TLS.contains(name)) {
      return "options of TLS need the scheme rediss";
    }
    if (OF_RESULTS.contains(name) || IGNORED_OF_RESULTS.contains(name)) {
      return "the option '%s' belongs in the settings: kombu refuses it in a broker's address too"
          .formatted(name);
    }
    if (name.equals("virtual_host")) {
      return "the option 'virtual_host' is for redis+socket://; else the database follows the host,"
          + " as in redis://host/3";
    }
    if (name.equals("credential_provider")) {
      return "the option 'credential_provider' names a Python class; give user and password";
    }
    return known.isEmpty()
        ? "the option '%s' is not known; %s:// has none".formatted(name, scheme)
        : "the option '%s' is not known; known are %s"
            .formatted(name, String.join(", ", known.stream().sorted().toList()));
  }

  boolean hasTls() {
    return values.keySet().stream().anyMatch(TLS::contains);
  }

  /** What is said about TLS. */
  RedisTls tls() {
    try {
      String certReqs = values.get("ssl_cert_reqs");
      String checkHostname = values.get("ssl_check_hostname");
      return new RedisTls(
          certReqs == null ? null : RedisTls.CertReqs.of(certReqs),
          values.get("ssl_ca_certs"),
          values.get("ssl_certfile"),
          values.get("ssl_keyfile"),
          checkHostname == null ? null : !checkHostname.equalsIgnoreCase("false"));
    } catch (IllegalArgumentException e) {
      throw RedisUrl.wrong(String.valueOf(e.getMessage()).replace('-', '_'));
    }
  }

  @Nullable String text(String name) {
    return values.get(name);
  }

  @Nullable Duration seconds(String name) {
    String value = values.get(name);
    if (value == null) {
      return null;
    }
    if (!SECONDS.matcher(value).matches() || Double.parseDouble(value) < 0.01) {
      throw RedisUrl.wrong("the option '%s' is not a number of seconds from 0.01".formatted(name));
    }
    return Duration.ofMillis(Math.round(Double.parseDouble(value) * 1000));
  }
}
