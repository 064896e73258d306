package dev.stalk.broker.codec;

import java.util.Base64;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A message of real Celery that can be damaged. Paths are those of JSON Pointer. */
final class Envelope {
  static final String ID = "00000000-0000-4000-8000-000000000001";

  private final ObjectNode root;

  private Envelope(ObjectNode root) {
    this.root = root;
  }

  static Envelope aMessage() {
    return of(Fixtures.bytes(Fixtures.CELERY_57 + "messages/plain.json"));
  }

  static Envelope of(byte[] raw) {
    return new Envelope((ObjectNode) Fixtures.tree(raw));
  }

  Envelope with(String path, String json) {
    parent(path).set(name(path), Fixtures.tree(json));
    return this;
  }

  Envelope without(String path) {
    parent(path).remove(name(path));
    return this;
  }

  Envelope body(String json) {
    root.put("body", Base64.getEncoder().encodeToString(Fixtures.utf8(json)));
    return this;
  }

  byte[] bytes() {
    return Fixtures.utf8(root.toString());
  }

  private ObjectNode parent(String path) {
    JsonNode parent = root.at(path.substring(0, path.lastIndexOf('/')));
    return (ObjectNode) parent;
  }

  private static String name(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }
}
