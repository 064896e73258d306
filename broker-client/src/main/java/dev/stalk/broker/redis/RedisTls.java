package dev.stalk.broker.redis;

import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How an encrypted connection is made (Celery's {@code broker_use_ssl} and the {@code ssl_} options
 * of an address; kombu {@code utils/url.py:parse_url}). What is null is not said, and the default
 * holds. Immutable.
 *
 * @param certReqs whether the server's certificate is checked ({@code ssl_cert_reqs}); required by
 *     default, where kombu's default is not to check
 * @param caFile a PEM file of the authorities that are trusted ({@code ssl_ca_certs}); those of the
 *     JVM by default
 * @param certFile a PEM file with the client's certificate, and those between it and the authority
 *     ({@code ssl_certfile}); none by default
 * @param keyFile a PEM file with its private key, PKCS#8 or PKCS#1, not encrypted ({@code
 *     ssl_keyfile}); by default it stands in {@code certFile}
 * @param checkHostname whether the certificate must be for the host that was connected to ({@code
 *     ssl_check_hostname}); yes by default, and never without a check of the certificate
 */
public record RedisTls(
    @Nullable CertReqs certReqs,
    @Nullable String caFile,
    @Nullable String certFile,
    @Nullable String keyFile,
    @Nullable Boolean checkHostname) {

  /** Nothing said: the certificate is checked against the JVM's authorities, and the host name. */
  public static final RedisTls DEFAULT = new RedisTls(null, null, null, null, null);

  /** Python's {@code ssl_cert_reqs}. */
  public enum CertReqs {
    /** The certificate is checked. */
    REQUIRED,
    /** The same: to a client Python's {@code CERT_OPTIONAL} means just that. */
    OPTIONAL,
    /** Nothing is checked: the connection is encrypted, but anybody may be at its other end. */
    NONE;

    private static final Map<String, CertReqs> NAMES =
        Map.of(
            "required", REQUIRED,
            "optional", OPTIONAL,
            "none", NONE,
            "CERT_REQUIRED", REQUIRED,
            "CERT_OPTIONAL", OPTIONAL,
            "CERT_NONE", NONE);

    /**
     * Reads one of the words kombu knows ({@code utils/url.py:parse_ssl_cert_reqs}).
     *
     * @throws IllegalArgumentException if it is another
     */
    public static CertReqs of(String word) {
      CertReqs known = NAMES.get(word);
      if (known == null) {
        throw new IllegalArgumentException(
            "ssl-cert-reqs must be required, optional or none, or CERT_REQUIRED, CERT_OPTIONAL or"
                + " CERT_NONE");
      }
      return known;
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * Checks that a key has a certificate.
   *
   * @throws IllegalArgumentException if it has not
   */
  public RedisTls {
    if (keyFile != null && certFile == null) {
      throw new IllegalArgumentException("key-file needs a cert-file");
    }
  }

  boolean checksCertificate() {
    return certReqs != CertReqs.NONE;
  }

  boolean checksHostName() {
    return checksCertificate() && !Boolean.FALSE.equals(checkHostname);
  }

  /** What is said here, and where nothing is, what is said there. */
  RedisTls orElse(RedisTls other) {
    return new RedisTls(
        certReqs == null ? other.certReqs : certReqs,
        caFile == null ? other.caFile : caFile,
        certFile == null ? other.certFile : certFile,
        certFile == null ? other.keyFile : keyFile,
        checkHostname == null ? other.checkHostname : checkHostname);
  }
}
