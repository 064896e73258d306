package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.codec.MalformedMessageException;
import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.codec.Values;
import dev.stalk.peers.PythonEnvironment;
import dev.stalk.peers.PythonSession;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * Whatever envelope Java reads, a real Python reads too: kombu does not survive one that it cannot.
 */
class JsonStrictnessIT {
  /** Python changes messages at random, and says of each whether kombu could read it. */
  private static final String MUTATE =
      """
      import base64, json as json_, random, uuid
      from kombu.utils.json import loads

      TOKENS = ['null', 'true', '0', '-1', '1.5', '1e9', 'NaN', 'INF', '-INF', '+Infinity', 'Infinity',
                '-Infinity', '"', '\\\\', '\\\\u00e9', '\\\\ud800', '{}', '[]', '{', '}', '[', ']', ', ', ': ',
                ',', ':', ' ', "'", '\\0', '\\t', '\\x7f', '\\xe9', '01', '+1', '/*', '//', '#', '"task": 1, ']
      BYTES = [b'\\xc0\\x80', b'\\xed\\xa0\\x80', b'\\xef\\xbb\\xbf', b'\\xff', b'\\xc3', b'\\xf4\\x90\\x80\\x80',
               b'\\xc3\\xa9', b'\\xe2\\x80\\xa8', b'\\x1f', b'\\x0b', b'\\xa0']

      def message(r):
          args = [['x' * r.randrange(20), r.random()], {'k': [None, True]}, {'callbacks': None, 'errbacks': None,
                  'chain': None, 'chord': None}]
          i = str(uuid.UUID(int=r.getrandbits(128)))
          headers = {'lang': 'py', 'task': 'a.b', 'id': i, 'shadow': None, 'eta': None, 'expires': None,
                     'group': None, 'group_index': None, 'retries': 0, 'timelimit': [None, 1.5], 'root_id': i,
                     'parent_id': None, 'argsrepr': "('\\xe9', 1)", 'kwargsrepr': '{}', 'origin': 'gen1@h',
                     'ignore_result': False, 'replaced_task_nesting': 0, 'stamped_headers': None, 'stamps': {},
                     'own': {'deep': [1, 2.5, 'x']}}
          properties = {'correlation_id': i, 'reply_to': i, 'delivery_mode': 2, 'delivery_info':
                        {'exchange': '', 'routing_key': 'q'}, 'priority': 0, 'body_encoding': 'base64',
                        'delivery_tag': i}
          return json_.dumps({'body': base64.b64encode(json_.dumps(args).encode()).decode(),
                              'content-encoding': 'utf-8', 'content-type': 'application/json',
                              'headers': headers, 'properties': properties}).encode()

      def change(text, r):
          at = r.randrange(len(text))
          to = at + r.randrange(8)
          token = r.choice(TOKENS).encode('utf-8') if r.randrange(3) else r.choice(BYTES)
          kind = r.randrange(7)
          if kind == 0: return text[:at] + token + text[at:]
          if kind == 1: return text[:at] + token + text[to:]
          if kind == 2: return text[:at] + text[to:]
          if kind == 3: return text[:at] + bytes([r.randrange(256)]) + text[at + 1:]
          if kind == 4: return text[:at] + text[at:to] + text[at:]
          if kind == 5: return text[:at] + bytes([text[at] ^ (1 << r.randrange(8))]) + text[at + 1:]
          return text[:at] + bytes([97 + r.randrange(26)]) + text[at + 1:]

      def readable(text):
          try:
              return isinstance(loads(text), dict)
          except Exception:
              return False

      def mutants(seed, count):
          r = random.Random(seed)
          made = []
          for _ in range(count):
              text = message(r)
              for _ in range(r.randrange(1, 4)):
                  text = change(text, r) or b'x'
              made.append([base64.b64encode(text).decode(), readable(text)])
          return made

      def all_readable(texts):
          return [readable(base64.b64decode(text)) for text in texts]
      """;

  private static PythonSession python;

  @BeforeAll
  static void start() {
    python = PythonSession.builder(PythonEnvironment.celery()).start();
    python.eval(MUTATE);
  }

  @AfterAll
  static void stop() {
    python.close();
  }

  private static boolean decodes(byte[] raw) {
    try {
      MessageCodec.decode(raw);
      return true;
    } catch (MalformedMessageException e) {
      return false;
    }
  }

  private static boolean isJsonObject(byte[] raw) {
    try {
      return Values.read(raw) instanceof Map;
    } catch (MalformedMessageException e) {
      return false;
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void whatJavaReadsOfThousandsOfDamagedMessagesPythonReadsToo(int seed) {
    List<String> onlyJava = new ArrayList<>();
    int read = 0;
    int unreadable = 0;
    for (JsonNode mutant : python.eval("mutants(%d, 3000)".formatted(seed))) {
      byte[] raw = Base64.getDecoder().decode(mutant.get(0).asString());
      boolean reads = mutant.get(1).asBoolean();
      unreadable += reads ? 0 : 1;
      if (isJsonObject(raw) || decodes(raw)) {
        read++;
        if (!reads) {
          onlyJava.add(new String(raw, StandardCharsets.ISO_8859_1));
        }
      }
    }

    assertThat(onlyJava).isEmpty();
    assertThat(read).isGreaterThan(300);
    assertThat(unreadable).isGreaterThan(1000);
  }

  @Test
  void whatPythonRefusesJavaRefuses() {
    List<byte[]> refused = new ArrayList<>();
    for (String value :
        List.of(
            "INF",
            "-INF",
            "+INF",
            "+Infinity",
            "nan",
            "01",
            "+1",
            "1.",
            ".5",
            "0x10",
            "'a'",
            "\"\t\"",
            "\"\\x41\"",
            "\"\\u12\"",
            "[1,]",
            "{\"a\": 1,}",
            "{a: 1}",
            "True",
            "None",
            "1 2",
            "/**/1",
            "\u00a01")) {
      refused.add(("{\"a\": " + value + "}").getBytes(StandardCharsets.UTF_8));
    }
    for (int[] bytes :
        new int[][] {{0xc0, 0x80}, {0xed, 0xa0, 0x80}, {0xff}, {0xc3}, {0xf4, 0x90, 0x80, 0x80}}) {
      refused.add(inAString(bytes));
    }
    refused.add("{} {}".getBytes(StandardCharsets.UTF_8));
    refused.add("\ufeff{}".getBytes(StandardCharsets.UTF_8));
    refused.add("{}\u0000".getBytes(StandardCharsets.UTF_8));
    refused.add(new byte[0]);

    assertThat(readByPython(refused)).containsOnly(false);
    assertThat(refused).noneMatch(JsonStrictnessIT::isJsonObject);
  }

  @Test
  void whatPythonReadsBeyondTheStandardJavaReads() {
    List<byte[]> read = new ArrayList<>();
    for (String value :
        List.of(
            "NaN",
            "Infinity",
            "-Infinity",
            "1, \"a\": 2",
            "\"\\ud800\"",
            "\"\u00e9\"",
            "\"\u007f\"")) {
      read.add(("{\"a\": " + value + "}").getBytes(StandardCharsets.UTF_8));
    }

    assertThat(readByPython(read)).containsOnly(true);
    assertThat(read).allMatch(JsonStrictnessIT::isJsonObject);
  }

  private static byte[] inAString(int... bytes) {
    StringBuilder text = new StringBuilder("{\"a\": \"");
    for (int each : bytes) {
      text.append((char) each);
    }
    return text.append("\"}").toString().getBytes(StandardCharsets.ISO_8859_1);
  }

  private static List<Boolean> readByPython(List<byte[]> texts) {
    List<String> encoded = texts.stream().map(Base64.getEncoder()::encodeToString).toList();
    List<Boolean> readable = new ArrayList<>();
    python
        .eval("all_readable(texts)", Map.of("texts", encoded))
        .forEach(each -> readable.add(each.asBoolean()));
    return readable;
  }
}
