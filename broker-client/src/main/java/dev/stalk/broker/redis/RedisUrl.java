package dev.stalk.broker.redis;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A Redis address in kombu's form: {@code redis://user:password@host:port/db}, or {@code rediss://}
 * for TLS (kombu {@code utils/url.py:parse_url}). User, password and host are percent-decoded.
 *
 * @param host a name or address
 * @param port 1 to 65535
 * @param database 0 or more
 * @param user the ACL user, null for the default one
 * @param password null for none
 * @param tls whether the connection is encrypted; the server's certificate and host name are
 *     checked then
 */
public record RedisUrl(
    String host,
    int port,
    int database,
    @Nullable String user,
    @Nullable String password,
    boolean tls) {

  private static final int DEFAULT_PORT = 6379;

  public RedisUrl {
    Objects.requireNonNull(host, "host");
  }

  /**
   * Reads an address.
   *
   * @throws IllegalArgumentException if it is no address Stalk can use; the message says what is
   *     wrong and shows no password
   */
  public static RedisUrl parse(String text) {
    URI uri;
    try {
      uri = new URI(text);
    } catch (URISyntaxException e) {
      // the exception's own text holds the whole address, and so the password
      throw wrong(
          "it has a character at position %d that must be percent-encoded".formatted(e.getIndex()));
    }
    String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
    if (!scheme.equals("redis") && !scheme.equals("rediss")) {
      throw wrong(
          scheme.isEmpty()
              ? "it has no scheme"
              : "the scheme '" + scheme + "' is not one of redis, rediss");
    }
    Authority authority =
        Authority.parse(uri.getRawAuthority() == null ? "" : uri.getRawAuthority());
    checkOptions(uri.getRawQuery());
    return new RedisUrl(
        authority.host.isEmpty() ? "127.0.0.1" : authority.host,
        authority.port,
        database(uri.getRawPath()),
        authority.user,
        authority.password,
        scheme.equals("rediss"));
  }

  /**
   * The part before the path; {@link URI} refuses passwords and host names that Redis users have.
   */
  private record Authority(
      String host, int port, @Nullable String user, @Nullable String password) {

    static Authority parse(String authority) {
      int at = authority.lastIndexOf('@');
      String login = at < 0 ? "" : authority.substring(0, at);
      int colon = login.indexOf(':');
      String user = colon < 0 ? login : login.substring(0, colon);
      String password = colon < 0 ? "" : login.substring(colon + 1);
      String address = authority.substring(at + 1);
      int portAt = address.endsWith("]") ? -1 : address.lastIndexOf(':');
      String host = portAt < 0 ? address : address.substring(0, portAt);
      if (host.startsWith("[") && host.endsWith("]")) {
        host = host.substring(1, host.length() - 1);
      }
      return new Authority(
          decoded(host),
          portAt < 0 ? DEFAULT_PORT : portNumber(address.substring(portAt + 1)),
          user.isEmpty() ? null : decoded(user),
          password.isEmpty() ? null : decoded(password));
    }
  }

  private static int portNumber(String text) {
    if (text.isEmpty()) {
      return DEFAULT_PORT;
    }
    if (text.matches("\\d{1,5}")) {
      int port = Integer.parseInt(text);
      if (port >= 1 && port <= 65535) {
        return port;
      }
    }
    throw wrong("the port '" + text + "' is not between 1 and 65535");
  }

  private static int database(@Nullable String path) {
    String number = path == null ? "" : path.replaceFirst("^/+", "");
    if (number.isEmpty()) {
      return 0;
    }
    if (number.matches("\\d{1,6}")) {
      return Integer.parseInt(number);
    }
    throw wrong("the path '/" + number + "' is not a database number");
  }

  private static void checkOptions(@Nullable String query) {
    if (query == null || query.isEmpty()) {
      return;
    }
    for (String option : query.split("&", -1)) {
      if (!option.matches("ssl_cert_reqs=(CERT_REQUIRED|required)")) {
        throw wrong(
            "the option '%s' is not known; only ssl_cert_reqs=required is"
                .formatted(option.replaceFirst("=.*", "")));
      }
    }
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  private static IllegalArgumentException wrong(String what) {
    return new IllegalArgumentException(
        "not a Redis address: "
            + what
            + ". An address looks like redis://user:password@host:6379/0");
  }

  /** Whether both name databases of one server, reached in the same way. */
  boolean sameServer(RedisUrl other) {
    return host.equals(other.host)
        && port == other.port
        && tls == other.tls
        && Objects.equals(user, other.user)
        && Objects.equals(password, other.password);
  }

  /** The address without user and password. */
  @Override
  public String toString() {
    String shown = host.contains(":") ? "[" + host + "]" : host;
    return "%s://%s:%d/%d".formatted(tls ? "rediss" : "redis", shown, port, database);
  }
}
