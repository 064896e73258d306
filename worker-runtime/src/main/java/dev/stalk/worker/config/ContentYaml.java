package dev.stalk.worker.config;

import dev.stalk.broker.codec.ContentConfig;
import dev.stalk.broker.codec.JsonTypes;
import dev.stalk.broker.security.MessageSecurity;
import dev.stalk.broker.security.SignatureLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Reads the section {@code content}. The rules are {@link ContentConfig}'s own: each value is tried
 * together with those before it, and kept if it is valid.
 */
final class ContentYaml {
  private final List<Consumer<ContentConfig.Builder>> settings = new ArrayList<>();

  ContentConfig read(YamlSection content) {
    content.section("security", this::readSecurity); // first: who names auth needs it
    content.text("task-serializer", name -> set(to -> to.taskSerializer(name)));
    content.text("task-compression", name -> set(to -> to.taskCompression(name)));
    content.text("result-serializer", name -> set(to -> to.resultSerializer(name)));
    List<String> accepted = new ArrayList<>();
    content.texts("accept-content", add(accepted, names -> set(to -> to.acceptContent(names))));
    List<String> results = new ArrayList<>();
    content.texts(
        "result-accept-content", add(results, names -> set(to -> to.resultAcceptContent(names))));
    content.text("json-types", name -> set(to -> to.jsonTypes(jsonTypes(name))));
    content.integer("max-depth", depth -> set(to -> to.maxDepth(depth)));
    content.size("max-body-size", size -> set(to -> to.maxBodySize(bytes(size))));
    content.size("max-decompressed-size", size -> set(to -> to.maxDecompressedSize(bytes(size))));
    content.size("max-result-size", size -> set(to -> to.maxResultSize(bytes(size))));
    return build();
  }

  private void readSecurity(YamlSection section) {
    MessageSecurity.Builder security = MessageSecurity.builder();
    section.text("key", security::key);
    section.text("key-password", security::keyPassword);
    section.text("certificate", security::certificate);
    section.text("cert-store", security::certStore);
    section.text("digest", security::digest);
    section.text("layout", layout -> security.layout(SignatureLayout.of(layout)));
    section.text("serializer", security::serializer);
    if (section.isPresent()) {
      section.check(
          "",
          () -> {
            MessageSecurity loaded = security.load();
            set(to -> to.security(loaded));
          });
    }
  }

  /** Each name is tried with those before it, and is kept unless it is refused. */
  private static Consumer<String> add(List<String> names, Consumer<String[]> use) {
    return name -> {
      List<String> all = new ArrayList<>(names);
      all.add(name);
      use.accept(all.toArray(String[]::new));
      names.add(name);
    };
  }

  private void set(Consumer<ContentConfig.Builder> setting) {
    settings.add(setting);
    try {
      var unused = build();
    } catch (IllegalArgumentException e) {
      settings.remove(setting);
      throw e;
    }
  }

  private ContentConfig build() {
    ContentConfig.Builder builder = ContentConfig.builder();
    settings.forEach(setting -> setting.accept(builder));
    return builder.build();
  }

  private static JsonTypes jsonTypes(String name) {
    for (JsonTypes types : JsonTypes.values()) {
      if (types.name().toLowerCase(Locale.ROOT).equals(name)) {
        return types;
      }
    }
    throw new IllegalArgumentException("must be marked or plain");
  }

  /** What no array could hold is refused by the rule of its key. */
  private static int bytes(long size) {
    return (int) Math.min(size, Integer.MAX_VALUE);
  }
}
