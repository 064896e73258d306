package dev.stalk.worker;

import dev.stalk.broker.codec.Values;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import tools.jackson.databind.json.JsonMapper;

/**
 * A sound message with something wrong, again and again: values exchanged and removed, anywhere in
 * envelope and body, and bytes flipped, cut, doubled and put in. The same ones for the same seed.
 */
final class MessageMutations {
  private static final JsonMapper JSON = JsonMapper.shared();

  private final byte[] sound;
  private final Random random;

  MessageMutations(byte[] sound, long seed) {
    this.sound = sound;
    this.random = new Random(seed);
  }

  byte[] next() {
    return random.nextInt(3) == 0 ? bytes(sound.clone()) : values();
  }

  @SuppressWarnings("unchecked")
  private byte[] values() {
    Map<String, Object> envelope = (Map<String, Object>) Values.read(sound);
    Object body = Values.read(Base64.getDecoder().decode((String) envelope.get("body")));
    for (int i = random.nextInt(3); i >= 0; i--) {
      if (random.nextBoolean()) {
        envelope = (Map<String, Object>) mutated(envelope, 0);
      } else {
        body = mutated(body, 0);
      }
    }
    if (envelope.get("body") instanceof String) {
      byte[] text = JSON.writeValueAsBytes(body);
      byte[] odd = random.nextInt(5) == 0 ? bytes(text) : text;
      envelope.put("body", Base64.getEncoder().encodeToString(odd));
    }
    byte[] message = JSON.writeValueAsBytes(envelope);
    return random.nextInt(10) == 0 ? bytes(message) : message;
  }

  /** This value with something exchanged within it; itself exchanged if it has nothing within. */
  private Object mutated(Object value, int depth) {
    boolean here = depth > 0 && random.nextInt(4) == 0;
    if (!here && value instanceof Map<?, ?> map) {
      Map<String, Object> copy = new LinkedHashMap<>();
      map.forEach((name, each) -> copy.put((String) name, each));
      if (map.isEmpty() || random.nextInt(8) == 0) {
        copy.put(random.nextBoolean() ? "x" : text(), any(2));
        return copy;
      }
      String name = new ArrayList<>(copy.keySet()).get(random.nextInt(copy.size()));
      if (random.nextInt(6) == 0) {
        copy.remove(name);
      } else {
        copy.put(name, mutated(copy.get(name), depth + 1));
      }
      return copy;
    }
    if (!here && value instanceof List<?> list && !list.isEmpty()) {
      List<Object> copy = new ArrayList<>(list);
      int index = random.nextInt(copy.size());
      switch (random.nextInt(6)) {
        case 0 -> copy.remove(index);
        case 1 -> copy.add(index, any(2));
        default -> copy.set(index, mutated(copy.get(index), depth + 1));
      }
      return copy;
    }
    return any(3);
  }

  private Object any(int depth) {
    return switch (random.nextInt(depth > 0 ? 13 : 9)) {
      case 0 -> null;
      case 1 -> random.nextBoolean();
      case 2 -> random.nextInt() >> random.nextInt(32);
      case 3 -> random.nextLong();
      case 4 -> random.nextGaussian() * Math.pow(10, random.nextInt(600) - 300);
      case 5, 6, 7 -> text();
      case 8 -> time();
      case 9 -> Map.of("__type__", word(), "__value__", String.valueOf(time()));
      case 10 -> Map.of("task", text(), "args", List.of(1), "options", Map.of("queue", text()));
      case 11 -> Map.of(text(), word(), "task", "t");
      default -> Arrays.asList(any(depth - 1), any(depth - 1));
    };
  }

  private String word() {
    String[] words = {
      "",
      "json",
      "gzip",
      "application/x-gzip",
      "application/x-yaml",
      "application/x-msgpack",
      "application/data",
      "base64",
      "utf-8",
      "datetime",
      "uuid",
      "decimal",
      "bytes",
      "corpus.echo",
      "mutated",
      "true",
      "NaN",
      "0",
      "-1"
    };
    return words[random.nextInt(words.length)];
  }

  private String text() {
    if (random.nextInt(3) > 0) {
      return word();
    }
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(12); i > 0; i--) {
      text.appendCodePoint(
          random.nextBoolean() ? random.nextInt(0x80) : 0xa0 + random.nextInt(0xd000));
    }
    return text.toString();
  }

  private String time() {
    return "%04d-%02d-%02dT%02d:%02d:%02d%s"
        .formatted(
            random.nextInt(11000),
            random.nextInt(14),
            random.nextInt(33),
            random.nextInt(26),
            random.nextInt(62),
            random.nextInt(62),
            List.of("", "Z", "+14:00", "-1200", ".123456", ".1Z", "+99:99").get(random.nextInt(7)));
  }

  private byte[] bytes(byte[] text) {
    int at = random.nextInt(text.length);
    switch (random.nextInt(5)) {
      case 0 -> text[at] = (byte) random.nextInt();
      case 1 -> text[at] ^= (byte) (1 << random.nextInt(8));
      case 2 -> {
        return Arrays.copyOf(text, at);
      }
      case 3 -> {
        byte[] more = "[]{},:\"\\\0\u0001truenull0123".getBytes(StandardCharsets.US_ASCII);
        byte[] longer = Arrays.copyOf(text, text.length + 1);
        System.arraycopy(text, at, longer, at + 1, text.length - at);
        longer[at] = more[random.nextInt(more.length)];
        return longer;
      }
      default -> {
        int length = random.nextInt(text.length - at);
        byte[] doubled = Arrays.copyOf(text, text.length + length);
        System.arraycopy(text, at, doubled, at + length, text.length - at);
        return doubled;
      }
    }
    return text;
  }
}
