package dev.stalk.broker.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.message.RemoteException;
import dev.stalk.broker.message.TaskBody;
import dev.stalk.broker.message.TaskMessage;
import dev.stalk.broker.message.TaskResult;
import dev.stalk.broker.message.TaskState;
import dev.stalk.broker.security.MessageSecurity;
import dev.stalk.broker.security.SignatureLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Signed bodies, with the keys of {@code src/test/resources/security}. */
class SignedBodyTest {
  private static final List<Object> VALUE = List.of(1, "\u017c", Map.of("k", true));

  static String file(String name) {
    return Path.of("src", "test", "resources", "security", name).toString();
  }

  static MessageSecurity.Builder security() {
    return MessageSecurity.builder()
        .key(file("signer1.key"))
        .certificate(file("store/signer1.pem"))
        .certStore(file("store"));
  }

  /** Signs and believes signer1. */
  static ContentConfig.Builder signing() {
    return content(security());
  }

  private static ContentConfig.Builder content(MessageSecurity.Builder security) {
    return ContentConfig.builder().security(security.load()).acceptContent("auth");
  }

  /** Signs as signer2, and believes nobody. */
  private static ContentConfig.Builder stranger() {
    return ContentConfig.builder()
        .security(
            MessageSecurity.builder()
                .key(file("signer2.key"))
                .certificate(file("signer2.pem"))
                .load());
  }

  private static void assertRefused(byte[] signed, String why) {
    assertThatThrownBy(() -> SignedBody.decode(signed, signing().build()))
        .isInstanceOf(MalformedMessageException.class)
        .hasMessageContaining(why);
  }

  private static byte[] fields(byte[] signed) {
    return Base64.getDecoder().decode(signed);
  }

  // ---- both ways

  @ParameterizedTest
  @CsvSource({
    "CELERY_5_5, json",
    "CELERY_5_5, yaml",
    "CELERY_5_5, msgpack",
    "CELERY_5_4, json",
    "CELERY_5_4, yaml"
  })
  void whatIsSignedIsReadInEitherLayout(SignatureLayout layout, String serializer) {
    ContentConfig content = content(security().layout(layout).serializer(serializer)).build();

    byte[] signed = SignedBody.encode(VALUE, content);

    assertThat(SignedBody.decode(signed, signing().build())).isEqualTo(VALUE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"sha224", "sha256", "sha384", "sha512"})
  void whatIsSignedWithADigestIsReadWithItAndWithNoOther(String digest) {
    ContentConfig content = content(security().digest(digest)).build();
    ContentConfig other =
        content(security().digest(digest.equals("sha256") ? "sha512" : "sha256")).build();

    byte[] signed = SignedBody.encode(VALUE, content);

    assertThat(SignedBody.decode(signed, content)).isEqualTo(VALUE);
    assertThatThrownBy(() -> SignedBody.decode(signed, other))
        .hasMessageContaining("the signature is not of this body");
  }

  @ParameterizedTest
  @ValueSource(strings = {"signed-by-celery-5.7.txt", "signed-by-celery-5.2.txt"})
  void whatCelerySignedIsRead(String recorded) {
    assertThat(SignedBody.decode(Fixtures.bytes("security/" + recorded), signing().build()))
        .asString()
        .startsWith("[[2, \u017c], {y=3}, {callbacks=null");
  }

  @ParameterizedTest
  @CsvSource({
    "CELERY_5_5, json",
    "CELERY_5_5, yaml",
    "CELERY_5_5, msgpack",
    "CELERY_5_4, json",
    "CELERY_5_4, yaml"
  })
  void aSuccessIsKnownForOneByWhomeverItWasSigned(SignatureLayout layout, String serializer) {
    ContentConfig content = content(security().layout(layout).serializer(serializer)).build();

    byte[] success = SignedBody.encode(Map.of("status", "SUCCESS"), content);
    byte[] failure = SignedBody.encode(Map.of("status", "FAILURE"), content);

    assertThat(ResultCodec.isSuccess(success, stranger().build())).isTrue();
    assertThat(ResultCodec.isSuccess(failure, stranger().build())).isFalse();
    assertThat(ResultCodec.isSuccess(new byte[] {'A', 'A', 'A', 'A'}, stranger().build()))
        .isFalse();
  }

  // ---- refused

  @ParameterizedTest
  @EnumSource(SignatureLayout.class)
  void whateverByteOfSignerSignatureOrValueIsFlippedItIsRefused(SignatureLayout layout) {
    ContentConfig content = content(security().layout(layout)).build();
    byte[] fields = fields(SignedBody.encode(VALUE, content));
    String plain = new String(fields, StandardCharsets.ISO_8859_1);
    int type = plain.indexOf("application/json") - 2;
    int value = plain.indexOf("utf-8") + "utf-8".length() + 2;
    List<Integer> accepted = new ArrayList<>();

    for (int i = 0; i < fields.length; i++) {
      byte[] flipped = fields.clone();
      flipped[i] ^= 1;
      try {
        var unused = SignedBody.decode(Base64.getEncoder().encode(flipped), signing().build());
        accepted.add(i);
      } catch (MalformedMessageException expected) {
        assertThat(expected)
            .hasMessageMatching("(?s).*(not a signed body|not believed|message\\.content-type).*");
      }
    }

    assertThat(accepted)
        .as("only what says the encoding, which is neither signed nor used, may change")
        .allMatch(i -> i > type + "application/json".length() + 2 && i < value - 2);
  }

  @Test
  void whatAStrangerSignedIsRefused() {
    assertRefused(
        SignedBody.encode(VALUE, stranger().build()),
        "signer2 2', and not believed: there is no certificate of that id in the security cert-store");
  }

  @Test
  void whatAStrangerSignedInTheOldLayoutIsRefused() {
    ContentConfig content =
        ContentConfig.builder()
            .security(
                MessageSecurity.builder()
                    .key(file("signer2.key"))
                    .certificate(file("signer2.pem"))
                    .layout(SignatureLayout.CELERY_5_4)
                    .load())
            .build();

    assertRefused(SignedBody.encode(VALUE, content), "there is no certificate of that id");
  }

  @Test
  void anothersSignatureUnderAKnownNameIsRefused() {
    byte[] own = fields(SignedBody.encode(VALUE, signing().build()));
    byte[] anothers = fields(SignedBody.encode(VALUE, stranger().build()));
    String name = new String(own, StandardCharsets.ISO_8859_1).split("\0\1", 2)[0];
    String rest = new String(anothers, StandardCharsets.ISO_8859_1).split("\0\1", 2)[1];

    assertRefused(
        Base64.getEncoder().encode((name + "\0\1" + rest).getBytes(StandardCharsets.ISO_8859_1)),
        "the signature is not of this body");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "AAAA", "!!", "AAE=", "QQABQQABQQABQQAB", "[[], {}, {}]"})
  void whatIsNotSignedIsRefused(String text) {
    assertThatThrownBy(
            () -> SignedBody.decode(text.getBytes(StandardCharsets.UTF_8), signing().build()))
        .isInstanceOf(MalformedMessageException.class);
  }

  @Test
  void whatIsSignedTwiceOrPickledIsRefusedThoughItIsSigned() {
    byte[] fields = fields(SignedBody.encode(VALUE, signing().build()));
    String plain = new String(fields, StandardCharsets.ISO_8859_1);

    assertRefused(retyped(plain, "application/data"), "signed again");
    assertRefused(retyped(plain, "application/x-python-serialize"), "pickle is refused");
  }

  private static byte[] retyped(String fields, String type) {
    return Base64.getEncoder()
        .encode(fields.replace("application/json", type).getBytes(StandardCharsets.ISO_8859_1));
  }

  // ---- messages and results

  private static TaskMessage message() {
    return MessageCodec.decode(Fixtures.bytes(Fixtures.CELERY_57 + "messages/plain.json"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "gzip"})
  void aSignedMessageIsReadAndWhatIsNotSignedIsRefused(String compression) {
    ContentConfig content = signing().taskSerializer("auth").taskCompression(compression).build();
    TaskMessage message = message();

    byte[] signed = MessageCodec.encode(message, "tag", content);
    TaskMessage read = MessageCodec.decode(signed, content);

    assertThat(read.body())
        .isEqualTo(
            new TaskBody(message.body().args(), message.body().kwargs(), message.body().embed()));
    assertThatThrownBy(() -> MessageCodec.decode(MessageCodec.encode(message, "tag"), content))
        .isInstanceOf(MalformedMessageException.class)
        .hasMessageContaining("content.accept-content may name json");
    assertThatThrownBy(() -> MessageCodec.decode(signed))
        .isInstanceOf(MalformedMessageException.class)
        .hasMessageContaining("content.accept-content may name auth");
  }

  @ParameterizedTest
  @EnumSource(SignatureLayout.class)
  void aSignedResultIsToldFromAllOthers(SignatureLayout layout) {
    ContentConfig content =
        content(security().layout(layout)).acceptContent("auth", "json", "yaml", "msgpack").build();
    TaskResult failed =
        new TaskResult(
            "id",
            TaskState.FAILURE,
            null,
            new RemoteException("ValueError", "builtins", List.of("bad", 3)),
            "trace",
            null,
            null,
            null);

    for (String serializer : List.of("auth", "json", "yaml", "msgpack")) {
      byte[] meta =
          ResultCodec.encode(
              failed, null, Map.of(), content.toBuilder().resultSerializer(serializer).build());

      assertThat(ResultCodec.decode("id", meta, content).failure()).isEqualTo(failed.failure());
    }
  }

  @Test
  void aResultThatIsNotSignedIsNotBelievedWhereOnlySignedOnesAre() {
    ContentConfig content = signing().resultSerializer("auth").build();
    byte[] meta = "{\"status\": \"SUCCESS\", \"result\": 1}".getBytes(StandardCharsets.UTF_8);

    assertThatThrownBy(() -> ResultCodec.decode("id", meta, content))
        .isInstanceOf(MalformedMessageException.class)
        .hasMessageContaining("looks like json, which is not accepted");
  }

  // ---- configuration

  @Test
  void signingAndVerifyingNeedTheirFiles() {
    assertThatThrownBy(() -> ContentConfig.builder().taskSerializer("auth").build())
        .hasMessage(
            "task-serializer auth needs content.security with key and certificate, to sign with");
    assertThatThrownBy(() -> stranger().acceptContent("auth").build())
        .hasMessage("accept-content auth needs content.security with a cert-store, to verify by");
    assertThatThrownBy(() -> content(security().serializer("auth")).build())
        .hasMessage("security serializer must be json, yaml or msgpack");
    assertThatThrownBy(
            () ->
                content(security().serializer("msgpack").layout(SignatureLayout.CELERY_5_4))
                    .build())
        .hasMessageContaining("msgpack needs layout celery-5.5");
  }

  @Test
  void aTaskSentWithoutAKeySaysSo() {
    assertThatThrownBy(() -> SignedBody.encode(VALUE, ContentConfig.DEFAULT))
        .isInstanceOf(EncodingException.class)
        .hasMessageContaining("to sign with");
  }

  @Test
  void equalFilesMakeEqualConfigurations() {
    assertThat(signing().build()).isEqualTo(signing().build()).hasSameHashCodeAs(signing().build());
    assertThat(signing().build()).isNotEqualTo(content(security().digest("sha512")).build());
    assertThat(Arrays.asList(signing().build().toString()))
        .noneMatch(text -> text.contains("celery\""));
  }
}
