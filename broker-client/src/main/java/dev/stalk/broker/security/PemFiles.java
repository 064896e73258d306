package dev.stalk.broker.security;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.BadPaddingException;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Reads certificates and private keys from PEM files, as OpenSSL and so Python's ssl has them.
 * Stateless; each call reads the file anew.
 */
public final class PemFiles {
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \\1-----", Pattern.DOTALL);
  private static final List<String> ALGORITHMS = List.of("RSA", "EC", "EdDSA");

  /** What precedes a PKCS#1 key within a PKCS#8 one: version 0, algorithm rsaEncryption. */
  private static final byte[] RSA_HEADER = {
    2,
    1,
    0,
    0x30,
    0x0d,
    6,
    9,
    0x2a,
    (byte) 0x86,
    0x48,
    (byte) 0x86,
    (byte) 0xf7,
    0x0d,
    1,
    1,
    1,
    5,
    0
  };

  private static final String CONVERT = "; 'openssl pkcs8 -topk8 -nocrypt -in FILE' converts it";

  private PemFiles() {}

  /**
   * All certificates of a file, in its order.
   *
   * @param setting what the file is called in errors
   * @throws IllegalArgumentException if it cannot be read or holds none
   */
  public static List<X509Certificate> certificates(String setting, String file) {
    ByteArrayOutputStream blocks = new ByteArrayOutputStream();
    Matcher block = BLOCK.matcher(text(setting, file));
    while (block.find()) {
      if (block.group(1).equals("CERTIFICATE")) {
        blocks.writeBytes(block.group().getBytes(StandardCharsets.US_ASCII));
        blocks.write('\n');
      }
    }
    try {
      List<X509Certificate> certificates =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(blocks.toByteArray()))
              .stream()
              .map(X509Certificate.class::cast)
              .toList();
      if (certificates.isEmpty()) {
        throw wrong(setting, file, "holds no certificate in PEM form");
      }
      return certificates;
    } catch (GeneralSecurityException e) {
      throw wrong(setting, file, "holds a certificate that cannot be read: " + e.getMessage());
    }
  }

  /** As {@link #privateKey(String, String, String)}, without a password. */
  public static PrivateKey privateKey(String setting, String file) {
    return privateKey(setting, file, null);
  }

  /**
   * The private key of a file: PKCS#8, encrypted or not, or PKCS#1 that is not.
   *
   * @param setting what the file is called in errors
   * @param password of an encrypted key, in ASCII; an unencrypted one may have one that is not used
   * @throws IllegalArgumentException if it cannot be read, holds none, or holds an encrypted one
   *     the password is not of; nothing of its content is shown
   */
  public static PrivateKey privateKey(String setting, String file, @Nullable String password) {
    Matcher block = BLOCK.matcher(text(setting, file));
    while (block.find()) {
      String kind = block.group(1);
      if (kind.equals("PRIVATE KEY")) {
        return key(setting, file, content(setting, file, block.group(2)));
      } else if (kind.equals("RSA PRIVATE KEY")) {
        return key(setting, file, ofPkcs1(content(setting, file, block.group(2))));
      } else if (kind.equals("ENCRYPTED PRIVATE KEY") && password != null) {
        byte[] encrypted = content(setting, file, block.group(2));
        return key(setting, file, decrypted(setting, file, encrypted, password));
      } else if (kind.endsWith("PRIVATE KEY")) {
        throw wrong(
            setting,
            file,
            kind.startsWith("ENCRYPTED")
                ? "holds an encrypted key, for which there is no password" + CONVERT
                : "holds a key that is neither PKCS#8 nor PKCS#1" + CONVERT);
      }
    }
    throw wrong(setting, file, "holds no private key in PEM form");
  }

  private static byte[] content(String setting, String file, String base64) {
    if (base64.contains(":")) { // the headers of an encrypted PKCS#1 key
      throw wrong(
          setting, file, "holds an encrypted key, for which there is no password" + CONVERT);
    }
    try {
      return Base64.getMimeDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      throw wrong(setting, file, "holds a key that is not in base64");
    }
  }

  private static byte[] decrypted(String setting, String file, byte[] encrypted, String password) {
    try {
      EncryptedPrivateKeyInfo info = new EncryptedPrivateKeyInfo(encrypted);
      String algorithm = info.getAlgName();
      if (!algorithm.startsWith("PBEWith")) { // the second scheme names its parts in parameters
        algorithm = String.valueOf(info.getAlgParameters());
      }
      PBEKeySpec key = new PBEKeySpec(password.toCharArray());
      Cipher cipher = Cipher.getInstance(algorithm);
      cipher.init(
          Cipher.DECRYPT_MODE,
          SecretKeyFactory.getInstance(algorithm).generateSecret(key),
          info.getAlgParameters());
      return cipher.doFinal(info.getEncryptedData());
    } catch (BadPaddingException e) {
      throw wrong(setting, file, "holds an encrypted key, which the password is not of");
    } catch (GeneralSecurityException | IOException e) {
      throw wrong(
          setting,
          file,
          "holds a key that is encrypted in a way this JVM does not know: "
              + e.getMessage()
              + "; 'openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE' encrypts it in one it does");
    }
  }

  private static PrivateKey key(String setting, String file, byte[] pkcs8) {
    InvalidKeySpecException last = null;
    for (String algorithm : ALGORITHMS) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
      } catch (InvalidKeySpecException anotherAlgorithm) {
        last = anotherAlgorithm;
      } catch (GeneralSecurityException e) {
        throw wrong(setting, file, "holds a key this JVM cannot use: " + e.getMessage());
      }
    }
    throw wrong(setting, file, "holds a key that is none of %s: %s".formatted(ALGORITHMS, last));
  }

  private static byte[] ofPkcs1(byte[] key) {
    ByteArrayOutputStream inner = new ByteArrayOutputStream();
    inner.writeBytes(RSA_HEADER);
    inner.write(4); // an octet string
    inner.writeBytes(length(key.length));
    inner.writeBytes(key);
    ByteArrayOutputStream outer = new ByteArrayOutputStream();
    outer.write(0x30); // a sequence
    outer.writeBytes(length(inner.size()));
    outer.writeBytes(inner.toByteArray());
    return outer.toByteArray();
  }

  /** A length in DER. */
  private static byte[] length(int length) {
    if (length < 0x80) {
      return new byte[] {(byte) length};
    }
    if (length < 0x100) {
      return new byte[] {(byte) 0x81, (byte) length};
    }
    return new byte[] {(byte) 0x82, (byte) (length >> 8), (byte) length};
  }

  private static String text(String setting, String file) {
    try {
      return Files.readString(Path.of(file), StandardCharsets.ISO_8859_1);
    } catch (NoSuchFileException e) {
      throw wrong(setting, file, "does not exist");
    } catch (IOException e) {
      throw wrong(setting, file, "cannot be read: " + e.getMessage());
    }
  }

  private static IllegalArgumentException wrong(String setting, String file, String what) {
    return new IllegalArgumentException("%s: the file %s %s".formatted(setting, file, what));
  }
}
