package dev.stalk.broker.redis;

import dev.stalk.broker.security.PemFiles;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Encrypts sockets as {@link RedisTls} says. What was read from files is kept until one of them is
 * replaced, so that a renewed certificate counts from the next connection on. Thread-safe.
 */
final class TlsSockets {
  private static final Logger log = LoggerFactory.getLogger(TlsSockets.class);
  private static final int KEPT = 16;
  private static final Map<Source, SSLContext> contexts = new ConcurrentHashMap<>();

  /** Settings, and when the files they name were written. */
  private record Source(RedisTls tls, List<Object> written) {}

  private TlsSockets() {}

  /**
   * Encrypts a connected socket. The handshake is over when this returns.
   *
   * @throws IOException if the other side does not speak TLS, or is not trusted, or does not trust
   *     this one
   * @throws IllegalArgumentException if a file cannot be used, naming it
   */
  static Socket wrap(Socket plain, String host, RedisTls tls) throws IOException {
    SSLSocket socket =
        (SSLSocket)
            context(tls).getSocketFactory().createSocket(plain, host, plain.getPort(), true);
    if (tls.checksHostName()) {
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      socket.setSSLParameters(parameters);
    }
    try {
      socket.startHandshake();
      return socket;
    } catch (SocketTimeoutException e) { // as of a Redis, which waits for the end of the command
      SSLException silence = new SSLException("no answer to the TLS handshake in time");
      silence.addSuppressed(e);
      throw silence;
    }
  }

  /**
   * Reads the files.
   *
   * @throws IllegalArgumentException if one cannot be used, naming it
   */
  static SSLContext context(RedisTls tls) {
    Source source = new Source(tls, written(tls));
    SSLContext known = contexts.get(source);
    if (known != null) {
      return known;
    }
    if (!tls.checksCertificate()) {
      log.warn("ssl-cert-reqs is none: connections are encrypted, but the server is not checked");
    }
    SSLContext made = make(tls);
    if (contexts.size() >= KEPT) {
      contexts.clear();
    }
    contexts.put(source, made);
    return made;
  }

  private static List<Object> written(RedisTls tls) {
    List<Object> times = new ArrayList<>();
    Stream.of(tls.caFile(), tls.certFile(), tls.keyFile()).forEach(file -> times.add(time(file)));
    return times;
  }

  private static Object time(@Nullable String file) {
    try {
      return file == null ? "none" : Files.getLastModifiedTime(Path.of(file));
    } catch (IOException e) {
      return "missing"; // whoever reads it tells
    }
  }

  private static SSLContext make(RedisTls tls) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys(tls), trust(tls), new SecureRandom());
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalArgumentException("TLS cannot be set up: " + e.getMessage(), e);
    }
  }

  private static KeyManager @Nullable [] keys(RedisTls tls)
      throws GeneralSecurityException, IOException {
    String certFile = tls.certFile();
    if (certFile == null) {
      return null;
    }
    String keyFile = tls.keyFile();
    KeyStore store = emptyStore();
    store.setKeyEntry(
        "client",
        keyFile == null
            ? PemFiles.privateKey("cert-file", certFile)
            : PemFiles.privateKey("key-file", keyFile),
        new char[0],
        PemFiles.certificates("cert-file", certFile).toArray(X509Certificate[]::new));
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(store, new char[0]);
    return factory.getKeyManagers();
  }

  private static TrustManager @Nullable [] trust(RedisTls tls)
      throws GeneralSecurityException, IOException {
    if (!tls.checksCertificate()) {
      return new TrustManager[] {new TrustEverybody()};
    }
    String caFile = tls.caFile();
    if (caFile == null) {
      return null; // the JVM's own
    }
    KeyStore store = emptyStore();
    for (X509Certificate authority : PemFiles.certificates("ca-file", caFile)) {
      store.setCertificateEntry("ca-" + store.size(), authority);
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    return factory.getTrustManagers();
  }

  private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  /** What {@code ssl-cert-reqs: none} asks for. An extended one, which the JVM adds no check to. */
  private static final class TrustEverybody extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
