package dev.stalk.broker.security;

import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.RSAKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * RSA-PSS as Celery has it: MGF1 with the same digest, and the longest salt the key has room for
 * (celery {@code security/key.py:PrivateKey.sign}).
 *
 * @param digest the JDK's name of the digest
 * @param digestLength its bytes
 */
record PssSignatures(String digest, int digestLength) {
  private static final String ALGORITHM = "RSASSA-PSS";

  private static final Map<String, PssSignatures> BY_NAME =
      new TreeMap<>(
          Map.of(
              "sha224", new PssSignatures("SHA-224", 28),
              "sha256", new PssSignatures("SHA-256", 32),
              "sha384", new PssSignatures("SHA-384", 48),
              "sha512", new PssSignatures("SHA-512", 64)));

  /**
   * By Celery's name of the digest, in either case.
   *
   * @throws IllegalArgumentException if it is another
   */
  static PssSignatures named(String digest) {
    PssSignatures found = BY_NAME.get(digest.toLowerCase(Locale.ROOT));
    if (found == null) {
      throw new IllegalArgumentException(
          "security digest: there is no '%s' here, only %s".formatted(digest, BY_NAME.keySet()));
    }
    return found;
  }

  /**
   * How many bytes of salt there is room for.
   *
   * @throws IllegalArgumentException if the key is too short for this digest
   */
  int saltLength(RSAKey key) {
    int salt = (key.getModulus().bitLength() + 6) / 8 - digestLength - 2;
    if (salt < 0) {
      throw new IllegalArgumentException(
          "has an RSA key of %d bits, which is too short for %s"
              .formatted(key.getModulus().bitLength(), digest));
    }
    return salt;
  }

  byte[] sign(PrivateKey key, byte[] body) {
    try {
      Signature signature = of((RSAKey) key);
      signature.initSign(key);
      signature.update(body);
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the body cannot be signed: " + e.getMessage(), e);
    }
  }

  boolean fits(PublicKey key, byte[] signed, byte[] body) {
    try {
      Signature signature = of((RSAKey) key);
      signature.initVerify(key);
      signature.update(body);
      return signature.verify(signed);
    } catch (GeneralSecurityException wrongLengthOrForm) {
      return false;
    }
  }

  private Signature of(RSAKey key)
      throws NoSuchAlgorithmException, InvalidAlgorithmParameterException {
    Signature signature = Signature.getInstance(ALGORITHM);
    signature.setParameter(
        new PSSParameterSpec(
            digest,
            "MGF1",
            new MGF1ParameterSpec(digest),
            saltLength(key),
            PSSParameterSpec.TRAILER_FIELD_BC));
    return signature;
  }
}
