package dev.stalk.broker.security;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Whose signatures are believed: the certificates of a directory, by their ids (celery {@code
 * security/certificate.py:FSCertStore}). That one lies there is all the trust it needs; who issued
 * it is not looked at, as in Celery.
 *
 * @param certificates by id
 */
record CertificateStore(Map<String, X509Certificate> certificates) {
  private static final String SETTING = "security cert-store";

  /**
   * Reads all files of a directory, or those a pattern such as {@code /etc/certs/*.pem} matches in
   * its directory; several certificates in one file count each.
   *
   * @throws IllegalArgumentException if there is none, or one that is unreadable, not of an RSA key
   *     that fits the digest, expired, or there twice
   */
  static CertificateStore load(String path, PssSignatures signatures, Instant now) {
    List<Path> files = files(path);
    Map<String, X509Certificate> certificates = new LinkedHashMap<>();
    for (Path file : files) {
      for (X509Certificate certificate : PemFiles.certificates(SETTING, file.toString())) {
        String id = checked(SETTING, file.toString(), certificate, signatures, now);
        if (certificates.putIfAbsent(id, certificate) != null) {
          throw wrong(SETTING, file.toString(), "holds certificate '%s' again".formatted(id));
        }
      }
    }
    if (certificates.isEmpty()) {
      throw new IllegalArgumentException(
          "%s: there is no file in %s; it must be a directory of certificates in PEM form, or a pattern such as /etc/certs/*.pem"
              .formatted(SETTING, path));
    }
    return new CertificateStore(Collections.unmodifiableMap(certificates));
  }

  private static List<Path> files(String path) {
    Path whole = Path.of(path);
    Path directory = whole;
    String pattern = "*";
    if (!Files.isDirectory(whole)) {
      Path parent = whole.toAbsolutePath().getParent();
      directory = parent == null ? whole : parent;
      pattern = String.valueOf(whole.getFileName());
    }
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(directory, pattern)) {
      for (Path file : found) {
        if (!file.getFileName().toString().startsWith(".") && Files.isRegularFile(file)) {
          files.add(file);
        }
      }
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "%s: %s cannot be read: %s".formatted(SETTING, path, e), e);
    }
    Collections.sort(files);
    return files;
  }

  /** The id of a certificate that can be used. */
  static String checked(
      String setting,
      String file,
      X509Certificate certificate,
      PssSignatures signatures,
      Instant now) {
    if (!(certificate.getPublicKey() instanceof RSAPublicKey key)) {
      throw wrong(
          setting,
          file,
          "holds a certificate of a key that is %s, not RSA"
              .formatted(certificate.getPublicKey().getAlgorithm()));
    }
    if (expired(certificate, now)) {
      throw wrong(
          setting,
          file,
          "holds a certificate that expired at %s; renew it, or take it away"
              .formatted(certificate.getNotAfter().toInstant()));
    }
    try {
      int unused = signatures.saltLength(key);
      return CertificateIds.of(certificate);
    } catch (IllegalArgumentException e) {
      throw wrong(setting, file, "holds a certificate that cannot be used: it " + e.getMessage());
    }
  }

  static boolean expired(X509Certificate certificate, Instant now) {
    return !now.isBefore(certificate.getNotAfter().toInstant());
  }

  private static IllegalArgumentException wrong(String setting, String file, String what) {
    return new IllegalArgumentException("%s: the file %s %s".formatted(setting, file, what));
  }
}
