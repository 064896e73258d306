package dev.stalk.broker.redis;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Protocol.Command;

/**
 * To which queues an exchange routes, by the bindings that stand in Redis (kombu {@code
 * transport/virtual/base.py:Channel._lookup}). Kombu knows an exchange's type only where it was
 * declared; here a member with a pattern tells a topic binding, one without a direct one.
 * Immutable.
 */
final class BindingTable {
  private static final Logger log = LoggerFactory.getLogger(BindingTable.class);

  /** One member: who gets what. */
  private record Binding(String routingKey, String pattern, String queue) {
    /**
     * Kombu's patterns are Python's (kombu {@code exchange.py:TopicExchange._match}); what kombu
     * makes of binding keys reads the same in Java.
     */
    boolean matches(String key) {
      if (pattern.isEmpty()) {
        return routingKey.equals(key);
      }
      try {
        return Pattern.compile(pattern, Pattern.UNIX_LINES).matcher(key).lookingAt();
      } catch (PatternSyntaxException e) {
        log.warn("the binding {} of {} is no pattern: {}", pattern, queue, e.getMessage());
        return false;
      }
    }
  }

  private final List<Binding> bindings;

  private BindingTable(List<Binding> bindings) {
    this.bindings = bindings;
  }

  /** The bindings of an exchange as they stand now. */
  static BindingTable of(String exchange, RedisKeys keys, RedisPool pool) {
    Object members = pool.repeatable(c -> c.call(Command.SMEMBERS, keys.binding(exchange)));
    List<String> texts = new ArrayList<>();
    for (Object member : (List<?>) members) {
      texts.add(RedisKeys.text((byte[]) member));
    }
    return of(texts, keys.separator());
  }

  /** The bindings these members say; what is no binding is left out. */
  static BindingTable of(List<String> members, String separator) {
    List<Binding> bindings = new ArrayList<>();
    for (String member : members) {
      String[] parts = member.split(Pattern.quote(separator), -1);
      if (parts.length == 3) {
        bindings.add(new Binding(parts[0], parts[1], parts[2]));
      } else {
        log.warn("not a binding: {}", member);
      }
    }
    return new BindingTable(bindings);
  }

  /** The queues a message with this key goes to, each once; none if nobody is bound. */
  List<String> queues(String routingKey) {
    Set<String> queues = new LinkedHashSet<>();
    for (Binding binding : bindings) {
      if (binding.matches(routingKey)) {
        queues.add(binding.queue());
      }
    }
    return List.copyOf(queues);
  }
}
