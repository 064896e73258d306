package dev.stalk.broker.security;

import java.security.PrivateKey;
import java.security.SignatureException;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAKey;
import java.security.interfaces.RSAPublicKey;
import java.time.Clock;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What bodies are signed with and by what they are verified: Celery's {@code security_key}, {@code
 * security_certificate}, {@code security_cert_store} and {@code security_digest} (celery {@code
 * security/}), loaded from their files once. Immutable and thread-safe; two are equal if they were
 * loaded from the same settings and certificates.
 */
public final class MessageSecurity {
  public static final String DEFAULT_DIGEST = "sha256";
  public static final String DEFAULT_SERIALIZER = "json";
  public static final SignatureLayout DEFAULT_LAYOUT = SignatureLayout.CELERY_5_5;

  private record Settings(
      @Nullable String key,
      @Nullable String keyPassword,
      @Nullable String certificate,
      @Nullable String certStore,
      String digest,
      SignatureLayout layout,
      String serializer) {}

  private record Signer(String id, PrivateKey key, X509Certificate certificate) {}

  private final Settings settings;
  private final PssSignatures signatures;
  private final Clock clock;
  private final @Nullable Signer signer;
  private final @Nullable CertificateStore store;

  private MessageSecurity(Settings settings, Clock clock) {
    this.settings = settings;
    this.clock = clock;
    this.signatures = PssSignatures.named(settings.digest());
    this.signer = signer(settings);
    this.store =
        settings.certStore() == null
            ? null
            : CertificateStore.load(settings.certStore(), signatures, clock.instant());
    if (signer == null && store == null) {
      throw new IllegalArgumentException(
          "security needs a key and its certificate, to sign, or a cert-store, to verify, or both");
    }
  }

  private @Nullable Signer signer(Settings settings) {
    String keyFile = settings.key();
    String certificateFile = settings.certificate();
    if (keyFile == null && certificateFile == null) {
      return null;
    }
    if (keyFile == null || certificateFile == null) {
      throw new IllegalArgumentException(
          keyFile == null
              ? "security certificate needs the key it is of"
              : "security key needs its certificate, which names the signer");
    }
    PrivateKey key = PemFiles.privateKey("security key", keyFile, settings.keyPassword());
    X509Certificate certificate =
        PemFiles.certificates("security certificate", certificateFile).get(0);
    String id =
        CertificateStore.checked(
            "security certificate", certificateFile, certificate, signatures, clock.instant());
    if (!(key instanceof RSAKey rsa)) {
      throw new IllegalArgumentException(
          "security key: the file %s holds a key that is %s, not RSA"
              .formatted(keyFile, key.getAlgorithm()));
    }
    if (!rsa.getModulus().equals(((RSAPublicKey) certificate.getPublicKey()).getModulus())) {
      throw new IllegalArgumentException(
          "security certificate: the file %s is not of the key in %s"
              .formatted(certificateFile, keyFile));
    }
    return new Signer(id, key, certificate);
  }

  /** Whether there is a key. */
  public boolean signs() {
    return signer != null;
  }

  /** Whether there is a store of certificates. */
  public boolean verifies() {
    return store != null;
  }

  /** How signer and signature are written. */
  public SignatureLayout layout() {
    return settings.layout();
  }

  /** What is signed is written in this serializer, by kombu's name. */
  public String serializer() {
    return settings.serializer();
  }

  /** The name of the digest, as it was given. */
  public String digest() {
    return settings.digest();
  }

  /** The file with the private key; null if there is none. */
  public @Nullable String keyFile() {
    return settings.key();
  }

  /** Whether a password was given for it, which is told to nobody. */
  public boolean hasKeyPassword() {
    return settings.keyPassword() != null;
  }

  /** The file with the certificate of that key; null if there is none. */
  public @Nullable String certificateFile() {
    return settings.certificate();
  }

  /** Where the certificates lie by which signatures are verified; null if none are. */
  public @Nullable String certStore() {
    return settings.certStore();
  }

  /**
   * The id of the certificate of the key, which signed bodies bear.
   *
   * @throws IllegalStateException if there is no key
   */
  public String signerId() {
    return signing().id();
  }

  /**
   * The body's signature.
   *
   * @throws IllegalStateException if there is no key, or its certificate has expired meanwhile, so
   *     that nobody would believe the signature
   */
  public byte[] sign(byte[] body) {
    Signer signing = signing();
    if (CertificateStore.expired(signing.certificate(), clock.instant())) {
      throw new IllegalStateException(
          "the security certificate expired at " + signing.certificate().getNotAfter().toInstant());
    }
    return signatures.sign(signing.key(), body);
  }

  private Signer signing() {
    if (signer == null) {
      throw new IllegalStateException("there is no security key to sign with");
    }
    return signer;
  }

  /** How many bytes the signatures of this signer have; 0 if the signer is not known. */
  public int signatureLength(String signerId) {
    X509Certificate certificate = certificate(signerId);
    return certificate == null
        ? 0
        : (((RSAPublicKey) certificate.getPublicKey()).getModulus().bitLength() + 7) / 8;
  }

  private @Nullable X509Certificate certificate(String signerId) {
    return store == null ? null : store.certificates().get(signerId);
  }

  /**
   * Checks that the body was signed by this signer.
   *
   * @throws SignatureException if not, or the signer is not in the store, or has expired; it says
   *     which
   */
  public void verify(String signerId, byte[] signature, byte[] body) throws SignatureException {
    X509Certificate certificate = certificate(signerId);
    if (certificate == null) {
      throw new SignatureException("there is no certificate of that id in the security cert-store");
    }
    if (CertificateStore.expired(certificate, clock.instant())) {
      throw new SignatureException(
          "its certificate expired at " + certificate.getNotAfter().toInstant());
    }
    if (!signatures.fits(certificate.getPublicKey(), signature, body)) {
      throw new SignatureException("the signature is not of this body");
    }
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof MessageSecurity that
        && settings.equals(that.settings)
        && Objects.equals(signer, that.signer)
        && Objects.equals(store, that.store);
  }

  @Override
  public int hashCode() {
    return Objects.hash(settings, store);
  }

  /** The settings, without the password. */
  @Override
  public String toString() {
    return "MessageSecurity[key=%s, certificate=%s, certStore=%s, digest=%s, layout=%s, serializer=%s]"
        .formatted(
            settings.key(),
            settings.certificate(),
            settings.certStore(),
            settings.digest(),
            settings.layout(),
            settings.serializer());
  }

  /** Starts with nothing but the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Collects settings. Not thread-safe. */
  public static final class Builder {
    private @Nullable String key;
    private @Nullable String keyPassword;
    private @Nullable String certificate;
    private @Nullable String certStore;
    private String digest = DEFAULT_DIGEST;
    private SignatureLayout layout = DEFAULT_LAYOUT;
    private String serializer = DEFAULT_SERIALIZER;
    private Clock clock = Clock.systemUTC();

    private Builder() {}

    /** A PEM file with an RSA key, PKCS#8 or PKCS#1; none by default: nothing can be signed. */
    public Builder key(String file) {
      key = file;
      return this;
    }

    /** The password of an encrypted PKCS#8 key; none by default. */
    public Builder keyPassword(String value) {
      keyPassword = value;
      return this;
    }

    /** A PEM file whose first certificate is that of the key. */
    public Builder certificate(String file) {
      certificate = file;
      return this;
    }

    /**
     * A directory of PEM files, or a pattern in one such as {@code /etc/certs/*.pem}: whose
     * signatures are believed; none by default: nothing signed is read.
     */
    public Builder certStore(String path) {
      certStore = path;
      return this;
    }

    /** sha224, sha256 (the default), sha384 or sha512; the same on all sides. */
    public Builder digest(String name) {
      digest = name;
      return this;
    }

    /** For which Celery is written; {@link #DEFAULT_LAYOUT} by default. */
    public Builder layout(SignatureLayout value) {
      layout = value;
      return this;
    }

    /** What the signed body is written in: json (the default), yaml or msgpack. */
    public Builder serializer(String name) {
      serializer = name;
      return this;
    }

    Builder clock(Clock value) {
      clock = value;
      return this;
    }

    /**
     * Reads the files.
     *
     * @throws IllegalArgumentException if one cannot be read or used, a certificate has expired, or
     *     there is nothing to read; it names setting and file and shows nothing of a key
     */
    public MessageSecurity load() {
      return new MessageSecurity(
          new Settings(key, keyPassword, certificate, certStore, digest, layout, serializer),
          clock);
    }
  }
}
