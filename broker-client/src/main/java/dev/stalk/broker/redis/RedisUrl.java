package dev.stalk.broker.redis;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
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
    int schemeEnd = text.indexOf("://");
    if (schemeEnd < 0) {
      throw wrong("it has no scheme");
    }
    String scheme = text.substring(0, schemeEnd).toLowerCase(Locale.ROOT);
    if (!scheme.equals("redis") && !scheme.equals("rediss")) {
      throw wrong(
          scheme.matches("[a-z][a-z0-9+.-]*")
              ? "the scheme '" + scheme + "' is not one of redis, rediss"
              : "it does not begin with redis:// or rediss://");
    }
    checkCharacters(text);
    int authorityEnd = indexOfAny(text, "/?#", schemeEnd + 3);
    checkRest(text.substring(authorityEnd));
    int pathEnd = indexOfAny(text, "?", authorityEnd);
    Authority authority = Authority.parse(text.substring(schemeEnd + 3, authorityEnd));
    boolean tls = scheme.equals("rediss");
    if (pathEnd < text.length()) {
      checkOptions(text.substring(pathEnd + 1), tls);
    }
    return new RedisUrl(
        authority.host.isEmpty() ? "127.0.0.1" : authority.host,
        authority.port,
        database(decoded(text.substring(authorityEnd, pathEnd))),
        authority.user,
        authority.password,
        tls);
  }

  private static void checkCharacters(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isWhitespace(text.charAt(i)) || Character.isISOControl(text.charAt(i))) {
        throw wrong("it has a character at position %d that must be percent-encoded".formatted(i));
      }
    }
    if (text.indexOf(';') >= 0) {
      throw wrong("it has a ';', by which kombu separates several addresses; Stalk takes one");
    }
  }

  private static int indexOfAny(String text, String characters, int from) {
    for (int i = from; i < text.length(); i++) {
      if (characters.indexOf(text.charAt(i)) >= 0) {
        return i;
      }
    }
    return text.length();
  }

  /** What follows the host may be the rest of a password; so it is not shown. */
  private static void checkRest(String rest) {
    if (rest.indexOf('@') >= 0) {
      throw wrong("a '/', '?' or '#' in user or password must be percent-encoded");
    }
    if (rest.indexOf('#') >= 0) {
      throw wrong("it has a '#', which must be percent-encoded");
    }
  }

  /** The part before the path. */
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
      } else if (host.indexOf(':') >= 0) {
        throw wrong("the host has a ':'; an IPv6 address stands in brackets, as [::1]");
      }
      return new Authority(
          decoded(host),
          portAt < 0 ? DEFAULT_PORT : portNumber(address.substring(portAt + 1)),
          user.isEmpty() ? null : decoded(user),
          password.isEmpty() ? null : decoded(password));
    }
  }

  /** Text that is no number is not shown: it may be a password whose host was forgotten. */
  private static int portNumber(String text) {
    if (text.isEmpty()) {
      return DEFAULT_PORT;
    }
    if (!text.matches("[0-9]{1,9}")) {
      throw wrong("the port is not a number");
    }
    int port = Integer.parseInt(text);
    if (port < 1 || port > 65535) {
      throw wrong("the port '" + text + "' is not between 1 and 65535");
    }
    return port;
  }

  private static int database(String path) {
    String number = path.replaceFirst("^/{1,2}", "");
    if (number.isEmpty()) {
      return 0;
    }
    if (number.matches("[0-9]{1,6}")) {
      return Integer.parseInt(number);
    }
    throw wrong("the path '/" + number + "' is not a database number");
  }

  private static void checkOptions(String query, boolean tls) {
    for (String option : query.split("&", -1)) {
      if (option.startsWith("ssl_") && !tls) {
        throw wrong("options of TLS need the scheme rediss");
      }
      if (!option.isEmpty() && !option.matches("ssl_cert_reqs=(CERT_REQUIRED|required)")) {
        throw wrong(
            "the option '%s' is not known; only ssl_cert_reqs=required is"
                .formatted(option.contains("=") ? option.replaceFirst("=.*", "") : "..."));
      }
    }
  }

  /**
   * As Python's {@code unquote}: a percent sign that begins no escape stands for itself, bytes that
   * are no UTF-8 become replacement characters.
   */
  private static String decoded(String text) {
    if (text.indexOf('%') < 0) {
      return text;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length());
    for (int i = 0; i < text.length(); i++) {
      if (beginsEscape(text, i)) {
        bytes.write(HexFormat.fromHexDigits(text, i + 1, i + 3));
        i += 2;
      } else {
        int end = text.offsetByCodePoints(i, 1);
        bytes.writeBytes(text.substring(i, end).getBytes(StandardCharsets.UTF_8));
        i = end - 1;
      }
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static boolean beginsEscape(String text, int at) {
    return text.charAt(at) == '%'
        && at + 2 < text.length()
        && HexFormat.isHexDigit(text.charAt(at + 1))
        && HexFormat.isHexDigit(text.charAt(at + 2));
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
