package dev.stalk.it;

import dev.stalk.broker.redis.RedisPlace;
import dev.stalk.broker.redis.RedisUrl;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;

/** An address as Stalk reads it, in the form the tests ask kombu for. */
final class SeenUrl {
  private SeenUrl() {}

  /** Host, port, path, database, user, password, TLS; of Sentinels the first one's. */
  static String of(String text) {
    RedisUrl url = RedisUrl.parse(text);
    List<Object> seen = new ArrayList<>();
    RedisPlace place =
        url.place() instanceof RedisPlace.Sentinels sentinels
            ? sentinels.addresses().get(0)
            : url.place();
    RedisPlace.Server server = place instanceof RedisPlace.Server one ? one : null;
    seen.add(server == null ? null : server.host());
    seen.add(server == null ? null : server.port());
    seen.add(place instanceof RedisPlace.UnixSocket socket ? socket.path() : null);
    seen.add(url.database());
    seen.add(url.user());
    seen.add(url.password());
    seen.add(url.tls() != null);
    return new JsonMapper().writeValueAsString(seen);
  }
}
