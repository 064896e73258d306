package dev.stalk.broker.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SignatureException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MessageSecurityTest {
  private static final String SIGNER =
      "US Acme Inc, \u017b\u00f3\u0142w keys@acme.test signer1"
          + " 690052444490248919275409258094482491182633056735";
  private static final byte[] BODY = "body".getBytes(StandardCharsets.UTF_8);
  private static final Clock AFTER_THE_END =
      Clock.fixed(Instant.parse("2124-01-01T00:00:00Z"), ZoneOffset.UTC);

  private static String file(String name) {
    return Path.of("src", "test", "resources", "security", name).toString();
  }

  private static MessageSecurity.Builder signing() {
    return MessageSecurity.builder()
        .key(file("signer1.key"))
        .certificate(file("store/signer1.pem"));
  }

  private static void assertRefused(MessageSecurity.Builder security, String... words) {
    assertThatThrownBy(security::load)
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .contains(words)
        .doesNotContain("BEGIN");
  }

  @Test
  void theSignerIsNamedAsPythonNamesIt() {
    assertThat(signing().load().signerId()).isEqualTo(SIGNER);
  }

  @ParameterizedTest
  @CsvSource({"signer1.key,", "signer1-pkcs1.key,", "signer1-encrypted.key, celery"})
  void keysAreReadInEachForm(String key, String password) throws SignatureException {
    MessageSecurity.Builder builder = signing().key(file(key)).certStore(file("store"));
    if (password != null) {
      builder.keyPassword(password);
    }
    MessageSecurity security = builder.load();

    security.verify(SIGNER, security.sign(BODY), BODY);
  }

  @Test
  void aPatternChoosesFilesAndSeveralCertificatesMayStandInOne(@TempDir Path directory)
      throws Exception {
    Files.writeString(
        directory.resolve("both.pem"),
        Files.readString(Path.of(file("store/signer1.pem")))
            + Files.readString(Path.of(file("signer2.pem"))));
    Files.writeString(directory.resolve("README"), "no certificate");

    MessageSecurity security =
        MessageSecurity.builder().certStore(directory.resolve("*.pem").toString()).load();

    assertThat(security.signatureLength(SIGNER)).isEqualTo(256);
    assertThat(security.signatureLength("US Acme Inc, \u017b\u00f3\u0142w signer2 2"))
        .isEqualTo(256);
    assertThat(security.signatureLength("somebody")).isZero();
  }

  @Test
  void whatHasExpiredIsRefusedWhereItIsLoaded() {
    assertRefused(
        MessageSecurity.builder().certStore(file("expired")),
        "security cert-store: the file ",
        "signer1.pem holds a certificate that expired at 2025-01-01T00:00:00Z; renew it");
    assertRefused(
        signing().certificate(file("expired/signer1.pem")),
        "security certificate: the file ",
        "expired at 2025-01-01T00:00:00Z");
  }

  @Test
  void whatExpiresWhileItIsUsedIsNoLongerBelieved() {
    MessageSecurity now = signing().certStore(file("store")).load();
    byte[] signature = now.sign(BODY);
    assertThatCode(() -> now.verify(SIGNER, signature, BODY)).doesNotThrowAnyException();

    AdvancingClock clock = new AdvancingClock();
    MessageSecurity aged = signing().certStore(file("store")).clock(clock).load();
    clock.now = AFTER_THE_END.instant();

    assertThatThrownBy(() -> aged.verify(SIGNER, signature, BODY))
        .isInstanceOf(SignatureException.class)
        .hasMessage("its certificate expired at 2124-01-01T00:00:00Z");
    assertThatThrownBy(() -> aged.sign(BODY))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("expired");
  }

  private static final class AdvancingClock extends Clock {
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");

    @Override
    public java.time.ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(java.time.ZoneId zone) {
      return this;
    }

    @Override
    public Instant instant() {
      return now;
    }
  }

  @Test
  void whatCannotBeUsedIsRefusedByNameOfSettingAndFile() {
    assertRefused(
        signing().key(file("none.key")), "security key: the file ", "none.key does not exist");
    assertRefused(signing().key(file("signer1-encrypted.key")), "no password");
    assertRefused(
        signing().key(file("signer1-encrypted.key")).keyPassword("wrong"),
        "which the password is not of");
    assertRefused(signing().key(file("signer2.key")), "is not of the key in", "signer2.key");
    assertRefused(
        signing().key(file("ec.key")), "security key: ", "holds a key that is EC, not RSA");
    assertRefused(
        MessageSecurity.builder().certStore(file("elliptic")), "a key that is EC, not RSA");
    assertRefused(
        MessageSecurity.builder().certStore(file("twice")), "b.pem holds certificate", "again");
    assertRefused(MessageSecurity.builder().certStore(file("store/*.crt")), "there is no file in");
    assertRefused(MessageSecurity.builder().certStore(file("none/*.pem")), "cannot be read");
    assertRefused(
        MessageSecurity.builder().certStore(file("signer1.key")),
        "holds no certificate in PEM form");
    assertRefused(signing().digest("md5"), "there is no 'md5' here, only [sha224, sha256");
    assertRefused(MessageSecurity.builder().key(file("signer1.key")), "needs its certificate");
    assertRefused(MessageSecurity.builder().certificate(file("signer2.pem")), "needs the key");
    assertRefused(MessageSecurity.builder(), "security needs a key and its certificate");
  }

  @Test
  void nothingSaysThePassword() {
    MessageSecurity security =
        signing().key(file("signer1-encrypted.key")).keyPassword("celery").load();

    assertThat(security.toString()).doesNotContain("celery,").doesNotContain("Password");
    assertThat(security.hasKeyPassword()).isTrue();
  }
}
