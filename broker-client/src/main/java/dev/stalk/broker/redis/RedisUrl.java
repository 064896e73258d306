package dev.stalk.broker.redis;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A Redis address in kombu's form (kombu {@code utils/url.py:parse_url}): {@code
 * redis://user:password@host:port/db}; {@code rediss://} for TLS; {@code
 * redis+socket:///path?virtual_host=db} for a Unix domain socket; {@code
 * sentinel://host:port/db;sentinel://host:port/db} for the master that Sentinels name. User,
 * password, host, path and options are percent-decoded. Immutable.
 *
 * @param place where
 * @param database 0 or more
 * @param user the ACL user, null for the default one
 * @param password null for none
 * @param tls how the connection is encrypted; null if it is not
 * @param connectTimeout the longest wait for a connection, null for the settings'; only an address
 *     of results may have it
 * @param socketTimeout the longest wait for an answer, likewise
 */
public record RedisUrl(
    RedisPlace place,
    int database,
    @Nullable String user,
    @Nullable String password,
    @Nullable RedisTls tls,
    @Nullable Duration connectTimeout,
    @Nullable Duration socketTimeout) {

  private static final int DEFAULT_PORT = 6379;
  private static final int DEFAULT_SENTINEL_PORT = 26379;
  private static final Set<String> SCHEMES = Set.of("redis", "rediss", "redis+socket", "sentinel");

  public RedisUrl {
    Objects.requireNonNull(place, "place");
  }

  /**
   * Reads a broker's address.
   *
   * @throws IllegalArgumentException if it is no address Stalk can use; the message says what is
   *     wrong and shows no password
   */
  public static RedisUrl parse(String text) {
    return parse(text, false);
  }

  /**
   * Reads an address of results, which may have a few options that a broker's may not (celery
   * {@code backends/redis.py:_params_from_url}): {@code socket_timeout}, {@code
   * socket_connect_timeout} and {@code db}; others that Celery knows have no effect.
   *
   * @throws IllegalArgumentException as {@link #parse}
   */
  public static RedisUrl parseResults(String text) {
    return parse(text, true);
  }

  private static RedisUrl parse(String text, boolean results) {
    String scheme = scheme(text);
    checkCharacters(text);
    if (!scheme.equals("sentinel") && text.indexOf(';') >= 0) {
      throw wrong(
          "it has a ';', by which kombu separates several addresses; Stalk takes one, or those of"
              + " several Sentinels");
    }
    RedisUrlOptions options = new RedisUrlOptions();
    List<Part> parts = new ArrayList<>();
    for (String part : text.split(";", -1)) {
      if (!scheme(part).equals(scheme)) {
        throw wrong("each of several addresses must begin with sentinel://");
      }
      parts.add(Part.parse(part.substring(scheme.length() + 3), options));
    }
    options.check(scheme, results);
    Part first = parts.get(0);
    if (parts.stream().skip(1).anyMatch(part -> !part.sameLogin(first))) {
      throw wrong(
          "the parts differ in user, password or database; kombu would use the first part's at"
              + " first, and others after a failure: give all parts the same");
    }
    return new RedisUrl(
        place(scheme, parts, options),
        database(scheme, first, options),
        first.user(),
        first.password(),
        tls(scheme, options),
        options.seconds("socket_connect_timeout"),
        options.seconds("socket_timeout"));
  }

  private static String scheme(String text) {
    int schemeEnd = text.indexOf("://");
    if (schemeEnd < 0) {
      throw wrong("it has no scheme");
    }
    String scheme = text.substring(0, schemeEnd).toLowerCase(Locale.ROOT);
    if (!SCHEMES.contains(scheme)) {
      throw wrong(
          scheme.matches("[a-z][a-z0-9+.-]*")
              ? "the scheme '" + scheme + "' is not one of redis, rediss, redis+socket, sentinel"
              : "it does not begin with redis://, rediss://, redis+socket:// or sentinel://");
    }
    return scheme;
  }

  private static RedisPlace place(String scheme, List<Part> parts, RedisUrlOptions options) {
    if (scheme.equals("redis+socket")) {
      return socket(parts.get(0));
    }
    if (scheme.equals("sentinel")) {
      return new RedisPlace.Sentinels(
          parts.stream().map(part -> part.server(DEFAULT_SENTINEL_PORT)).toList(),
          RedisSentinel.NONE.withMasterName(options.text("master_name")));
    }
    return parts.get(0).server(DEFAULT_PORT);
  }

  private static RedisPlace socket(Part part) {
    if (!part.host().isEmpty() || part.path().length() < 2) {
      throw wrong("a socket's path is absolute, as in redis+socket:///run/redis.sock");
    }
    return new RedisPlace.UnixSocket(part.path());
  }

  private static int database(String scheme, Part part, RedisUrlOptions options) {
    String db = options.text("db");
    if (db != null) {
      return database(db);
    }
    if (scheme.equals("redis+socket")) {
      String host = options.text("virtual_host");
      return host == null ? 0 : database(host);
    }
    return database(part.path());
  }

  /** A {@code rediss} address is encrypted whatever its options are; the others may be asked to. */
  private static @Nullable RedisTls tls(String scheme, RedisUrlOptions options) {
    return scheme.equals("rediss") || options.hasTls() ? options.tls() : null;
  }

  private static void checkCharacters(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isWhitespace(text.charAt(i)) || Character.isISOControl(text.charAt(i))) {
        throw wrong("it has a character at position %d that must be percent-encoded".formatted(i));
      }
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

  /** One address of several: what follows its scheme. */
  private record Part(
      String host, int port, @Nullable String user, @Nullable String password, String path) {

    /** Port 0 stands for none. */
    static Part parse(String text, RedisUrlOptions options) {
      int authorityEnd = indexOfAny(text, "/?#", 0);
      checkRest(text.substring(authorityEnd));
      int pathEnd = indexOfAny(text, "?", authorityEnd);
      options.add(text.substring(Math.min(text.length(), pathEnd + 1)));
      return of(text.substring(0, authorityEnd), decoded(text.substring(authorityEnd, pathEnd)));
    }

    private static Part of(String authority, String path) {
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
      return new Part(
          decoded(host),
          portAt < 0 ? 0 : portNumber(address.substring(portAt + 1)),
          user.isEmpty() ? null : decoded(user),
          password.isEmpty() ? null : decoded(password),
          path);
    }

    RedisPlace.Server server(int defaultPort) {
      return new RedisPlace.Server(
          host.isEmpty() ? "127.0.0.1" : host, port == 0 ? defaultPort : port);
    }

    /** A part may also leave out what the first one says. */
    boolean sameLogin(Part first) {
      boolean noLogin = user == null && password == null;
      return (noLogin
              || (Objects.equals(user, first.user) && Objects.equals(password, first.password)))
          && (path.isEmpty() || database(path) == database(first.path));
    }
  }

  /** Text that is no number is not shown: it may be a password whose host was forgotten. */
  private static int portNumber(String text) {
    if (text.isEmpty()) {
      return 0;
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

  /**
   * As Python's {@code unquote}: a percent sign that begins no escape stands for itself, bytes that
   * are no UTF-8 become replacement characters.
   */
  static String decoded(String text) {
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

  static IllegalArgumentException wrong(String what) {
    return new IllegalArgumentException(
        "not a Redis address: "
            + what
            + ". An address looks like redis://user:password@host:6379/0");
  }

  /**
   * With the settings that hold where the address says nothing.
   *
   * @param tlsSettings used if the address is encrypted; by Sentinels' masters also if it does not
   *     say so
   * @param sentinel used by an address of Sentinels
   */
  public RedisUrl with(RedisTls tlsSettings, RedisSentinel sentinel) {
    boolean sentinels = place instanceof RedisPlace.Sentinels;
    RedisTls both = tls;
    if (tls != null) {
      both = tls.orElse(tlsSettings);
    } else if (sentinels && !tlsSettings.equals(RedisTls.DEFAULT)) {
      both = tlsSettings;
    }
    RedisPlace known =
        place instanceof RedisPlace.Sentinels own
            ? new RedisPlace.Sentinels(
                own.addresses(), sentinel.withMasterName(own.settings().masterName()))
            : place;
    return new RedisUrl(known, database, user, password, both, connectTimeout, socketTimeout);
  }

  /** The same way to another place. */
  RedisUrl at(RedisPlace.Server server) {
    return new RedisUrl(server, database, user, password, tls, connectTimeout, socketTimeout);
  }

  /** Whether both name databases of one server, reached in the same way. */
  boolean sameServer(RedisUrl other) {
    return place.equals(other.place)
        && Objects.equals(tls, other.tls)
        && Objects.equals(user, other.user)
        && Objects.equals(password, other.password);
  }

  /** The address without user, password and options. */
  @Override
  public String toString() {
    if (place instanceof RedisPlace.UnixSocket socket) {
      return "redis+socket://%s?virtual_host=%d".formatted(socket, database);
    }
    String server =
        place instanceof RedisPlace.Sentinels
            ? place.toString()
            : (tls == null ? "redis://" : "rediss://") + place;
    return server + "/" + database;
  }
}
